"""The runtime folder: where the sockets and connection files between our processes lie.

It is a folder of mode 0700 below one folder per user, short enough for a socket's path (107 bytes).
Each relay holds a lock on its own, which ends with it however it ends; the folder of a relay that
was killed is removed by the next one that starts.
"""

from __future__ import annotations

import fcntl
import os
import stat

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel.early import suppress


def create() -> str:
    """Make this relay's own folder, lock it for as long as the process lives, and return its path.

    Raises:
        ConfigurationError: the user's folder belongs to somebody else or others may enter it.

    """
    path = os.path.join(_user_folder(), os.urandom(6).hex())
    os.mkdir(path, 0o700)
    _lock(path)
    return path


def remove(path: str) -> None:
    """Remove a runtime folder and what lies in it, however deep: a sandbox may write there."""
    with suppress(OSError):
        for folder, folders, files in os.walk(path, topdown=False):
            for entry in (*files, *folders):
                inner = os.path.join(folder, entry)
                is_link = entry in files or os.path.islink(inner)
                (os.unlink if is_link else os.rmdir)(inner)
        os.rmdir(path)


def remove_stale() -> None:
    """Remove the folders of relays that no longer run."""
    parent = _user_folder()
    for entry in os.listdir(parent):
        path = os.path.join(parent, entry)
        try:
            descriptor = _lock(path)
        except OSError:
            continue  # its relay runs, or it has just gone
        remove(path)
        os.close(descriptor)


def _lock(path: str) -> int:
    """Lock a folder and return the descriptor that holds the lock.

    Raises:
        OSError: another process holds it.

    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _user_folder() -> str:
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if not (len(base) < 40 and os.path.isdir(base) and os.access(base, os.W_OK)):
        base = "/tmp"  # noqa: S108 (checked below: ours alone)
    path = os.path.join(base, f"beaker-{os.geteuid()}")
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        _check_private(path)
    return path


def _check_private(path: str) -> None:
    found = os.lstat(path)
    mine = found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode)
    if not mine or stat.S_IMODE(found.st_mode) & 0o077:
        message = (
            f"{path} must be a folder of yours with mode 0700; remove it, or set XDG_RUNTIME_DIR"
        )
        raise ConfigurationError(message)
