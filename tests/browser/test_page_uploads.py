"""Files of the person's machine come to the server: chosen or dropped, whole or not at all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route

    from tests.browser.page import Site

pytestmark = pytest.mark.browser
BIG = random.Random(7).randbytes(3 * 1024 * 1024 + 5)

DROP = """(place, files) => {
  const held = new DataTransfer();
  for (const [name, text] of Object.entries(files)) held.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, {dataTransfer: held, bubbles: true, cancelable: true});
    place.dispatchEvent(event);
    if (type !== "dragenter" && !event.defaultPrevented) throw new Error("it would be opened");
  }
}"""


@pytest.fixture
def files(page: Page) -> Locator:
    column = page.get_by_role("navigation", name="files")
    expect(column.get_by_role("button", name="upload files")).to_be_visible()
    return column


def upload(files: Locator, *paths: Path) -> None:
    with files.page.expect_file_chooser() as chooser:
        files.get_by_role("button", name="upload files").click()
    chooser.value.set_files(paths)


def test_a_big_file_arrives_in_pieces_byte_by_byte(site: Site, files: Locator, tmp_path: Path):
    (tmp_path / "big.bin").write_bytes(BIG)
    pieces: list[int] = []
    files.page.on("request", lambda asked: pieces.append(1) if asked.method == "PUT" else None)
    upload(files, tmp_path / "big.bin")
    expect(files.get_by_role("button", name="rename big.bin")).to_be_attached()
    assert (site.folder / "big.bin").read_bytes() == BIG
    assert len(pieces) == 4
    assert not list(site.folder.glob("*.part"))
    expect(files.get_by_role("list", name="uploads")).to_have_count(0)


def test_files_are_dropped_on_the_list_and_an_empty_one_is_a_file_too(site: Site, files: Locator):
    files.get_by_role("list", name="files").evaluate(DROP, {"ünï.csv": "a,b\n1,2\n", "empty": ""})
    expect(files.get_by_role("button", name="rename ünï.csv")).to_be_attached()
    expect(files.get_by_role("button", name="rename empty")).to_be_attached()
    assert (site.folder / "ünï.csv").read_text() == "a,b\n1,2\n"
    assert (site.folder / "empty").read_text() == ""


def test_an_older_look_at_the_folder_that_is_answered_last_hides_no_file(
    site: Site, files: Locator, tmp_path: Path
):
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    files.page.route("**/api/contents?*", hold_the_first)
    for name in ("older.csv", "newer.csv"):
        (tmp_path / name).write_text("a")
        upload(files, tmp_path / name)
        expect(files.get_by_role("list", name="uploads")).to_have_count(0)
    newer = files.get_by_role("button", name="rename newer.csv")
    expect(newer).to_be_attached()
    before = held[0].fetch().json()
    before["content"] = [entry for entry in before["content"] if entry["name"] != "newer.csv"]
    with files.page.expect_response("**/api/contents?*"):
        held[0].fulfill(json=before)
    expect(files.get_by_role("button", name="upload files")).to_be_visible()
    expect(newer).to_be_attached()


def test_a_file_that_is_dropped_elsewhere_doesnt_take_the_page_away(site: Site, files: Locator):
    files.page.get_by_role("main").evaluate(DROP, {"elsewhere.csv": "a"})
    expect(files.get_by_role("button", name="upload files")).to_be_visible()
    assert not (site.folder / "elsewhere.csv").exists()


def test_nothing_is_overwritten_unless_the_person_says_so(
    site: Site, files: Locator, tmp_path: Path
):
    (site.folder / "theirs.csv").write_text("old")
    (tmp_path / "theirs.csv").write_text("new")
    upload(files, tmp_path / "theirs.csv")
    said = files.get_by_role("alert")
    expect(said).to_contain_text("There is a theirs.csv already")
    assert (site.folder / "theirs.csv").read_text() == "old"
    said.get_by_role("button", name="replace it").click()
    expect(files.get_by_role("list", name="uploads")).to_have_count(0)
    assert (site.folder / "theirs.csv").read_text() == "new"


def test_an_upload_that_breaks_off_leaves_nothing_says_why_and_can_be_tried_again(
    site: Site, files: Locator, tmp_path: Path
):
    (tmp_path / "broken.bin").write_bytes(BIG)
    refused = {"status": 507, "json": {"message": "the disk is full", "reason": None}}
    third = '"chunk":3'
    files.page.route(
        "**/api/contents/broken.bin.part*",
        lambda route: (
            route.fulfill(**refused)
            if third in (route.request.post_data or "")
            else route.continue_()
        ),
    )
    upload(files, tmp_path / "broken.bin")
    said = files.get_by_role("alert")
    expect(said).to_contain_text("broken.bin was not uploaded: the disk is full")
    assert not list(site.folder.glob("broken.bin*"))
    files.page.unroute_all()
    said.get_by_role("button", name="try again").click()
    expect(files.get_by_role("button", name="rename broken.bin")).to_be_attached()
    assert (site.folder / "broken.bin").read_bytes() == BIG


def test_a_notebook_that_is_uploaded_opens(site: Site, files: Locator, tmp_path: Path):
    cell = '{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "Uploaded."}'
    notebook = f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
    (tmp_path / "up.ipynb").write_text(notebook)
    upload(files, tmp_path / "up.ipynb")
    files.get_by_role("button", name="up.ipynb", exact=True).click()
    expect(files.page.get_by_role("main").get_by_text("Uploaded.")).to_be_visible()
    assert (site.folder / "up.ipynb").read_text() == notebook
