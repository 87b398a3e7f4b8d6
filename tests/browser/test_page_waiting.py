"""A cell that the model wants to run says so itself, until the person has decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conversation import Conversation
from tests.browser.page_notebook import noting
from tests.support.replies import call
from tests.support.replies import text as say

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.page import Site
    from tests.browser.page_notebook import PageNotebook
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser


def asked_to_run(notebook: PageNotebook, model: ScriptedModel) -> Locator:
    """Have the model want to run the first cell; return the badges that say so."""
    model.when("run it", call("read_cells"), call("run_cell", cell_id="cell-0"), say("Done."))
    Conversation(notebook.page).ask("run it")
    badges = notebook.column.get_by_role("button", name="waiting for you")
    expect(badges).to_have_count(1)
    expect(notebook.cell(1).get_by_role("button", name="waiting for you")).to_be_visible()
    return badges


def test_the_badge_leads_to_the_card_and_goes_when_the_cell_may_run(
    site: Site, model: ScriptedModel
):
    with noting(site, "badge", "print(6 * 7)", "other = 1") as notebook:
        badges = asked_to_run(notebook, model)
        notebook.select(2)
        badges.click()
        chat = Conversation(notebook.page)
        expect(chat.approval).to_be_focused()
        notebook.press("Enter")
        expect(notebook.output(1)).to_contain_text("42")
        expect(badges).to_have_count(0)


def test_the_badge_goes_when_the_person_rejects_and_nothing_has_run(
    site: Site, model: ScriptedModel
):
    with noting(site, "badge-rejected", "print(6 * 7)") as notebook:
        badges = asked_to_run(notebook, model)
        chat = Conversation(notebook.page)
        chat.approval.get_by_role("button", name="reject").click()
        expect(chat.column.get_by_text("Done.")).to_be_visible()
        expect(badges).to_have_count(0)
        expect(notebook.output(1)).to_have_count(0)


def test_the_badge_is_there_again_after_a_reload_and_opens_the_drawer_in_a_narrow_window(
    site: Site, model: ScriptedModel
):
    with noting(site, "badge-reload", "print(6 * 7)") as notebook:
        badges = asked_to_run(notebook, model)
        notebook.page.set_viewport_size({"width": 800, "height": 900})
        notebook.page.reload()
        badges.click()
        chat = Conversation(notebook.page)
        expect(chat.approval).to_be_focused()
        notebook.press("Escape")
        expect(badges).to_have_count(0)
