"""What axe finds wrong with the page, as it is shown now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.page import CHECKOUT

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = CHECKOUT / "dev_ui" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """Return a line for each; what a person's outputs look like is theirs."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({exclude: ['.beaker-outputs']})")
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
