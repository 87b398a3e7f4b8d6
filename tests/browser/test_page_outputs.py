"""What cells put out: widgets live, formulas, drawings; and nothing that a stranger wrote runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.page import Site

pytestmark = pytest.mark.browser

INTERACT = """from ipywidgets import interact
@interact(x=(0, 10))
def square(x=3):
    print("the square of", x, "is", x * x)"""
SVG = """<svg viewBox="0 0 8 8"><script>parent.ran = 1</script>
<image href="http://elsewhere.invalid/svg"/></svg>"""
RICH = f"""from IPython.display import HTML, SVG, Latex, Markdown, display
display(Latex(r"$$\\\\frac{{a}}{{b}}$$"), Markdown("# A *heading*, $x^2$"), SVG('''{SVG}'''))
display(HTML("<table><tr><td style='color: red'>a cell</td></tr></table>"))
print("\\x1b[31mred\\x1b[0m")"""
REMOTE = "http://elsewhere.invalid/"
HOSTILE = {
    "text/html": f"""<script>window.ran = 'script'</script>
      <img src=x onerror="window.ran = 'onerror'"><img src="{REMOTE}img">
      <img srcset="{REMOTE}srcset 1x"><video poster="{REMOTE}poster" src="{REMOTE}video"></video>
      <iframe srcdoc="<script>parent.ran = 'srcdoc'</script>"></iframe>
      <iframe src="{REMOTE}iframe"></iframe><object data="{REMOTE}object"></object>
      <link rel=stylesheet href="{REMOTE}css"><style>@import '{REMOTE}import'</style>
      <div style="background: url({REMOTE}style)">styled</div><svg onload="window.ran = 'svg'">
      <form action="{REMOTE}form"><button>send</button></form><base href="{REMOTE}">
      <math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1
      onerror=window.ran='mxss'&gt;">
      <a href="javascript:window.ran='link'">a link</a>
      <button data-commandlinker-command="x" data-commandlinker-args="{{}}">command</button>""",
    "text/markdown": f"""[a link](javascript:window.ran='markdown') ![]({REMOTE}markdown)
<img src=x onerror=window.ran='inline'> $\\href{{javascript:window.ran='latex'}}{{x}}$
$\\includegraphics{{{REMOTE}latex}}$ $\\htmlStyle{{background:url({REMOTE}math)}}{{y}}$""",
    "text/latex": f"$\\url{{javascript:alert(1)}} \\includegraphics{{{REMOTE}tex}}$",
    "image/svg+xml": SVG,
    "application/javascript": "window.ran = 'javascript'",
}


def notebook(*cells: dict[str, Any]) -> str:
    numbered = [{"id": f"cell-{at}", "metadata": {}, **cell} for at, cell in enumerate(cells)]
    return json.dumps({"cells": numbered, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "execution_count": None, "outputs": outputs}


def run_first(page: Page) -> Locator:
    """Run the first cell, once the kernel is there; return its outputs."""
    expect(page.get_by_role("status", name="kernel")).to_contain_text("idle")
    page.locator("[data-cell]").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    return page.locator(".beaker-outputs").first


def listen(page: Page, asked: list[str]) -> None:
    """Note what is asked for, but for what a policy keeps the browser from asking."""
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda it: asked.remove(it.url) if it.failure == "csp" else None)


def settled(page: Page) -> None:
    """Return when what failed to load has said so: an image that fails now is the last to."""
    page.evaluate(
        "new Promise((done) => { const i = new Image(); i.onerror = done; i.src = 'data:,'; })"
    )


def test_a_slider_of_interact_moves_what_it_shows_and_is_there_after_a_reload(site: Site):
    (site.folder / "interact.ipynb").write_text(notebook(code(INTERACT)))
    with site.opened(f"token={site.token}&path=interact.ipynb") as page:
        outputs = run_first(page)
        expect(outputs).to_contain_text("the square of 3 is 9")
        outputs.get_by_role("slider").focus()
        page.keyboard.press("ArrowRight")
        expect(outputs).to_contain_text("the square of 4 is 16")
        page.keyboard.press("ArrowRight")
        expect(outputs).to_contain_text("the square of 5 is 25")
        expect(outputs).not_to_contain_text("the square of 4")
        expect(page.get_by_role("status", name="saving")).to_have_text("saved")
        page.reload()
        outputs = page.locator(".beaker-outputs").first
        expect(outputs).to_contain_text("the square of 5 is 25")
        outputs.get_by_role("slider").focus()
        page.keyboard.press("ArrowRight")
        expect(outputs).to_contain_text("the square of 6 is 36")


def test_formulas_markdown_drawings_tables_and_colours_are_shown(site: Site):
    (site.folder / "rich.ipynb").write_text(notebook(code(RICH)))
    with site.opened(f"token={site.token}&path=rich.ipynb") as page:
        outputs = run_first(page)
        expect(outputs.locator(".katex")).to_have_count(2)
        expect(outputs.get_by_role("heading", name="A heading")).to_be_visible()
        expect(outputs.get_by_role("img", name="drawing")).to_be_visible()
        expect(outputs.get_by_role("cell", name="a cell")).to_have_css("color", "rgb(255, 0, 0)")
        expect(outputs.locator(".ansi-red-fg")).to_have_text("red")


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_output_runs_nothing_and_fetches_nothing(site: Site, kind: str):
    output = {"output_type": "display_data", "data": {kind: HOSTILE[kind]}, "metadata": {}}
    text = {"output_type": "stream", "name": "stdout", "text": "the end"}
    asked: list[str] = []
    (site.folder / "hostile.ipynb").write_text(notebook(code("", output, text)))
    with site.opened("") as page:
        listen(page, asked)
        page.goto("about:blank")
        page.goto(f"{site.address}/beaker/ui/#token={site.token}&path=hostile.ipynb")
        outputs = page.locator(".beaker-outputs").first
        expect(outputs).to_contain_text("the end")
        for link in outputs.locator("a").all():
            assert not (link.get_attribute("href") or "").startswith("javascript")
        for button in outputs.locator(":not(.beaker-offer) > button, a:not([href])").all():
            button.dispatch_event("click")
        settled(page)
        assert page.evaluate("window.ran") is None
        assert "commandlinker" not in outputs.inner_html()
    assert [url for url in asked if "elsewhere" in url] == []


def test_hostile_outputs_are_as_harmless_where_no_policy_helps(site: Site):
    """The sanitiser alone holds: the page's policy is taken away."""
    whole = {"output_type": "display_data", "data": {"text/html": HOSTILE["text/html"]}}
    asked: list[str] = []
    (site.folder / "bare.ipynb").write_text(notebook(code("", {**whole, "metadata": {}})))
    with site.opened("") as page:

        def without_policy(route):
            reply = route.fetch()
            kept = {k: v for k, v in reply.headers.items() if k != "content-security-policy"}
            route.fulfill(response=reply, headers=kept)

        page.route("**/beaker/ui/", without_policy)
        listen(page, asked)
        page.goto("about:blank")
        page.goto(f"{site.address}/beaker/ui/#token={site.token}&path=bare.ipynb")
        frame = page.frame_locator("iframe.beaker-scripts")
        expect(frame.get_by_text("styled")).to_be_visible()
        settled(page)
        assert {frame.evaluate("window.ran") for frame in page.frames} == {None}
    assert [url for url in asked if "elsewhere" in url] == []
