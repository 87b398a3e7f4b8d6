"""The page with a thousand cells: keys and scrolling cost the main thread little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.page_notebook import noting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.browser.page import Site
    from tests.browser.page_notebook import PageNotebook

pytestmark = [pytest.mark.browser, pytest.mark.long]

KEY_MS = 50
TASK_MS = 100
SCROLL = """async () => {
  const column = document.querySelector("main");
  for (let step = 0; step < 150; step++) {
    column.scrollTop += 200;
    await new Promise(requestAnimationFrame);
  }
}"""


def cell(number: int) -> dict[str, Any]:
    if number % 5 == 0:
        source = f"## Part {number}\n\nSome *text* with $x_{{{number}}}^2$"
        return {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": source}
    source = f"import math\n\ndef f(x):\n    return math.sin(x) * {number}\n\nf({number})"
    data = {"text/plain": f"{number}.0", "text/html": f"<b>{number}.0</b>"}
    output = {"output_type": "execute_result", "data": data, "metadata": {}}
    code = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source}
    count = {"execution_count": number}
    return code | count | {"outputs": [output | count]}


@pytest.fixture(scope="module")
def notebook(site: Site) -> Iterator[PageNotebook]:
    with noting(site, "thousand", cells=[cell(number) for number in range(1, 1001)]) as opened:
        yield opened


def busy(page: Page, does: Callable[[], object]) -> list[float]:
    """Return what each task of the page's main thread took of the processor, in milliseconds.

    Time of the processor and not of the clock: other work on the machine doesn't count.
    """
    events: list[dict[str, Any]] = []
    session = page.context.new_cdp_session(page)
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    config = {"includedCategories": ["toplevel", "devtools.timeline", "__metadata"]}
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
    does()
    with page.expect_event("console", lambda told: told.text == "traced"):
        session.on("Tracing.tracingComplete", lambda _: page.evaluate("console.log('traced')"))
        session.send("Tracing.end")
    return [event["tdur"] / 1000 for event in tasks(events)]


def tasks(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    names = {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in events
        if event["name"] == "thread_name"
    }
    for event in events:
        main = names.get((event["pid"], event["tid"])) == "CrRendererMain"
        if main and event["name"].endswith("RunTask") and "tdur" in event:
            yield event


def test_typing_among_a_thousand_cells_is_quick(notebook: PageNotebook) -> None:
    notebook.editor(1).click()
    typed = "total = [math.sin(y) for y in range(10)]"

    def types() -> None:
        for letter in typed:
            notebook.page.keyboard.type(letter)
            notebook.page.evaluate("() => new Promise(requestAnimationFrame)")

    slow = sorted(busy(notebook.page, types))[-3:]
    assert slow[0] < KEY_MS, slow


def test_scrolling_through_a_thousand_cells_has_no_long_task(notebook: PageNotebook) -> None:
    slow = max(busy(notebook.page, lambda: notebook.page.evaluate(SCROLL)))
    assert slow < TASK_MS


def test_scrolling_past_twenty_thousand_lines_has_no_long_task(notebook: PageNotebook) -> None:
    notebook.page.evaluate("document.querySelector('main').scrollTop = 0")
    notebook.run(2, "for i in range(20_000): print('line', i)")
    expect(notebook.output(2)).to_contain_text("line 19999")
    slow = max(busy(notebook.page, lambda: notebook.page.evaluate(SCROLL)))
    assert slow < TASK_MS
