"""Files below the root, and nothing else: a link that leads out of it is not there."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError
from traitlets import default

if TYPE_CHECKING:
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
    """The files below the root."""

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
