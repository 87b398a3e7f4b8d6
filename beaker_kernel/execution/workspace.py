"""A session's folder, and files in it: nothing is read or written outside, by whatever name."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from beaker_kernel.errors import Conflict, InvalidRequest, NotFound
from beaker_kernel.execution.results import File

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_FILES = 10_000
"""Entries of a folder that are looked at to see what a cell has changed."""
Stamps = dict[str, tuple[int, int]]


class Workspace:
    """The folder of a session.

    Each part of a path is opened by itself, without following links, so that neither ``..`` nor a
    symlink leads out, whatever code in the session does to the folder meanwhile.

    Attributes:
        path: where it is.

    """

    def __init__(self, path: Path, *, own: bool) -> None:
        self.path = path
        self._own = own
        if own:
            path.mkdir(mode=0o700, parents=True)

    def remove(self) -> None:
        """Remove the folder if it was made for the session."""
        if self._own:
            shutil.rmtree(self.path, ignore_errors=True)

    def files(self, path: str = "") -> list[File]:
        """Return the files in a folder of it, in the order of their names.

        Raises:
            NotFound: there is no such folder.
            InvalidRequest: the path leads out.

        """
        with self._open_folder(_parts(path) if path else []) as folder, os.scandir(folder) as found:
            entries = [e for e in found if e.is_file(follow_symlinks=False)]
            listed = [(e.name, e.stat(follow_symlinks=False).st_size) for e in entries]
        prefix = f"{path.strip('/')}/" if path else ""
        return [File(path=prefix + name, size=size) for name, size in sorted(listed)]

    def open(self, path: str) -> BinaryIO:
        """Open a file to be read.

        Raises:
            NotFound: there is no such file.
            InvalidRequest: the path leads out.

        """
        return self._open(path, os.O_RDONLY | os.O_NONBLOCK, "rb")

    def stat(self, path: str) -> File:
        """Describe a file.

        Raises:
            NotFound: there is no such file.
            InvalidRequest: the path leads out.

        """
        with self.open(path) as file:
            return File(path=path, size=os.fstat(file.fileno()).st_size)

    def write(self, path: str, data: bytes, *, overwrite: bool) -> None:
        """Write a file whole or not at all, and make the folders on the way.

        Raises:
            Conflict: there is one already, and it is not to be overwritten.
            InvalidRequest: the path leads out, or there is no room for it.

        """
        *folders, name = _parts(path)
        with self._open_folder(folders, make=True) as folder:
            self._replace(folder, name, data, overwrite=overwrite)

    def delete(self, path: str) -> None:
        """Delete a file.

        Raises:
            NotFound: there is no such file.
            InvalidRequest: the path leads out, or is a folder.

        """
        *folders, name = _parts(path)
        with self._open_folder(folders) as folder, _as_ours(path):
            os.unlink(name, dir_fd=folder)

    def stamps(self) -> Stamps:
        """Return what tells whether a file has changed: of each its size and its time."""
        try:
            with os.scandir(self.path) as found:
                files = [e for _, e in zip(range(MOST_FILES), found, strict=False)]
                stats = {e.name: e.stat(follow_symlinks=False) for e in files if e.is_file()}
        except OSError:  # the code has just removed it
            return {}
        return {name: (s.st_size, s.st_mtime_ns) for name, s in stats.items()}

    def changed_since(self, before: Stamps) -> list[File]:
        """Return the files that are new or changed."""
        now = self.stamps()
        return [
            File(path=name, size=now[name][0])
            for name in sorted(now)
            if now[name] != before.get(name)
        ]

    def _open(self, path: str, flags: int, mode: str) -> BinaryIO:
        *folders, name = _parts(path)
        with self._open_folder(folders) as folder, _as_ours(path):
            descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            message = f"{path} is no file"
            raise NotFound(message)
        return open(descriptor, mode)  # type: ignore[return-value]

    def _replace(self, folder: int, name: str, data: bytes, *, overwrite: bool) -> None:
        part = f".{name[:200]}.{os.urandom(6).hex()}"
        with _as_ours(name):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            try:
                with open(os.open(part, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(data)
                if overwrite:
                    os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
                else:
                    os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                _unlink_if_there(part, folder)

    @contextmanager
    def _open_folder(self, parts: list[str], *, make: bool = False) -> Iterator[int]:
        """Open a folder below, part by part."""
        with _as_ours("/".join(parts) or "the session's folder"):
            here = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for part in parts:
                    here = _descended(here, part, make=make)
            except BaseException:
                os.close(here)
                raise
        try:
            yield here
        finally:
            os.close(here)


def _descended(folder: int, part: str, *, make: bool) -> int:
    """Return a folder's folder, and close the outer one."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(part, 0o700, dir_fd=folder)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    inner = os.open(part, flags, dir_fd=folder)
    os.close(folder)
    return inner


def _unlink_if_there(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _parts(path: str) -> list[str]:
    """Return the parts of a relative path.

    Raises:
        InvalidRequest: it leads out, or is none.

    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        message = "the path must be relative, and stay in the session's folder"
        raise InvalidRequest(message, "path")
    return parts


@contextmanager
def _as_ours(path: str) -> Iterator[None]:
    """Say what the system refuses in our words, which name no path of the server."""
    try:
        yield
    except FileNotFoundError:
        message = f"there is no {path}"
        raise NotFound(message) from None
    except FileExistsError:
        message = f"{path} exists; it is replaced with overwrite=1"
        raise Conflict(message) from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            message = f"there is no {path} that is no link"
            raise NotFound(message) from None
        message = f"{path}: {error.strerror}"
        raise InvalidRequest(message, "path") from None
