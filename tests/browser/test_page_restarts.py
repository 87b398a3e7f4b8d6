"""A server that is restarted under the page: the page comes back, and says what is gone."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conversation import Conversation
from tests.browser.lab import chromium, written
from tests.browser.page import PATIENCE_MS, UI, WINDOW, built_page
from tests.browser.page_notebook import PageNotebook
from tests.server.running_server import TOKEN, Server, serving
from tests.support.ports import free_port
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.scripted_model import ScriptedModel

pytestmark = [pytest.mark.browser, pytest.mark.long]


class Place:
    """A folder and a port, at which one server after the other serves the page."""

    def __init__(self, folder: Path, model: ScriptedModel) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        self.port = free_port()
        self._folder = folder
        self._settings = {
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "IPYTHONDIR": str(folder / "ipython"),
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "sk-a-secret",
        }

    def served(self, token: str = TOKEN) -> AbstractContextManager[Server]:
        """Serve it until the block ends."""
        settings: dict[str, Any] = {**self._settings, "JUPYTER_TOKEN": token}
        options = ("--ui", f"--root={self.files}")
        return serving(self._folder, *options, port=self.port, **settings)

    @contextmanager
    def opened(self, browser: Browser, *sources: str) -> Iterator[PageNotebook]:
        """Open a notebook of these cells; the page may stay while servers come and go."""
        path = self.files / "work.ipynb"
        path.write_text(json.dumps(written(sources, "beaker")))
        errors: list[str] = []
        with browser.new_context(viewport=WINDOW) as context:
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"http://127.0.0.1:{self.port}{UI}#token={TOKEN}&path=work.ipynb")
            yield PageNotebook(page, path)
        assert errors == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    built_page()
    with chromium() as context:
        assert context.browser
        yield context.browser


@pytest.fixture
def place(tmp_path: Path, model: ScriptedModel) -> Place:
    return Place(tmp_path, model)


def test_the_page_comes_back_by_itself_with_all_work_and_says_that_the_variables_are_gone(
    place: Place, browser: Browser, model: ScriptedModel
):
    model.when("before", say("This was said before."))
    model.when("after", say("This is said after."))
    with place.served() as server, place.opened(browser, "x = 42\nprint('kept')", "x") as notebook:
        kernel = notebook.page.get_by_role("status", name="kernel")
        expect(notebook.run(1, "x = 42\nprint('kept')")).to_contain_text("kept")
        chat = Conversation(notebook.page)
        expect(chat.ask("before").get_by_text("This was said before.")).to_be_visible()
        notebook.saved()
        server.stop()
        expect(kernel).to_contain_text("offline")
        notebook.write(2, "x  # written meanwhile")
        expect(notebook.column.get_by_role("alert")).to_contain_text("kept in this browser")
        with place.served():
            notices = notebook.page.get_by_role("region", name="notices")
            expect(notices).to_contain_text("its variables are gone")
            expect(kernel).to_contain_text("beaker idle")
            assert notebook.sources()[1] == "x  # written meanwhile"
            expect(notebook.output(1)).to_contain_text("kept")
            notebook.editor(2).press("Control+Enter")
            expect(notebook.output(2)).to_contain_text("NameError")
            expect(chat.ask("after").get_by_text("This is said after.")).to_be_visible()


def test_a_server_with_another_token_is_connected_to_again_and_nothing_is_lost(
    place: Place, browser: Browser
):
    with place.served() as server, place.opened(browser, "x = 42") as notebook:
        expect(notebook.page.get_by_role("status", name="kernel")).to_contain_text("idle")
        server.stop()
        notebook.write(1, "x = 43")
        expect(notebook.column.get_by_role("alert")).to_contain_text("kept in this browser")
        with place.served("another-token-than-before"):
            notices = notebook.page.get_by_role("region", name="notices")
            expect(notices).to_contain_text("doesn't take the token any more")
            notices.get_by_role("button", name="connect again").click()
            notebook.page.get_by_label("token").fill("another-token-than-before")
            notebook.page.get_by_role("button", name="connect", exact=True).click()
            notebook.column.get_by_role("button", name="bring it back").click()
            expect(notebook.editor(1)).to_have_text("x = 43")
            assert notebook.sources() == ["x = 43"]
