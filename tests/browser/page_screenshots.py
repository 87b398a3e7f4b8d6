"""Make docs/images/page-*.png: `python -m tests.browser.page_screenshots`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conversation import Conversation
from tests.browser.lab import chromium
from tests.browser.page import Site, page_served
from tests.browser.page_notebook import PageNotebook
from tests.browser.screenshots import ANSWER, CODE, DOCS, shrink
from tests.support.scripted_model import ScriptedModel, text

NAME = "first-question.ipynb"
QUESTION = "Do heavier penguins have longer flippers?"
REPLY = f"{ANSWER.replace('the cell below', 'this')}\n\n```python\n{CODE}\n```\n"


def main() -> None:
    """Live through an example in light and in dark, and photograph each view."""
    with tempfile.TemporaryDirectory() as name, ScriptedModel() as model:
        folder = Path(name)
        model.when("flippers", text(REPLY))
        settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-a-key"}
        with chromium() as browser, page_served(folder, browser, **settings) as site:
            for dark in (False, True):
                take(site, "dark" if dark else "light", folder / "raw.png")


def take(site: Site, theme: str, raw: Path) -> None:
    """Photograph the notebook with its conversation, the commands, and the dialogue."""
    for name in (NAME, "penguins.csv"):
        shutil.copy(DOCS / "tutorial" / name, site.folder)
    with site.opened(f"token={site.token}&path={NAME}", dark=theme == "dark") as page:
        expect(page.get_by_role("status", name="kernel")).to_contain_text("idle")
        notebook = PageNotebook(page, site.folder / NAME)
        notebook.cell(2).click()
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Shift+Enter")
        expect(notebook.column.locator(".beaker-outputs img")).to_be_visible()
        answer = Conversation(page).ask(QUESTION)
        expect(answer).to_contain_text("r ≈ 0.87")
        answer.get_by_role("button", name=re.compile("run block")).first.click()
        expect(answer.locator(".beaker-outputs img")).to_be_visible()
        photograph(page, raw, f"page-{theme}")
        page.keyboard.press("Control+k")
        photograph(page, raw, f"page-commands-{theme}")
    with site.opened("", dark=theme == "dark") as page:
        page.get_by_role("button", name="connect to a server").click()
        page.get_by_role("button", name="test").click()
        expect(page.get_by_text("asking…")).to_have_count(0)
        photograph(page, raw, f"page-connect-{theme}")


def photograph(page: Page, raw: Path, name: str) -> None:
    """Take a picture of the page for the docs."""
    page.mouse.move(0, 0)
    page.screenshot(path=raw)
    image = DOCS / "images" / f"{name}.png"
    shrink(raw, image)
    sys.stderr.write(f"{image}: {image.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
