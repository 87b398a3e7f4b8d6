"""A notebook from a stranger: nothing in it runs, and nothing is fetched from the net."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from playwright.sync_api import expect

from tests.browser.page_notebook import noting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.page import Site

pytestmark = pytest.mark.browser

RUN = "window.ran = (window.ran || 0) + 1"
PRESS = """all => all.map((each) => {
  each.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  return each.getAttribute("href") ?? "";
})"""
NET = "http://stranger.invalid"
"""Stands for the address of a stranger, who listens."""

SCRIPTS = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f"<svg onload='{RUN}'><a href='javascript:{RUN}'>press me</a></svg>",
    f"<iframe srcdoc='<script>parent.{RUN[7:]}</script>'></iframe>",
    f"<a href='javascript:{RUN}'>press me</a>",
    f"<details open ontoggle='{RUN}'><summary>more</summary></details>",
    "<math><mtext><table><mglyph><style><!--</style>"
    f"<img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    "<button data-commandlinker-command='notebook:run-all-cells'>press me</button>",
    f"<form action='javascript:{RUN}'><button>press me</button></form>",
)
FETCHES = (
    f"<img src='{NET}/pixel.png'>",
    f"<link rel=stylesheet href='{NET}/style.css'>",
    f"<style>@import '{NET}/more.css'; body {{ background: url({NET}/b.png) }}</style>",
    f"<div style='background: url({NET}/c.png)'>styled</div>",
    f"<video autoplay src='{NET}/film.mp4'></video>",
    f"<object data='{NET}/object'></object><embed src='{NET}/embed'>",
    f"<iframe src='{NET}/frame'></iframe>",
    f"<meta http-equiv=refresh content='0; url={NET}/away'><base href='{NET}/'>",
)
MARKDOWN = (
    f"[press me](javascript:{RUN})",
    f"[press me](data:text/html,<script>{RUN}</script>)",
    f"![pixel]({NET}/markdown.png)",
    f"$\\href{{javascript:{RUN}}}{{press}}$ $\\includegraphics{{{NET}/latex.png}}$",
    f"$$\\htmlData{{x=y}}{{a}} \\url{{javascript:{RUN}}}$$",
    f"<https://example.invalid> `<script>{RUN}</script>`",
)
TYPES = ("text/html", "image/svg+xml", "text/markdown", "text/latex", "application/javascript")


class Listener(BaseHTTPRequestHandler):
    """Notes what it is asked for."""

    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[str]]]:
    """Listen, and return the address and what was heard."""
    Listener.heard.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", Listener.heard
        server.shutdown()
        thread.join()


def text(number: int, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"t{number}", "metadata": {}, "source": source}


def shown(number: int, kind: str, content: str) -> dict[str, Any]:
    output = {"output_type": "display_data", "data": {kind: content}, "metadata": {}}
    cell = {"cell_type": "code", "id": f"c{number}", "metadata": {"trusted": True}}
    return cell | {"source": f"# {kind}", "outputs": [output], "execution_count": 1}


def hostile(net: str) -> list[dict[str, Any]]:
    """Return cells with each of them, as text and as an output of each type."""
    everything = [each.replace(NET, net) for each in (*SCRIPTS, *FETCHES, *MARKDOWN)]
    texts = [text(number, source) for number, source in enumerate(everything)]
    outputs = [shown(number, kind, "\n\n".join(everything)) for number, kind in enumerate(TYPES)]
    return [*outputs, *texts]


def test_a_strangers_notebook_runs_nothing_and_fetches_nothing(
    site: Site, stranger: tuple[str, list[str]]
) -> None:
    net, heard = stranger
    cells = hostile(net)
    with noting(site, "hostile", cells=cells) as notebook:
        for number in range(1, len(cells) + 1):
            cell = notebook.cell(number)
            cell.scroll_into_view_if_needed()
            expect(cell.locator("pre[class*=far]")).to_have_count(0)
        pressed = notebook.column.get_by_text("press me").evaluate_all(PRESS)
        assert [to for to in pressed if to.startswith("javascript:")] == []
        assert notebook.page.evaluate("window.ran") is None
        assert heard == []
        # What has styles stands in a frame: sanitised, and by itself.
        assert {frame.evaluate("window.ran") for frame in notebook.page.frames} == {None}
        active = "script, object, embed, base, form[action], meta, link"
        assert notebook.column.locator(active).count() == 0
        assert notebook.column.locator("iframe:not(.beaker-scripts)").count() == 0
        expect(notebook.page.get_by_role("status", name="kernel")).to_contain_text("idle")


def test_a_strangers_scripts_that_one_wants_to_see_reach_nothing(
    site: Site, stranger: tuple[str, list[str]]
) -> None:
    net, heard = stranger
    frameless = [each for each in SCRIPTS + FETCHES if "srcdoc" not in each]
    html = "\n".join(frameless).replace(NET, net).replace("http-equiv=refresh", "")
    with noting(site, "shown", cells=[shown(0, "text/html", html)]) as notebook:
        page = notebook.page
        address = page.url
        notebook.cell(1).get_by_role("button", name="show it").click()
        frame = notebook.output(1).frame_locator("iframe.beaker-scripts")
        expect(frame.get_by_text("styled")).to_be_visible()
        frames = [each for each in page.frames if each.url.endswith("output.html")]
        assert [each.evaluate("window.ran > 1") for each in frames] == [True]
        assert page.evaluate("window.ran") is None
        assert heard == []
        assert page.url == address
