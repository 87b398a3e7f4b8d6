"""A cell's messages become what a frontend would show in the end."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from beaker_kernel.execution.events import EventLog
from beaker_kernel.execution.folding import Folding

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = 10_000


class Cell:
    """A folding, and what its readers are told."""

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self.log = EventLog(2 * room)
        self.folding = Folding(self.log, folder, room)

    def stream(self, text: str, name: str = "stdout") -> None:
        self.folding.take("stream", {"name": name, "text": text})

    def display(self, text: Any, display_id: str | None = None, kind: str = "display_data") -> None:
        content = {"data": {"text/plain": text}, "transient": {"display_id": display_id}}
        self.folding.take(kind, content)

    @property
    def texts(self) -> list[str | None]:
        return [result.text for result in self.folding.results]

    @property
    def told(self) -> list[tuple[str, Any]]:
        return [(event.type, json.loads(event.data)) for event in self.log._events]


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[Cell]:
    cell = Cell(tmp_path)
    yield cell
    cell.folding.close()


def test_streams_are_kept_apart_and_told_as_they_come(cell: Cell) -> None:
    cell.stream("a")
    cell.stream("!", "stderr")
    cell.stream("b")
    assert (cell.folding.stream("stdout"), cell.folding.stream("stderr")) == ("ab", "!")
    assert cell.told == [
        ("stdout", {"text": "a"}),
        ("stderr", {"text": "!"}),
        ("stdout", {"text": "b"}),
    ]


def test_a_progress_bar_is_its_last_state(cell: Cell) -> None:
    for percent in range(0, 101, 10):
        cell.stream(f"\r{percent} %")
    assert cell.folding.stream("stdout") == "100 %"


def test_the_value_is_the_main_result_and_a_display_is_not(cell: Cell) -> None:
    cell.display("shown")
    cell.display("42", kind="execute_result")
    assert [(r.index, r.is_main_result) for r in cell.folding.results] == [(0, False), (1, True)]


def test_an_update_changes_every_display_of_its_id_in_place(cell: Cell) -> None:
    for text, display_id in (("a", "x"), ("b", "y"), ("c", "x")):
        cell.display(text, display_id)
    cell.display("new", "x", kind="update_display_data")
    assert cell.texts == ["new", "b", "new"]
    assert cell.told[-1][0] == "display_update"
    assert cell.told[-1][1]["display_id"] == "x"


def test_an_update_of_another_cells_display_is_told_and_adds_nothing(cell: Cell) -> None:
    cell.display("new", "elsewhere", kind="update_display_data")
    assert cell.texts == []
    assert [kind for kind, _ in cell.told] == ["display_update"]


def test_clear_output_clears_at_once(cell: Cell) -> None:
    cell.stream("old")
    cell.display("old")
    cell.folding.take("clear_output", {"wait": False})
    assert (cell.folding.stream("stdout"), cell.texts) == ("", [])


def test_clear_output_that_waits_clears_when_the_next_output_comes(cell: Cell) -> None:
    cell.stream("old")
    cell.folding.take("clear_output", {"wait": True})
    assert cell.folding.stream("stdout") == "old"
    cell.display("new")
    assert (cell.folding.stream("stdout"), cell.texts) == ("", ["new"])


def test_an_error_has_a_plain_traceback_and_the_cells_line(cell: Cell) -> None:
    traceback = ["\x1b[31mCell In[3], line 2\x1b[0m", "\x1b[32m----> 2\x1b[0m 1/0"]
    cell.folding.take("error", {"ename": "E", "evalue": "\x1b[1mv", "traceback": traceback})
    error = cell.folding.error
    assert error
    assert (error.name, error.value, error.line) == ("E", "v", 2)
    assert error.traceback == ["Cell In[3], line 2", "----> 2 1/0"]
    assert error.traceback_ansi == traceback


def test_formats_have_short_names_and_the_bundle_stays_whole(cell: Cell) -> None:
    bundle = {
        "image/png": "aGk=",
        "text/html": ["<b>", "x</b>"],
        "application/json": [1],
        "a/b": {"c": None},
    }
    cell.folding.take("display_data", {"data": bundle})
    (result,) = cell.folding.results
    assert (result.png, result.html, result.json_) == ("aGk=", "<b>x</b>", [1])
    assert result.mimebundle == bundle | {"text/html": "<b>x</b>"}


def test_what_is_not_a_number_is_null(cell: Cell) -> None:
    cell.folding.take("display_data", {"data": {"application/json": [float("nan"), 1.5]}})
    (result,) = cell.folding.results
    assert json.loads(result.model_dump_json())["json"] == [None, 1.5]
    assert cell.told[0][1]["mimebundle"] == {"application/json": [None, 1.5]}


def test_a_long_stream_keeps_its_ends_and_says_how_long_it_was(cell: Cell) -> None:
    for number in range(5_000):
        cell.stream(f"line {number}\n")
    whole = "".join(f"line {number}\n" for number in range(5_000))
    shown = cell.folding.stream("stdout")
    assert shown.startswith("line 0\n")
    assert shown.endswith("line 4999\n")
    assert f"of {len(whole):,} bytes left out here" in shown
    (cut,) = cell.folding.truncated
    assert (cut.output, cut.name, cut.size, cut.kept) == (0, "stdout", len(whole), True)


def test_the_whole_of_a_long_stream_is_in_a_file_of_its_owner(tmp_path: Path) -> None:
    cell = Cell(tmp_path / "outputs")
    whole = "äöü" * ROOM
    for part in range(0, len(whole), 1_000):
        cell.stream(whole[part : part + 1_000])
    cell.folding.close()
    file = tmp_path / "outputs" / "0"
    assert file.read_text() == whole
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_stream_within_its_room_leaves_no_file(cell: Cell, tmp_path: Path) -> None:
    cell.stream("x" * ROOM)
    assert (cell.folding.truncated, list(tmp_path.iterdir())) == ([], [])


def test_readers_are_told_no_more_than_there_is_room_for(cell: Cell) -> None:
    for _ in range(1_000):
        cell.stream("x" * 1_000)
    assert sum(len(str(data)) for _, data in cell.told) <= 2 * ROOM


def test_a_result_without_room_is_named_and_kept_whole(cell: Cell, tmp_path: Path) -> None:
    cell.display("small")
    cell.folding.take("display_data", {"data": {"image/png": "x" * ROOM, "text/plain": "<Figure>"}})
    text = cell.texts[1] or ""
    assert text.startswith("<Figure>\n")
    assert "image/png" in text
    (cut,) = cell.folding.truncated
    assert (cut.output, cut.name) == (3, "results[1]")
    cell.folding.close()
    assert json.loads((tmp_path / "3").read_text())["image/png"] == "x" * ROOM


def test_a_display_that_is_updated_for_ever_takes_no_more_room(cell: Cell, tmp_path: Path) -> None:
    cell.display("first", "x")
    for number in range(1_000):
        cell.display(f"{number}" * 2_000, "x", kind="update_display_data")
    cell.display("last", "x", kind="update_display_data")
    assert (cell.texts, cell.folding.truncated, list(tmp_path.iterdir())) == (["last"], [], [])


def test_clearing_removes_what_was_written_to_files(cell: Cell, tmp_path: Path) -> None:
    cell.stream("x" * (ROOM + 1))
    cell.folding.take("clear_output", {"wait": False})
    assert (cell.folding.truncated, list(tmp_path.iterdir())) == ([], [])


def test_a_folder_that_cannot_be_made_costs_the_whole_and_says_so() -> None:
    cell = Cell(Path("/dev/full/outputs"))
    cell.stream("x" * (ROOM + 1))
    cell.stream("y" * ROOM)
    assert cell.folding.stream("stdout").startswith("xxx")
    assert [(cut.size, cut.kept) for cut in cell.folding.truncated] == [(2 * ROOM + 1, False)]
    cell.folding.close()


def test_a_disk_that_fills_up_keeps_what_is_there(cell: Cell) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * ROOM, before[1]))
    try:
        for _ in range(100):
            cell.stream("x" * ROOM)
        cell.stream("the end")
        shown = cell.folding.stream("stdout")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert shown.startswith("xxx")
    assert [cut.kept for cut in cell.folding.truncated] == [False]
