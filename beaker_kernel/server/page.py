"""The page below ``/beaker/ui/``: the files that `make page` builds, and nothing else."""

from __future__ import annotations

import gzip
import mimetypes
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError
from traitlets import Bool, List, Unicode
from traitlets.config import Configurable

from beaker_kernel.errors import ConfigurationError

ROOT = "/beaker/ui/"
BUILT = Path(__file__).parents[1] / "static" / "ui"
HASHED = "assets/"
"""The folder whose files are named by their content."""
FOR_EVER = "public, max-age=31536000, immutable"
PACKED = (".css", ".html", ".js", ".svg", ".txt")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # CodeMirror's and KaTeX's styles
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
FRAME = "output.html"
"""The file in which scripts of outputs run."""
FRAME_POLICY = {
    "sandbox": "allow-scripts",  # and so without an origin, whoever opens it
    "default-src": "'none'",
    "script-src": "'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'unsafe-inline'",
    "img-src": "data: blob:",
    "font-src": "data:",
    "media-src": "data: blob:",
    "worker-src": "blob:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
}


class PageSettings(Configurable):
    """Whether the server serves the page, and which other servers it may talk to."""

    enabled = Bool(False, help="Whether the page is served.").tag(config=True)
    servers = List(
        Unicode(),
        help="""Origins (scheme://host[:port]) of other servers that the page may talk to, beside
        the one that serves it.""",
    ).tag(config=True)

    def check(self) -> None:
        """Refuse to serve a page that is not there.

        Raises:
            ConfigurationError: it has not been built.
        """
        if self.enabled and not (BUILT / "index.html").is_file():
            message = f"there is no page in {BUILT}: build it with `make page`, or leave out --ui"
            raise ConfigurationError(message)

    def handlers(self) -> list[tuple[str, type[PageFile], dict[str, Any]]]:
        """Return the page's handler, if it is served."""
        if not self.enabled:
            return []
        served = {"files": files(BUILT), "policy": policy(self.servers)}
        return [(ROOT + "(.*)", PageFile, served)]


class BuiltFile:
    """A file of the page."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self.kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.caching = FOR_EVER if name.startswith(HASHED) else "no-cache"

    @cached_property
    def content(self) -> bytes:
        """What is in it."""
        return self._path.read_bytes()

    @cached_property
    def packed(self) -> bytes | None:
        """The same by gzip, where that makes it smaller."""
        return gzip.compress(self.content, mtime=0) if self._path.suffix in PACKED else None


def files(folder: Path) -> dict[str, BuiltFile]:
    """Return the files in a folder by their paths below it; nothing else can be asked for."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    found = {name: BuiltFile(path, name) for name, path in paths.items() if path.is_file()}
    return {"": found["index.html"], **found}


def policy(servers: list[str]) -> str:
    """Return what the page may load and whom it may ask."""
    sockets = [f"ws{server.removeprefix('http')}" for server in servers]
    asked = " ".join(["'self'", *servers, *sockets])
    return written({**POLICY, "connect-src": asked})


def written(policy: dict[str, str]) -> str:
    """Return a policy as a header says it."""
    return "; ".join(f"{name} {value}" for name, value in policy.items())


class PageFile(APIHandler):
    """Serves a file of the page to anybody: it holds nothing that is not published."""

    def initialize(self, files: dict[str, BuiltFile], policy: str) -> None:
        """Take the files, and the policy that they are served with."""
        self._files = files
        self._policy = policy

    @allow_unauthenticated
    def get(self, name: str) -> None:
        """Answer.

        Raises:
            HTTPError: the page has no such file.
        """
        file = self._files.get(name)
        if file is None:
            raise HTTPError(404)
        self.set_header("Cache-Control", file.caching)
        policy = written(FRAME_POLICY) if name == FRAME else self._policy
        self.set_header("Content-Security-Policy", policy)
        self.finish(self._packed(file) or file.content, set_content_type=file.kind)

    def _packed(self, file: BuiltFile) -> bytes | None:
        """Return the packed file, if the browser can unpack it."""
        self.add_header("Vary", "Accept-Encoding")
        if file.packed is None or "gzip" not in self.request.headers.get("Accept-Encoding", ""):
            return None
        self.set_header("Content-Encoding", "gzip")
        return file.packed
