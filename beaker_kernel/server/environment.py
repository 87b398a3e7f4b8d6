"""What the server takes from its surroundings, and what it keeps from its children."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dotenv import dotenv_values

PR_SET_DUMPABLE = 4

SECRETS = ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE")
"""The server's own credentials: no kernel inherits them."""


def read_dotenv(path: Path = Path(".env")) -> list[str]:
    """Set what a ``.env`` names and the environment does not, and return the names set.

    An empty value counts as unset, on either side.
    """
    found = {
        name: value
        for name, value in dotenv_values(path).items()
        if value and not os.environ.get(name)
    }
    os.environ.update(found)
    return list(found)


def forget_secrets() -> None:
    """Take the server's credentials out of the environment that every child inherits."""
    for name in SECRETS:
        os.environ.pop(name, None)


def forbid_dumps() -> None:
    """Close ``/proc/<pid>/environ`` and ``mem`` to other processes of the same user (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 (Linux alone needs it)

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
