"""Notebooks as frontends describe them, and what ran beside what stands there."""

from __future__ import annotations

import pytest

from beaker_kernel.agent.cells import RUNS, Cells, sets
from beaker_kernel.agent.link import Incoming
from beaker_kernel.agent.notebook import NotebookCell, read_state
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.frames import Composer
from beaker_kernel.protocol.link import Verb


def ran(*sources: str) -> Cells:
    """Return the cells of a session in which these have run."""
    cells, composer = Cells(), Composer("front")
    for count, source in enumerate(sources, 1):
        content = {"code": source, "execution_count": count}
        header = b'{"msg_id": "%d"}' % count
        cells.add(Incoming(Verb.CELL, b"", *composer.compose("execute_input", content, header)))
    return cells


def code(source: str, count: int | None = None) -> NotebookCell:
    return NotebookCell(id="c", kind="code", source=source, execution_count=count)


def test_a_cell_is_read_in_either_of_jupyters_forms() -> None:
    output = {"output_type": "stream", "text": ["a\n", "b\n"]}
    error = {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["E: no"]}
    lines = {"id": "1", "cell_type": "code", "source": ["x = 1\n", "x"], "outputs": [output, error]}
    whole = {"id": "2", "cell_type": "markdown", "source": "text", "execution_count": None}
    first, second = read_state({"cells": [lines, whole]}).cells
    assert (first.source, first.output, first.execution_count) == ("x = 1\nx", "a\nb\nE: no", None)
    assert (second.kind, second.source, second.output) == ("markdown", "text", "")


@pytest.mark.parametrize("state", [{}, {"cells": 5}, {"cells": [5]}])
def test_what_is_no_notebook_is_refused(state) -> None:
    with pytest.raises(ProtocolError, match="no notebook"):
        read_state(state)


@pytest.mark.parametrize("cell", [{}, {"source": 5, "outputs": "x"}, {"outputs": [None, {}]}])
def test_a_cell_that_lacks_what_it_should_have_is_read_all_the_same(cell) -> None:
    (found,) = read_state({"cells": [cell]}).cells
    assert (found.id, found.output) == ("", "")


def test_a_source_that_still_stands_was_not_changed_wherever_it_stands() -> None:
    assert ran("a", "b").changed_since([code("b", 2), code("a")]) == []


def test_an_edited_and_a_deleted_cell_are_told_apart() -> None:
    standing = [code("changed", 1), NotebookCell(id="m", kind="markdown", source="b")]
    assert ran("a", "b").changed_since(standing) == [
        "[1] was edited since",
        "[2] is not in the notebook",
    ]


def test_after_a_restart_no_old_cell_is_spoken_of() -> None:
    cells = ran("a")
    cells.restart()
    assert cells.changed_since([]) == []


def test_no_more_sources_are_remembered_than_a_hundred() -> None:
    cells = ran(*map(str, range(RUNS + 5)))
    assert len(cells.changed_since([])) == RUNS


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "a, x = 1, 2",
        "x[0] += 1",
        "x.loc[0, 'a'] = 2",
        "x: int = 3",
        "for x in y:",
        "def x():",
        "import numpy as x",
        "y = 1\n  x = 2",
        "x <- c(1)",
        "const x = 1",
        "x=5",
        "x() { ls; }",
    ],
)
def test_a_variable_that_a_source_sets_is_known(source) -> None:
    assert sets(source, "x")


@pytest.mark.parametrize(
    "source", ["y = x", "f(x=1)", "if x == 1: pass", "# x = 1", "y.x = 1", "xy = 1", "x <= 1", "x"]
)
def test_a_variable_that_a_source_only_uses_is_not(source) -> None:
    assert not sets(source, "x")


def test_a_variable_that_a_later_cell_has_set_does_not_come_from_a_changed_one() -> None:
    cells = ran("x = 1\ny = 2\n`drop it all` <- 1", "y = 3")
    assert cells.changed_since([code("y = 3", 2)], ["x", "y", "z", "drop it all"]) == [
        "[1] is not in the notebook; from what ran: x"
    ]


def test_a_conversation_in_the_notebook_is_read_whole_for_a_cut_secret_is_not_known_as_one() -> (
    None
):
    kept = {"messages": [{"role": "user", "content": "a" * 20_000}]}
    state = read_state({"cells": [], "metadata": {"beaker": {"conversation": kept}}})
    assert state.said == "user: " + "a" * 20_000
