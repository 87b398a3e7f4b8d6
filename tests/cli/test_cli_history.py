"""`beaker history` lists, finds and exports what was executed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import nbformat
import pytest

from beaker_kernel.execution.history import History
from beaker_kernel.execution.results import Execution, ExecutionError, Result

if TYPE_CHECKING:
    from pathlib import Path

    from command import Command


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('history')}/history.sqlite"
    asyncio.run(store(url))
    return url


async def store(url: str) -> None:
    now = datetime.now(UTC)
    known = {"session_id": "s", "language": "python", "started_at": now, "finished_at": now}
    result = Result.of(0, {"text/plain": "42"}, main=True)
    error = ExecutionError(name="E", value="v", traceback=["t"], traceback_ansi=["\x1b[31mt"])
    history = History(url)
    await history.add(
        Execution(id="1", code="6 * 7", status="ok", execution_count=1, results=[result], **known)
    )
    await history.add(
        Execution(id="2", code="a\n\x1b[31mb", status="error", error=error, stdout="hi\n", **known)
    )
    await history.close()


def test_the_newest_come_first_a_line_each_without_controls(beaker: Command, database: str) -> None:
    done = beaker.run("history", "--database", database)
    newest, oldest = done.stdout.splitlines()
    assert newest.endswith("a ⏎ �[31mb")
    assert oldest.endswith("6 * 7")


def test_a_text_is_looked_for_in_code_and_output(beaker: Command, database: str) -> None:
    assert beaker.run("history", "HI", "--database", database).stdout.count("\n") == 1
    done = beaker.run("history", "nowhere", "--database", database)
    assert (done.returncode, done.stdout) == (1, "")


def test_each_can_be_had_as_json(beaker: Command, database: str) -> None:
    done = beaker.run("history", "--json", "--status", "ok", "--database", database)
    assert json.loads(done.stdout)["results"][0]["text"] == "42"


def test_they_are_exported_as_a_valid_notebook_oldest_first(
    beaker: Command, database: str, tmp_path: Path
) -> None:
    file = tmp_path / "all.ipynb"
    done = beaker.run("history", "--export", str(file), "--database", database)
    assert done.stderr.endswith("2 cells\n")
    found = nbformat.read(file, as_version=4)
    nbformat.validate(found)
    assert [cell.source for cell in found.cells] == ["6 * 7", "a\n\x1b[31mb"]
    assert [o.output_type for o in found.cells[1].outputs] == ["stream", "error"]


@pytest.mark.parametrize("limit", ["0", "many", "1001"])
def test_a_limit_that_is_none_is_refused(beaker: Command, limit: str) -> None:
    done = beaker.run("history", "--limit", limit)
    assert (done.returncode, "--limit" in done.stderr) == (2, True)
