"""A notebook in JupyterLab, as a person sees and uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PATIENCE = 30_000.0
"""Milliseconds to wait for what must come."""


WATCH = """cell => {
  cell.seen = [];
  const look = () => {
    const outputs = cell.querySelectorAll(".jp-OutputArea-output");
    const text = [...outputs].map(output => output.textContent).join("\\n");
    if (text !== cell.seen.at(-1)) cell.seen.push(text);
  };
  new MutationObserver(look).observe(cell, {subtree: true, childList: true, characterData: true});
}"""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook that is open in JupyterLab."""

    page: Page

    @property
    def cells(self) -> Locator:
        """Its cells."""
        return self.page.locator(".jp-Notebook .jp-Cell")

    @property
    def active(self) -> Locator:
        """The cell that has the cursor."""
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

    def source(self, cell: int) -> Locator:
        """The text of a cell."""
        return self.cells.nth(cell).locator(".cm-content")

    def prompt(self, cell: int) -> Locator:
        """What stands to the left of a cell: ``[*]:`` while it runs."""
        return self.cells.nth(cell).locator(".jp-InputPrompt")

    def outputs(self, cell: int) -> Locator:
        """What stands below a cell."""
        return self.cells.nth(cell).locator(".jp-OutputArea-output")

    @property
    def stdin(self) -> Locator:
        """The box in which a kernel's question is answered."""
        return self.page.locator(".jp-Stdin-input")

    def button(self, name: str) -> Locator:
        """The button of that name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def ready(self) -> None:
        """Wait until JupyterLab knows its kernel.

        Its indicator shows idle long before; a cell that is run then is lost.
        """
        expect(self.page.locator(".jp-DebuggerBugButton:not([disabled])")).to_be_visible()

    def run(self, cell: int) -> None:
        """Run a cell, as Shift+Enter does."""
        self.source(cell).click()
        self.page.keyboard.press("Shift+Enter")

    def type(self, cell: int, text: str) -> None:
        """Write into a cell, key by key."""
        self.source(cell).click()
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def complete(self, match: str) -> None:
        """Ask for completions, and take the one of that text."""
        self.press("Tab")
        expect(self.page.locator(".jp-Completer-item.jp-mod-active")).to_contain_text(match)
        self.press("Enter")

    def answer(self, text: str) -> None:
        """Answer the kernel's question."""
        self.stdin.fill(text)
        self.stdin.press("Enter")

    def watch(self, cell: int) -> None:
        """Note each state of a cell's output from now on."""
        self.cells.nth(cell).evaluate(WATCH)

    def seen(self, cell: int) -> list[str]:
        """Return the texts that stood below a watched cell, one after the other."""
        texts: list[str] = self.cells.nth(cell).evaluate("cell => cell.seen")
        return texts
