"""In a narrow window the conversation lies over the notebook, and is left by the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conversation import Conversation
from tests.browser.page_notebook import noting
from tests.support.replies import call, chunk, hang
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.page import Site
    from tests.browser.page_notebook import PageNotebook
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser
BLOCK = "Look:\n\n```python\nprint(6 * 7)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThat is all."


@pytest.fixture
def narrow(site: Site, request: pytest.FixtureRequest) -> Iterator[PageNotebook]:
    with noting(site, request.node.name[:40], "x = 1", width=800) as notebook:
        expect(notebook.page.get_by_role("status", name="kernel")).to_contain_text("idle")
        yield notebook


def drawer(notebook: PageNotebook) -> Conversation:
    """Open the drawer by its key."""
    notebook.press("Control+j")
    chat = Conversation(notebook.page)
    expect(chat.question).to_be_focused()
    return chat


def test_it_takes_the_keyboard_and_gives_it_back(narrow: PageNotebook):
    narrow.select(1)
    chat = drawer(narrow)
    narrow.press("Escape")
    expect(chat.column).to_be_hidden()
    expect(narrow.cell(1)).to_be_focused()
    drawer(narrow)
    chat.column.get_by_role("button", name="back to the notebook").click()
    expect(chat.column).to_be_hidden()
    expect(narrow.cell(1)).to_be_focused()


def test_it_takes_the_keyboard_as_soon_as_it_is_drawn(narrow: PageNotebook):
    unseen = "[aria-label='conversation'] { visibility: hidden !important }"
    style = narrow.page.add_style_tag(content=unseen)
    narrow.press("Control+j")
    narrow.page.wait_for_timeout(300)
    style.evaluate("style => style.remove()")
    expect(Conversation(narrow.page).question).to_be_focused()


def test_escape_stops_an_answer_before_it_leaves(narrow: PageNotebook, model: ScriptedModel):
    model.when("for ever", hang(chunk({"content": "I think"})))
    chat = drawer(narrow)
    turn = chat.ask("for ever")
    expect(turn.get_by_text("I think")).to_be_visible()
    narrow.press("Escape")
    expect(turn.get_by_text("stopped")).to_be_visible()
    narrow.press("Escape")
    expect(chat.column).to_be_hidden()


def test_code_that_is_put_into_the_notebook_is_seen_there(
    narrow: PageNotebook, model: ScriptedModel
):
    model.when("show me", say(BLOCK))
    chat = drawer(narrow)
    turn = chat.ask("show me")
    turn.get_by_role("button", name="insert block 2 into the notebook").click()
    expect(chat.column).to_be_hidden()
    expect(narrow.editor(2)).to_have_text("print(6 * 7)")


def test_nothing_in_it_is_cut_off_and_axe_finds_nothing_wrong(site: Site, model: ScriptedModel):
    model.when("show me", say(BLOCK))
    model.when("compute", call("run_code", code="print('long ' * 40, " + "1, " * 60 + "2)"))
    with noting(site, "axe-drawer", "x = 1", width=800) as notebook:
        expect(notebook.page.get_by_role("status", name="kernel")).to_contain_text("idle")
        chat = drawer(notebook)
        expect(chat.ask("show me").get_by_text("That is all.")).to_be_visible()
        chat.ask("compute")
        expect(chat.approval).to_be_visible()
        assert violations(notebook.page) == []
        wider = "column => column.scrollWidth > column.clientWidth"
        assert not chat.column.evaluate(wider)
        box = chat.column.bounding_box()
        assert box["x"] + box["width"] <= 800
        assert box["x"] >= 0
