"""The relay's log: its standard error, which Jupyter keeps."""

from __future__ import annotations

from beaker_kernel.kernel.stderr import write


def log(text: str) -> None:
    """Write a line, unless nobody reads it or there is no room for it."""
    write(f"beaker: {text}\n".encode(errors="backslashreplace"))


def log_exception(doing: str) -> None:
    """Write what went wrong, with the traceback of the exception that is being handled."""
    import traceback  # noqa: PLC0415 (a megabyte that is hardly ever needed)

    log(f"{doing} failed\n{traceback.format_exc().rstrip()}")
