"""What the server takes from its surroundings, and what it keeps from its children."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dotenv import dotenv_values

SECRETS = ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE", "BEAKER_TOKENS_FILE")
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


def listed(name: str) -> list[str]:
    """Return what a variable lists, separated by commas or blanks."""
    return os.environ.get(name, "").replace(",", " ").split()


def is_private(folder: str) -> bool:
    """Tell whether a folder is this user's, and nobody else may enter it."""
    found = os.lstat(folder)
    mine = found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode)
    return mine and not found.st_mode & 0o077
