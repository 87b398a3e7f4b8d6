"""The page's frame: it finds its server, says what is wrong with one, remembers how it stood."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.page import UI
from tests.support.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.page import Site

pytestmark = pytest.mark.browser

EMPTY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def connecting(page: Page, address: str, token: str) -> Locator:
    """Fill in the dialogue, and test; return where it says what it found."""
    page.get_by_role("button", name="connect to a server").click()
    page.get_by_role("combobox", name="address").fill(address)
    page.get_by_label("token").fill(token)
    page.get_by_role("button", name="test").click()
    return page.get_by_role("dialog").get_by_role("status")


def test_the_token_is_taken_out_of_the_address_and_survives_a_reload(site: Site, page: Page):
    expect(page.get_by_role("main")).to_contain_text("No notebook is open")
    assert "token" not in page.url
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("No notebook is open")


def test_a_notebook_opens_on_a_kernel_and_again_after_a_reload(site: Site):
    (site.folder / "kept.ipynb").write_text(json.dumps(EMPTY))
    with site.opened(f"token={site.token}&path=kept.ipynb") as page:
        kernel = page.get_by_role("status", name="kernel")
        expect(kernel).to_contain_text("beaker idle")
        page.reload()
        expect(kernel).to_contain_text("beaker idle")
        assert len(site.server.ask("GET", "/api/sessions").json()) == 1


def test_the_dialogue_says_what_is_wrong_with_a_token(site: Site):
    with site.opened("") as page:
        said = connecting(page, site.address, "wrong")
        expect(said).to_contain_text("refuses the token")
        page.get_by_label("token").fill(site.token)
        page.get_by_role("button", name="test").click()
        expect(said).to_contain_text("with the beaker kernel")
        page.get_by_role("button", name="connect", exact=True).click()
        expect(page.get_by_role("main")).to_contain_text("No notebook is open")
        known = page.evaluate("Object.values(localStorage).join()")
        assert site.token not in known


def test_the_dialogue_says_when_the_page_may_not_talk_to_a_server(site: Site):
    with site.opened("") as page:
        said = connecting(page, f"http://127.0.0.1:{free_port()}", "any")
        expect(said).to_contain_text("--ui-server")


def test_columns_stay_as_they_were_put(page: Page):
    files = page.get_by_role("navigation", name="files")
    edge = page.get_by_role("separator", name="width of the files")
    before = files.bounding_box()["width"]
    edge.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+j")
    expect(page.get_by_role("complementary")).to_be_hidden()
    page.reload()
    expect(files).to_have_css("width", f"{before + 16}px")
    expect(page.get_by_role("complementary")).to_be_hidden()


def test_a_command_is_found_and_run_by_keyboard_alone(page: Page):
    expect(page.get_by_role("main")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("keys show")
    page.keyboard.press("Enter")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_contain_text("find a command")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()


def test_the_theme_is_the_persons_if_they_chose_one(page: Page):
    page.get_by_role("button", name="theme: system").click()
    page.get_by_role("button", name="theme: light").click()
    page.reload()
    expect(page.locator("body")).to_have_css("background-color", "rgb(22, 24, 29)")


def test_a_narrow_window_has_the_conversation_in_a_drawer(site: Site):
    with site.opened(width=800) as page:
        conversation = page.get_by_role("complementary", name="conversation")
        expect(conversation).to_be_hidden()
        page.get_by_role("button", name="conversation").click()
        expect(conversation).to_be_visible()


def test_a_phone_has_one_room_at_a_time(site: Site):
    with site.opened(width=400) as page:
        rooms = page.get_by_role("navigation", name="rooms")
        rooms.get_by_role("button", name="conversation").click()
        expect(page.get_by_role("complementary", name="conversation")).to_be_visible()
        expect(page.get_by_role("main")).to_be_hidden()


def test_the_page_asks_nobody_but_its_server(site: Site):
    asked: list[str] = []
    with site.opened("") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.goto(f"{site.address}{UI}#token={site.token}")
        expect(page.get_by_role("main")).to_contain_text("No notebook is open")
    assert len(asked) >= 3
    assert [url for url in asked if not url.startswith(site.address)] == []
    assert not re.search("token", " ".join(asked))


def test_axe_finds_nothing_wrong_with_the_chrome(site: Site):
    (site.folder / "seen.ipynb").write_text(json.dumps(EMPTY))
    with site.opened(f"token={site.token}&path=seen.ipynb") as page:
        expect(page.get_by_role("status", name="kernel")).to_contain_text("idle")
        assert violations(page) == []
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == []
    with site.opened("") as page:
        page.get_by_role("button", name="connect to a server").click()
        assert violations(page) == []
