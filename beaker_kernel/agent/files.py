"""Files that others may have put there: opened without waiting, and without being led elsewhere.

The agent runs outside the sandbox that code may run in, so what that code can make of a folder must
lead it nowhere else, and hold it up nowhere.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

NO_FILE = "it is no file"
"""What the error says of a folder, a pipe, a socket, a device or a link."""


def open_regular(path: str | Path, *, dir_fd: int | None = None) -> BinaryIO:
    """Open a file to be read; what is no regular file is refused before anybody waits for it.

    Raises:
        OSError: it isn't there, can't be read, is a link, or no file.

    """
    if not stat.S_ISREG(os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode):
        raise OSError(errno.EINVAL, NO_FILE)
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=dir_fd)
    file = os.fdopen(opened, "rb")
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, NO_FILE)


def open_inside(name: str, folder: str | Path) -> BinaryIO:
    """Open a file of a folder, by its path in it; links that stay inside are followed.

    Each step is taken by itself and follows no link, so none that is made meanwhile leads out.

    Raises:
        ValueError: it leads out of the folder, or is no path; its text says which.
        OSError: it isn't there, can't be read, or is no file.

    """
    root = os.path.realpath(folder)
    try:
        path = os.path.realpath(os.path.join(root, name))
    except ValueError as error:  # a zero byte, or half a surrogate pair
        raise ValueError("that is no path") from error
    if os.path.isabs(name) or os.path.commonpath([root, path]) != root:
        raise ValueError("it must be a path inside the session's folder, relative to it")
    *folders, last = os.path.relpath(path, root).split(os.sep)
    with ExitStack() as opened:
        at = None
        for each in (root, *folders):
            at = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            opened.callback(os.close, at)
        return open_regular(last, dir_fd=at)
