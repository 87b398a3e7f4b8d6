"""What axe finds wrong with the page, as it is shown now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.browser.page import CHECKOUT

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = CHECKOUT / "dev_ui" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """Return a line for each, in light and in dark; what a person's outputs look like is theirs."""
    page.evaluate(AXE.read_text())
    found = [line for scheme in ("light", "dark") for line in _found(page, scheme)]
    page.emulate_media(color_scheme="null")
    return found


def _found(page: Page, scheme: Literal["light", "dark"]) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    report = page.evaluate("axe.run({exclude: ['.beaker-outputs']})")
    return [
        f"{scheme}: {each['id']}: {node['html'][:160]}"
        for each in report["violations"]
        for node in each["nodes"]
    ]
