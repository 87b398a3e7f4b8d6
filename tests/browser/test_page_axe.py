"""axe finds nothing wrong with what the page shows in passing: fields, dialogues, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conversation import Conversation
from tests.browser.page_notebook import noting
from tests.support.replies import call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.page import Site
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser


def test_nothing_that_is_shown_in_passing_is_hard_to_read_or_has_no_name(
    site: Site, model: ScriptedModel, tmp_path: Path
):
    run = call("run_cell", cell_id="cell-1")
    model.when("run it", call("read_cells"), run, call("ask_user", question="Why?"))
    with noting(site, "axe", "input('Who?')", "x = 1") as notebook:
        page, chat = notebook.page, Conversation(notebook.page)
        (site.folder / "there.csv").touch()
        (tmp_path / "there.csv").touch()
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="upload files").click()
        chooser.value.set_files(tmp_path / "there.csv")
        expect(page.get_by_role("navigation", name="files").get_by_role("alert")).to_be_visible()
        chat.ask("run it")
        expect(notebook.column.get_by_role("button", name="waiting for you")).to_be_visible()
        assert violations(page) == []
        chat.approval.get_by_role("button", name="reject").click()
        expect(chat.column.get_by_role("textbox", name="Why?")).to_be_visible()
        notebook.cell(1).get_by_role("button", name="run cell 1").click()
        expect(notebook.cell(1).get_by_role("textbox", name="Who?")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="change the kernel").click()
        expect(page.get_by_role("dialog").get_by_role("button", name="python3")).to_be_visible()
        assert violations(page) == []
