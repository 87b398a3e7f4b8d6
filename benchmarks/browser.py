"""The same cells from a page in Chromium, whose websocket is the browser's own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from benchmarks.rows import BEAKER
from benchmarks.served import TOKEN, ask, servers
from tests.support.blank_page import origin
from tests.support.chromium import CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

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
    with origin() as own, servers(folder, own) as kernels, _page(own) as page:
        found = {}
        for name, (port, path) in kernels.items():
            key = f"token={TOKEN}"
            if name == BEAKER:
                key = f"ticket={ask(port, 'POST', '/beaker/ticket', {'path': path})['ticket']}"
            found[name] = Tab(page, name, f"ws://127.0.0.1:{port}{path}?{key}")
        yield found


@contextmanager
def _page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        try:
            page = browser.new_page()
            page.goto(address)
            yield page
        finally:
            browser.close()
