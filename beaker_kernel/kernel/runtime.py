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

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
ATTEMPTS = 5
"""At a folder of our own: one that isn't locked yet looks stale to a relay that starts just now."""


def create() -> str:
    """Make this relay's own folder, lock it for as long as the process lives, and return its path.

    Raises:
        ConfigurationError: the user's folder belongs to somebody else or others may enter it.
        OSError: there is no room for it.

    """
    parent = _user_folder()
    for _ in range(ATTEMPTS):
        path = os.path.join(parent, os.urandom(6).hex())
        os.mkdir(path, 0o700)
        with suppress(BlockingIOError, FileNotFoundError):
            _lock(path)
            os.stat(path)
            return path
    raise ConfigurationError(f"{parent} is emptied as fast as it is filled; try again")


def remove(path: str) -> None:
    """Remove a runtime folder and what lies in it, however deep.

    A sandbox may write there meanwhile, and put a link where a folder was: so nothing is reached by
    a path of several names, no link is followed, and what lies deep is brought up first.
    """
    with suppress(OSError):
        top = os.open(path, FOLDER)
        folders = _unlinked(top)
        while folders:
            with suppress(OSError):  # it isn't ours to enter, or is none any more
                folders += _raised(folders.pop(), top)
        os.close(top)
        os.rmdir(path)


def _raised(name: str, top: int) -> list[str]:
    """Remove a folder in another, and return the names there of those that lay in it."""
    folder = os.open(name, FOLDER, dir_fd=top)
    try:
        raised = []
        for inner in _unlinked(folder):
            raised.append(os.urandom(8).hex())
            with suppress(OSError):
                os.rename(inner, raised[-1], src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)
    with suppress(OSError):
        os.rmdir(name, dir_fd=top)
    return raised


def _unlinked(folder: int) -> list[str]:
    """Remove all in a folder but the folders, and return the names of those and of what stays."""
    left = []
    for name in os.listdir(folder):
        try:
            os.unlink(name, dir_fd=folder)
        except OSError:
            left.append(name)
            with suppress(OSError):
                _let_us_in(name, folder)
    return left


def _let_us_in(name: str, parent: int) -> None:
    """Make a folder one that we may empty and move, whatever a sandbox has made of it."""
    place = os.open(name, getattr(os, "O_PATH", 0) | FOLDER, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{place}", 0o700)
    finally:
        os.close(place)


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
