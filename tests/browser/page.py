"""The page, built once, served by the real server, and opened in a real browser."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.server.running_server import TOKEN, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page

CHECKOUT = Path(__file__).parents[2]
UI = "/beaker/ui/"
PATIENCE_MS = 60_000
WINDOW = {"width": 1440, "height": 900}


@dataclass(frozen=True, slots=True)
class Site:
    """A server with the page, the folder that it serves, and the browser for it."""

    server: Server
    folder: Path
    browser: BrowserContext

    @property
    def token(self) -> str:
        """What lets one in."""
        return TOKEN

    @property
    def address(self) -> str:
        """Where the server is."""
        return f"http://{self.server.host}:{self.server.port}"

    @contextmanager
    def opened(
        self, fragment: str = f"token={TOKEN}", *, dark: bool = False, **size: int
    ) -> Iterator[Page]:
        """Open the page with nothing remembered; afterwards no kernel is left, nor an error."""
        assert self.browser.browser
        errors: list[str] = []
        context = self.browser.browser.new_context(
            viewport={**WINDOW, **size}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            page.goto(f"{self.address}{UI}#{fragment}")
            yield page
        finally:
            context.close()
            self.end_kernels()
        assert errors == []

    def end_kernels(self) -> None:
        """Shut every kernel down, and forget its session."""
        for kind in ("sessions", "kernels"):
            for running in self.server.ask("GET", f"/api/{kind}").json():
                self.server.ask("DELETE", f"/api/{kind}/{running['id']}")


@cache
def built_page() -> None:
    """Build the page, if something of it has changed."""
    subprocess.run(["make", "-s", "page"], cwd=CHECKOUT, check=True, capture_output=True)


@contextmanager
def page_served(
    folder: Path, browser: BrowserContext, *options: str, **settings: str
) -> Iterator[Site]:
    """Serve the page and the files in `folder/files`; afterwards nothing of it is left."""
    built_page()
    files = folder / "files"
    files.mkdir()
    private = {"JUPYTER_DATA_DIR": str(folder / "data"), "IPYTHONDIR": str(folder / "ipython")}
    with serving(
        folder, "--ui", f"--root={files}", *options, JUPYTER_TOKEN=TOKEN, **private, **settings
    ) as server:
        yield Site(server, files, browser)
