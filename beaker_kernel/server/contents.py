"""Files below the root, and nothing else: a link that leads out of it is not there."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError
from traitlets import default

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from jupyter_server.services.contents.checkpoints import AsyncCheckpoints


class LeadsOutside(HTTPError, OSError):
    """A path leads out of the root: a 404; in a listing, a link that can't be followed."""

    def __init__(self, path: str) -> None:
        super().__init__(404, "%s is outside the root", path)
        self.errno = errno.ELOOP


class RootedCheckpoints(AsyncFileCheckpoints):
    """Checkpoints that lie below the root."""

    def checkpoint_path(self, checkpoint_id: str, path: str) -> str:
        """Return where a checkpoint lies.

        Raises:
            LeadsOutside: its folder is a link to elsewhere.
        """
        parent = os.path.dirname(path.strip("/"))
        folder = self._get_os_path(parent)  # type: ignore[no-untyped-call]
        stay_inside(self.root_dir, f"{folder}/{self.checkpoint_dir}")
        return str(super().checkpoint_path(checkpoint_id, path))  # type: ignore[no-untyped-call]


class RootedContents(AsyncLargeFileManager):
    """The files below the root; a notebook is not read while it is written.

    Jupyter's manager takes what it reads then for damaged: it moves the file away, and puts back
    the one before.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (traitlets)
        super().__init__(**options)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._at_work: dict[str, asyncio.Task[Any] | None] = {}

    @asynccontextmanager
    async def _alone(self, os_path: str) -> AsyncIterator[None]:
        """Have a file to oneself; who has it already goes on."""
        task = asyncio.current_task()
        if self._at_work.get(os_path) is task:
            yield
            return
        turn = self._turns.setdefault(os_path, asyncio.Lock())
        async with turn:
            self._at_work[os_path] = task
            try:
                yield
            finally:
                del self._at_work[os_path]

    async def _read_notebook(self, os_path: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        async with self._alone(os_path):
            return await super()._read_notebook(os_path, *args, **options)

    async def _save_notebook(self, os_path: str, *args: Any, **options: Any) -> None:  # noqa: ANN401
        async with self._alone(os_path):
            await super()._save_notebook(os_path, *args, **options)  # type: ignore[no-untyped-call]

    def _get_os_path(self, path: str) -> str:
        """Return where a file lies.

        Raises:
            LeadsOutside: not below the root.
        """
        os_path = super()._get_os_path(path)  # type: ignore[no-untyped-call]
        return stay_inside(self.root_dir, str(os_path))

    @default("checkpoints_class")
    def _checkpoints_class_default(self) -> type[AsyncCheckpoints]:
        return RootedCheckpoints


def stay_inside(root_dir: str, os_path: str) -> str:
    """Return a path that lies below a root, whatever links it takes.

    Raises:
        LeadsOutside: it doesn't.
    """
    root = os.path.realpath(root_dir)
    if os.path.commonpath([os.path.realpath(os_path), root]) != root:
        raise LeadsOutside(os.path.basename(os_path))
    return os_path
