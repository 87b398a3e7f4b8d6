"""The reference of the page's keys: it is the table that the page itself shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.page_notebook import noting

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.page import Site

pytestmark = pytest.mark.browser

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "page-keys.md"


def shown(help_: Locator) -> list[str]:
    """Return the rows of the page's help, as the reference writes them."""
    rows = []
    for row in help_.locator("dl > div").all():
        chords = [
            " ".join(chord.locator("span").all_inner_texts())
            for chord in row.locator("dd > *").all()
        ]
        keys = ", ".join(f"`{chord}`" for chord in chords)
        rows.append(f"| {keys} | {row.locator('dt').inner_text()} |")
    return rows


def test_the_reference_has_the_keys_of_the_page(site: Site) -> None:
    with noting(site, "keys") as notebook:
        notebook.select(1)
        notebook.press("h")
        help_ = notebook.page.get_by_role("dialog")
        help_.get_by_text("run, and stay").wait_for()
        written = re.findall(r"^\| `.*\|$", REFERENCE.read_text(), re.MULTILINE)
        assert written == shown(help_)
