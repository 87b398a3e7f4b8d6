"""The same cells from a page in Chromium, whose websocket is the browser's own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from benchmarks.rows import BEAKER
from benchmarks.served import TOKEN, ask, servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
CONNECT = """
async ({name, address}) => {
  const socket = new WebSocket(address);
  await new Promise((opened, failed) => { socket.onopen = opened; socket.onerror = failed; });
  (window.sockets ??= {})[name] = socket;
}
"""
RUN = """
async ({name, message, number}) => {
  const socket = window.sockets[name], times = [];
  for (let i = 0; i < number; i++) {
    message.header.msg_id = crypto.randomUUID();
    const began = performance.now(), missing = new Set(["execute_reply", "idle"]);
    await new Promise((over) => {
      socket.onmessage = ({data}) => {
        const {parent_header, msg_type, content} = JSON.parse(data);
        if (parent_header.msg_id !== message.header.msg_id) return;
        missing.delete(msg_type);
        missing.delete(content.execution_state);
        if (!missing.size) over();
      };
      socket.send(JSON.stringify(message));
    });
    times.push((performance.now() - began) / 1000);
  }
  return times;
}
"""


class Tab:
    """A page's websocket to one server's kernel."""

    def __init__(self, page: Page, name: str, address: str) -> None:
        self._page = page
        self._name = name
        page.evaluate(CONNECT, {"name": name, "address": address})

    def times(self, message: dict[str, object], number: int) -> list[float]:
        """Run a cell so often, and return the seconds that each took in the page."""
        arguments = {"name": self._name, "message": message, "number": number}
        found: list[float] = self._page.evaluate(RUN, arguments)
        return found


@contextmanager
def tabs(folder: Path) -> Iterator[dict[str, Tab]]:
    """Run the servers and a browser with one page, which is connected to each of them."""
    with _origin() as origin, servers(folder, origin) as kernels, _page(origin) as page:
        found = {}
        for name, (port, path) in kernels.items():
            key = f"token={TOKEN}"
            if name == BEAKER:
                key = f"ticket={ask(port, 'POST', '/beaker/ticket', {'path': path})['ticket']}"
            found[name] = Tab(page, name, f"ws://127.0.0.1:{port}{path}?{key}")
        yield found


@contextmanager
def _page(origin: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        try:
            page = browser.new_page()
            page.goto(origin)
            yield page
        finally:
            browser.close()


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the report free of requests."""


@contextmanager
def _origin() -> Iterator[str]:
    """Serve an empty page, so that there is an origin which the servers can let in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
