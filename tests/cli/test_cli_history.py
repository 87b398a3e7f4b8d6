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
    assert f"{limit!r} is no whole number from 1 to 1000" in done.stderr


def test_where_nothing_is_found_that_is_said_and_no_notebook_is_written(
    beaker: Command, database: str, tmp_path: Path
) -> None:
    words = ("history", "nothingsuch", "--database", database)
    done = beaker.run(*words)
    assert (done.returncode, done.stderr) == (1, "beaker: nothing found\n")
    done = beaker.run(*words, "--export", "none.ipynb")
    assert done.returncode == 1
    assert done.stderr == "beaker: nothing found (none.ipynb is not written)\n"
    assert not (tmp_path / "none.ipynb").exists()


def test_a_look_at_a_history_that_is_not_there_makes_none(beaker: Command) -> None:
    done = beaker.run("history")
    place = beaker.folder / "data" / "beaker" / "history.sqlite"
    said = f"beaker: nothing found: there is no history yet; it would be in {place}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert not place.parent.exists()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("foo://x", "the history foo://x can't be read: Can't load plugin"),
        ("mysql+pymysql://u:secret@h/x", "://u:***@h/x can't be read: No module named 'pymysql'"),
        ("notaurl", "not given as a URL"),
        ("postgresql://u@h:secret/x", "not given as a URL"),
        ("postgresql://127.0.0.1:1/x", "postgresql://127.0.0.1:1/x names no user"),
        ("postgresql://me@127.0.0.1:1/x", "can't be read: Can't create a connection"),
    ],
)
def test_a_database_that_can_not_be_read_is_one_line(
    beaker: Command, url: str, reason: str
) -> None:
    done = beaker.run("history", "--database", url)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert reason in done.stderr
    assert done.stderr.endswith("named by sqlite:///FILE or postgresql://USER@HOST/NAME\n")
    assert "secret" not in done.stderr


def test_a_file_that_is_no_history_stays_where_it_is(beaker: Command, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database " * 100)
    done = beaker.run("history", "--database", f"sqlite:///{file}")
    assert (done.returncode, "can't be read: file is not a database" in done.stderr) == (2, True)
    assert file.read_text() == "no database " * 100


def test_a_notebook_that_can_not_be_written_is_named(beaker: Command, database: str) -> None:
    file = "/no-such-folder/x.ipynb"
    done = beaker.run("history", "--export", file, "--database", database)
    assert done.returncode == 2
    assert done.stderr.startswith(f"beaker: {file} can't be written: No such file or directory; ")
