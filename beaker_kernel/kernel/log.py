"""The relay's log: its standard error, which Jupyter keeps."""

from __future__ import annotations

import sys


def log(text: str) -> None:
    """Write a line."""
    print(f"beaker: {text}", file=sys.stderr, flush=True)  # noqa: T201 (Jupyter's log is our stderr)


def log_exception(doing: str) -> None:
    """Write what went wrong, with the traceback of the exception that is being handled."""
    log(f"{doing} failed")
    sys.excepthook(*sys.exc_info())
