"""The page's notebook as a person uses it: by what stands on the page, and by the keyboard."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.browser.lab import written
from tests.server.running_server import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.page import Site


class PageNotebook:
    """A notebook that is open on the page.

    Attributes:
        page: the page that it is on.
        column: where it is.
        path: its file.

    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path
        self.column = page.get_by_role("main")

    @property
    def cells(self) -> Locator:
        """Its cells."""
        return self.column.get_by_role("article")

    @property
    def saving(self) -> Locator:
        """What the page says of the file."""
        return self.column.get_by_role("status", name="saving")

    def cell(self, number: int) -> Locator:
        """A cell, counted from 1."""
        return self.column.get_by_role("article", name=f"cell {number},")

    def editor(self, number: int) -> Locator:
        """The editor of a cell."""
        return self.cell(number).get_by_role("textbox").first

    def output(self, number: int) -> Locator:
        """What a cell has put out."""
        return self.cell(number).get_by_role("region", name=f"output of cell {number}")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def select(self, number: int) -> None:
        """Select a cell, which isn't edited then."""
        self.cell(number).click(position={"x": 4, "y": 4})

    def write(self, number: int, source: str) -> None:
        """Write the code of a cell, and stay in its editor."""
        self.editor(number).fill(source)

    def run(self, number: int, source: str) -> Locator:
        """Write a cell and run it; return where its output is."""
        self.write(number, source)
        self.press("Control+Enter")
        return self.output(number)

    def tool(self, name: str) -> None:
        """Press a button above the notebook."""
        self.column.get_by_role("toolbar", name="notebook").get_by_role(
            "button", name=name, exact=True
        ).click()

    def saved(self) -> dict[str, Any]:
        """Wait until it is saved, and return the file."""
        expect(self.saving).to_have_text("saved")
        return json.loads(self.path.read_text())

    def sources(self) -> list[str]:
        """Return what the cells in the file say."""
        return ["".join(cell["source"]) for cell in self.saved()["cells"]]


@contextmanager
def noting(
    site: Site, name: str, *sources: str, cells: list[dict[str, Any]] | None = None, **view: Any
) -> Iterator[PageNotebook]:
    """Open a notebook of these code cells, or of whole `cells`."""
    path = site.folder / f"{name}.ipynb"
    content = written(sources or ("",), "beaker")
    path.write_text(json.dumps(content | ({"cells": cells} if cells else {})))
    with site.opened(f"token={TOKEN}&path={path.name}", **view) as page:
        notebook = PageNotebook(page, path)
        notebook.cell(1).wait_for()
        yield notebook
