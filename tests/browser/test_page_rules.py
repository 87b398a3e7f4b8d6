"""What the page does for a notebook's own rules, and for questions that a cell asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conversation import Conversation, conversing
from tests.browser.page_notebook import PageNotebook
from tests.support.replies import call
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.page import Site
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser
NAME = "rules.ipynb"


@pytest.fixture
def chat(site: Site, model: ScriptedModel) -> Iterator[Conversation]:
    for question in ("compute", "once more"):
        model.when(question, call("run_code", code="print(6 * 7)"), say("It is 42."))
    with conversing(site, NAME) as conversation:
        yield conversation


@pytest.fixture
def path(site: Site) -> Path:
    return site.folder / NAME


def command(chat: Conversation, words: str) -> None:
    """Run a command of the palette."""
    chat.page.keyboard.press("Control+k")
    chat.page.keyboard.type(words)
    chat.page.keyboard.press("Enter")


def test_a_notebook_asks_first_whatever_the_session_allows(chat: Conversation, path: Path) -> None:
    notebook = PageNotebook(chat.page, path)
    chat.page.get_by_role("combobox", name="policy").select_option("auto")
    command(chat, "on your word only")
    assert notebook.saved()["metadata"]["beaker"] == {"policy": "ask"}
    turn = chat.ask("compute")
    expect(turn).to_contain_text("This notebook allows no more than the policy ask.")
    chat.approval.get_by_role("button", name="run").click()
    expect(turn.get_by_text("It is 42.")).to_be_visible()
    command(chat, "on your word only")
    expect(chat.page.get_by_role("status", name="saving")).to_have_text("saved")
    assert json.loads(path.read_text())["metadata"]["beaker"] == {}
    expect(chat.ask("once more").get_by_text("It is 42.")).to_be_visible()
    expect(chat.approval).to_have_count(0)


def test_a_question_of_a_cell_is_a_turn_and_its_approval_is_given_there(
    chat: Conversation, path: Path
) -> None:
    notebook = PageNotebook(chat.page, path)
    output = notebook.run(1, "%ask compute")
    expect(notebook.cell(1).get_by_role("textbox", name="Run it?")).to_be_visible()
    chat.approval.get_by_role("button", name="run").click()
    expect(output).to_contain_text("It is 42.")
    expect(notebook.cell(1).get_by_role("textbox", name="Run it?")).to_have_count(0)
    expect(chat.turn("compute").get_by_text("It is 42.")).to_be_visible()
    notebook.run(1, "input('really? ')")
    expect(notebook.cell(1).get_by_role("textbox", name="really?")).to_be_focused()
    chat.page.keyboard.type("yes")
    chat.page.keyboard.press("Enter")
    expect(output).to_contain_text("'yes'")
