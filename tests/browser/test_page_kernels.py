"""Another kernel for the open notebook: what is lost is said before, what stays stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.page_notebook import noting

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.page import Site

pytestmark = pytest.mark.browser


def kernel(page: Page) -> Locator:
    return page.get_by_role("status", name="kernel")


def test_the_kernels_name_offers_the_others_with_beakers_first_and_says_what_is_lost(site: Site):
    with noting(site, "offers", "1") as notebook:
        page = notebook.page
        kernel(page).get_by_role("button", name="change the kernel").click()
        dialog = page.get_by_role("dialog", name="Change the kernel")
        expect(dialog).to_contain_text("its variables are lost")
        offered = dialog.get_by_role("list", name="kernels").get_by_role("button")
        expect(offered.first).to_contain_text("runs now · beaker")
        expect(offered.first).to_be_disabled()
        expect(dialog.get_by_role("button", name="python3")).to_contain_text("without a model")
        page.keyboard.press("Escape")
        expect(kernel(page)).to_contain_text("beaker idle")


def test_with_python3_the_page_is_a_notebook_without_the_model_and_comes_back_to_beaker(
    site: Site,
):
    with noting(site, "changed", "x = 42\nprint('kept')", "x") as notebook:
        page = notebook.page
        expect(notebook.run(1, "x = 42\nprint('kept')")).to_contain_text("kept")
        page.keyboard.press("Control+k")
        page.keyboard.type("change kernel")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Change the kernel")
        dialog.get_by_role("button", name="python3").press("Enter")
        expect(kernel(page)).to_contain_text("python3 idle")
        expect(page.get_by_role("complementary")).to_contain_text("python3, has no model")
        expect(notebook.output(1)).to_contain_text("kept")
        expect(notebook.run(2, "x")).to_contain_text("NameError")
        assert notebook.saved()["metadata"]["kernelspec"]["name"] == "python3"
        assert len(site.server.ask("GET", "/api/kernels").json()) == 1
        page.reload()
        expect(kernel(page)).to_contain_text("python3 idle")
        kernel(page).get_by_role("button", name="change the kernel").click()
        dialog.get_by_role("button", name="beaker").click()
        expect(kernel(page)).to_contain_text("beaker idle")
        expect(page.get_by_role("textbox", name="question")).to_be_visible()


def test_a_kernel_that_cannot_start_leaves_the_one_that_runs(site: Site):
    with noting(site, "unstarted", "x = 42", "x") as notebook:
        page = notebook.page
        notebook.run(1, "x = 42")
        expect(kernel(page)).to_contain_text("beaker idle")
        page.route("**/api/sessions/*", lambda route: route.fulfill(status=500, body="{}"))
        kernel(page).get_by_role("button", name="change the kernel").click()
        page.get_by_role("dialog").get_by_role("button", name="python3").click()
        expect(page.get_by_role("region", name="notices")).to_contain_text("can't change to")
        expect(kernel(page)).to_contain_text("beaker idle")
        expect(notebook.run(2, "x")).to_contain_text("42")
