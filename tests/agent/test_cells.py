"""The cells that the relay recorded, as the agent knows them."""

from __future__ import annotations

import json

from beaker_kernel.agent.cells import KEPT, Cells
from beaker_kernel.agent.link import Incoming
from beaker_kernel.protocol.link import Verb


def recorded(cell: str, msg_type: str, content: dict) -> Incoming:
    header, parent = ({"msg_id": "m", "msg_type": msg_type}, {"msg_id": cell})
    return Incoming(
        Verb.CELL, b"", *(json.dumps(p).encode() for p in (header, parent, {}, content))
    )


def ran(cells: Cells, count: int, code: str = "1") -> None:
    content = {"code": code, "execution_count": count}
    cells.add(recorded(f"cell {count}", "execute_input", content))


def test_a_cell_is_its_source_its_count_and_its_outputs() -> None:
    cells = Cells()
    ran(cells, 3, "print(1)")
    cells.add(recorded("cell 3", "stream", {"text": "1\n"}))
    (cell,) = cells.peek()
    assert (cell.source, cell.execution_count, cell.outputs.text(9)) == ("print(1)", 3, "1")
    assert cells.execution_count == 3


def test_outputs_of_cells_that_are_not_known_are_left_out() -> None:
    cells = Cells()
    cells.add(recorded("unknown", "stream", {"text": "1\n"}))
    assert cells.peek() == []


def test_a_cell_that_was_told_while_it_ran_is_told_again_with_what_came_later() -> None:
    cells = Cells()
    ran(cells, 1, "slow()")
    cells.add(recorded("cell 1", "stream", {"text": "early\n"}))
    cells.forget(cells.peek())
    assert cells.peek() == []
    cells.add(recorded("cell 1", "stream", {"text": "late\n"}))
    assert [cell.outputs.text(99) for cell in cells.peek()] == ["early\nlate"]


def test_the_oldest_cells_go() -> None:
    cells = Cells()
    for count in range(1, KEPT + 6):
        ran(cells, count)
    assert [cell.execution_count for cell in cells.peek()] == list(range(6, KEPT + 6))


def test_what_was_too_long_to_record_is_told_by_its_size() -> None:
    cells = Cells()
    ran(cells, 1)
    cells.add(recorded("cell 1", "display_data", {"beaker_left_out": 99_000}))
    assert cells.peek()[0].outputs.text(99) == "[an output of 99000 bytes]"


def test_a_cell_whose_source_was_too_long_still_counts() -> None:
    cells = Cells()
    ran(cells, 4)
    cells.add(recorded("long", "execute_input", {"beaker_left_out": 70_000}))
    assert cells.execution_count == 5
    assert cells.peek()[-1].source == "[a cell of 70000 bytes]"


def test_only_what_was_shown_is_forgotten() -> None:
    cells = Cells()
    ran(cells, 1)
    shown = cells.peek()
    ran(cells, 2)
    cells.forget(shown)
    assert [cell.execution_count for cell in cells.peek()] == [2]
