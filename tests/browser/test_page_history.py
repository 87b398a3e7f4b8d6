"""A notebook keeps its conversation, where that is wanted, and the next session is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conversation import Conversation
from tests.browser.lab import chromium
from tests.browser.page import page_served
from tests.browser.page_notebook import noting
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.page import Site
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-a-secret"}
    kept = {**settings, "BEAKER_KEEP_IN_NOTEBOOK": "1"}
    with chromium() as browser, page_served(folder, browser, **kept) as served:
        yield served


def test_what_was_said_is_in_the_file_and_no_step_that_one_undoes(site: Site, model: ScriptedModel):
    model.when("capital", say("It is Paris."))
    with noting(site, "kept-said", "x = 1") as notebook:
        notebook.write(1, "x = 2")
        chat = Conversation(notebook.page)
        expect(chat.ask("the capital of France").get_by_text("It is Paris.")).to_be_visible()
        expect(chat.column.get_by_role("button", name="stop")).to_have_count(0)
        notebook.select(1)
        notebook.press("z")
        expect(notebook.editor(1)).to_have_text("x = 1")
        notebook.press("Control+s")
        kept = notebook.saved()["metadata"]["beaker"]["conversation"]
        said = [message["content"] for message in kept["messages"]]
        assert said == ["the capital of France", "It is Paris."]
