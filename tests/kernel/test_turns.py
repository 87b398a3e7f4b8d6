"""The order of cells, some ours and some the subkernel's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.kernel.routing import Route
from beaker_kernel.kernel.turns import Turns
from tests.kernel.requests import cell

if TYPE_CHECKING:
    from beaker_kernel.kernel.inflight import Request

KINDS = st.lists(st.sampled_from(["1", "%ask"]), max_size=12)


def finished(turns: Turns, done: Request) -> list[Request]:
    return list(turns.finish(done.msg_id))


def test_without_questions_no_cell_waits() -> None:
    turns = Turns()
    assert all(turns.admit(cell("1")) for _ in range(100))


def test_a_question_waits_for_every_cell_before_it() -> None:
    turns, cells, question = Turns(), [cell("1"), cell("2")], cell("%ask")
    assert [turns.admit(c) for c in (*cells, question)] == [True, True, False]
    assert finished(turns, cells[0]) == []
    assert finished(turns, cells[1]) == [question]


def test_cells_after_a_question_wait_for_it_and_start_together() -> None:
    turns, question, cells = Turns(), cell("%ask"), [cell("1"), cell("2")]
    assert [turns.admit(c) for c in (question, *cells)] == [True, False, False]
    assert finished(turns, question) == cells


def test_two_questions_run_one_after_the_other() -> None:
    turns, first, second = Turns(), cell("%ask"), cell("%ask")
    assert [turns.admit(first), turns.admit(second)] == [True, False]
    assert turns.waits(second)
    assert finished(turns, first) == [second]


def test_a_cell_never_overtakes_one_that_waits() -> None:
    turns, running, question, late = Turns(), cell("1"), cell("%ask"), cell("2")
    for one in (running, question, late):
        turns.admit(one)
    assert finished(turns, running) == [question]
    assert finished(turns, question) == [late]


def test_what_is_aborted_runs_no_more() -> None:
    turns, running, question, late = Turns(), cell("1"), cell("%ask"), cell("2")
    for one in (running, question, late):
        turns.admit(one)
    assert turns.abort() == [question, late]
    assert finished(turns, running) == []
    assert turns.admit(cell("3"))


def test_when_the_subkernel_dies_its_cells_and_all_waiting_ones_are_given_up() -> None:
    turns, running, question, late = Turns(), cell("1"), cell("%ask"), cell("2")
    for one in (running, question, late):
        turns.admit(one)
    assert turns.clear() == [running, question, late]
    assert turns.admit(cell("%ask"))


def test_a_running_question_outlives_the_subkernel() -> None:
    turns, question, late = Turns(), cell("%ask"), cell("1")
    turns.admit(question)
    turns.admit(late)
    assert turns.clear() == [late]
    assert not turns.admit(cell("2"))


@given(KINDS, st.randoms())
def test_every_cell_runs_once_in_order_and_a_question_runs_alone(kinds, random) -> None:
    turns, cells = Turns(), [cell(kind) for kind in kinds]
    started = [c for c in cells if turns.admit(c)]
    running = list(started)
    while running:
        questions = [c for c in running if c.owner is Route.AGENT]
        assert not questions or len(running) == 1
        done = running.pop(random.randrange(len(running)))
        new = finished(turns, done)
        started += new
        running += new
    assert started == cells
