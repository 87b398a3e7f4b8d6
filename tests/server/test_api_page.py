"""The page of the execution API shows what there is, and tries it, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from executions import API
from running_server import TOKEN

from tests.browser.lab import chromium

if TYPE_CHECKING:
    from running_server import Server

pytestmark = pytest.mark.browser


def test_an_operation_is_found_and_tried_and_no_other_host_is_asked(server: Server) -> None:
    address = f"http://{server.host}:{server.port}"
    with chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(f"{address}{API}/docs")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Show the API").click()
        page.get_by_text("refuses this token (401)").wait_for()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Show the API").click()
        operation = page.locator("details", has_text="Run code")
        operation.locator("summary").click()
        operation.get_by_label("body").fill('{"code": "6 * 7"}')
        operation.get_by_role("button", name="Try it").click()
        operation.get_by_text('"text": "42"').wait_for()
        operation.get_by_label("as events").check()
        operation.get_by_role("button", name="Try it").click()
        operation.get_by_text("event: done").wait_for()
    assert {url.removeprefix(address)[:1] for url in asked} == {"/"}
    assert [text for text in errors if "401" not in text] == []
