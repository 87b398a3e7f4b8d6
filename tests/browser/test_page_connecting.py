"""The connect dialogue says what is wrong with a server: real ones, on another origin."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.lab import chromium
from tests.browser.page import Site, page_served
from tests.server.running_server import TOKEN, serving
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.server.running_server import Server

pytestmark = pytest.mark.browser
PORT = free_port()
"""The other server's, which the page's own server has to let its page talk to."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with (
        chromium() as browser,
        page_served(folder, browser, f"--ui-server=http://127.0.0.1:{PORT}") as served,
    ):
        yield served


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    with site.opened("") as opened:
        yield opened


def other(folder: Path, *options: str) -> AbstractContextManager[Server]:
    """Run another server, in a folder of its own."""
    private = {"JUPYTER_DATA_DIR": str(folder / "data"), "IPYTHONDIR": str(folder / "ipython")}
    return serving(folder, *options, port=PORT, JUPYTER_TOKEN=TOKEN, **private)


def found(page: Page, token: str = TOKEN) -> Locator:
    """Have the dialogue test the other server; return where it says what it found."""
    page.get_by_role("button", name="connect to a server").click()
    page.get_by_role("combobox", name="address").fill(f"http://127.0.0.1:{PORT}")
    page.get_by_label("token").fill(token)
    page.get_by_role("button", name="test").click()
    return page.get_by_role("dialog").get_by_role("status")


def test_a_server_that_lets_other_pages_not_in_is_told_how_to(
    site: Site, page: Page, tmp_path: Path
):
    with other(tmp_path):
        said = found(page)
        expect(said).to_contain_text("does not let this page in")
        expect(said).to_contain_text(f"--origin {site.address}")


def test_where_nobody_listens_it_says_so(page: Page):
    expect(found(page)).to_contain_text("Nothing answers there")


def test_a_wrong_token_is_told_apart_and_the_right_one_works(
    site: Site, page: Page, tmp_path: Path
):
    with other(tmp_path, f"--origin={site.address}"):
        said = found(page, "not-the-token")
        expect(said).to_contain_text("refuses the token")
        page.get_by_label("token").fill(TOKEN)
        page.get_by_role("button", name="test").click()
        expect(said).to_contain_text("with the beaker kernel")


def test_without_the_beaker_kernel_it_is_a_notebook_that_runs(
    site: Site, page: Page, tmp_path: Path
):
    plain = "--KernelSpecManager.allowed_kernelspecs=python3"
    with other(tmp_path, f"--origin={site.address}", plain):
        expect(found(page)).to_contain_text("without the beaker kernel: a notebook")
        page.get_by_role("button", name="connect", exact=True).click()
        page.get_by_role("button", name="new notebook").first.click()
        kernel = page.get_by_role("status", name="kernel")
        expect(kernel).to_contain_text("python3 idle")
        page.get_by_role("textbox", name="code of cell 1").fill("print(6 * 7)")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("region", name="output of cell 1")).to_contain_text("42")
        expect(page.get_by_role("complementary")).to_contain_text("has no model")


class OldServer(BaseHTTPRequestHandler):
    """Says what Jupyter Server 1.24 does; that one can't be installed beside ours."""

    def do_GET(self) -> None:
        body = json.dumps({"version": "1.24.0"}).encode()
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def old_server() -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", PORT), OldServer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_an_older_version_is_named_with_what_to_do(page: Page):
    with old_server():
        said = found(page)
        expect(said).to_contain_text("Jupyter Server 1.24.0 is too old")
        expect(said).to_contain_text("pip install --upgrade jupyter-server")
