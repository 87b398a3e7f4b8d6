"""Executions are stored, found and forgotten, in SQLite and in PostgreSQL by the same code."""

from __future__ import annotations

import asyncio
import logging
import resource
import sqlite3
import stat
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from beaker_kernel.execution.history import History, Retention
from beaker_kernel.execution.requests import Filter
from beaker_kernel.execution.results import Execution, Result
from beaker_kernel.execution.schema import with_driver
from tests.support.postgresql import postgresql, programs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

KEPT = Retention()
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if not programs():
        pytest.skip("there is no PostgreSQL on this machine (apt-get install postgresql)")
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/beaker/history.sqlite"
    found: str = request.getfixturevalue("server")
    engine = create_engine(with_driver(found))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS executions, beaker_schema"))
    engine.dispose()
    return found


@asynccontextmanager
async def opened(url: str, retention: Retention = KEPT) -> AsyncIterator[History]:
    history = History(url, retention)
    try:
        yield history
    finally:
        await history.close()


def execution(number: int, code: str = "", **more: object) -> Execution:
    known = {"id": f"{number:024x}", "session_id": "s", "language": "python", "status": "ok"}
    return Execution(**{**known, "code": code, "finished_at": datetime.now(UTC), **more})


async def found(history: History, **wanted: object) -> list[int]:
    page = await history.page(Filter(**wanted))
    return [int(e.id, 16) for e in page.executions]


async def test_what_is_stored_comes_back_whole(url: str) -> None:
    result = Result.of(0, {"text/plain": "42"}, main=True)
    stored = execution(1, "6 * 7\0", stdout="ä\0\n", results=[result], duration_ms=1.5)
    async with opened(url) as history:
        await history.add(stored, "ada")
        assert await history.get(stored.id) == stored
        assert await history.get("nothing") is None


async def test_it_is_there_after_a_new_start(url: str) -> None:
    async with opened(url) as history:
        await history.add(execution(1))
    async with opened(url) as history:
        await history.add(execution(2))
        assert await found(history) == [2, 1]


async def test_pages_have_no_gap_and_no_repeat_while_more_is_added(url: str) -> None:
    async with opened(url) as history:
        for number in range(10):
            await history.add(execution(number))
        seen, cursor = [], None
        while True:
            page = await history.page(Filter(limit=3, cursor=cursor))
            seen += [int(e.id, 16) for e in page.executions]
            await history.add(execution(100 + len(seen)))
            cursor = page.cursor
            if cursor is None:
                break
    assert seen == list(range(9, -1, -1))


async def test_it_is_filtered(url: str) -> None:
    now = datetime.now(UTC)
    async with opened(url) as history:
        await history.add(execution(1, session_id="a", finished_at=now - timedelta(days=2)))
        await history.add(execution(2, session_id="a", status="error"))
        await history.add(execution(3, language="r"))
        assert await found(history, session="a") == [2, 1]
        assert await found(history, status="error") == [2]
        assert await found(history, language="r") == [3]
        assert await found(history, since=now - timedelta(days=1)) == [3, 2]
        assert await found(history, session="a", status="ok") == [1]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("groupby", [1]),
        ("GROUPBY(", [1]),
        ("df", [3, 1]),
        ("é", [2]),
        ('say "hi"', [2]),
        ("100%", [2]),
        ("10%%", []),
        ("a_b", [3]),
        ("valueerror: no", [3]),
        ("*", [4]),
        ("NEAR(", [4]),
        ("nowhere", []),
    ],
)
async def test_a_text_is_found_in_code_and_output(
    url: str, wanted: str, numbers: list[int]
) -> None:
    error = {"name": "ValueError", "value": "no a_b", "traceback": [], "traceback_ansi": []}
    async with opened(url) as history:
        await history.add(execution(1, "df.groupby('x')"))
        await history.add(execution(2, stdout='Café: 100% say "hi"'))
        await history.add(execution(3, "df", error=error))
        await history.add(execution(4, "2 * 3  # NEAR(x)"))
        assert await found(history, q=wanted) == numbers


async def test_what_is_forgotten_is_found_no_more(url: str) -> None:
    async with opened(url) as history:
        await history.add(execution(1, "secret"))
        assert await history.delete(execution(1).id)
        assert not await history.delete(execution(1).id)
        assert await found(history, q="secret") == []


async def test_what_is_too_much_or_too_old_goes(url: str) -> None:
    async with opened(url, Retention(most=10, days=1)) as history:
        old = datetime.now(UTC) - timedelta(days=2)
        gone = await history.add(execution(0, finished_at=old))
        for number in range(1, 102):
            gone += await history.add(execution(number))
        assert len(gone) == 102 - len(await found(history))
        assert 10 <= len(await found(history)) <= 60
        assert execution(0).id in gone


async def test_two_servers_share_one_database(url: str) -> None:
    async with opened(url) as one, opened(url) as other:
        await asyncio.gather(
            *(one.add(execution(number)) for number in range(50)),
            *(other.add(execution(number)) for number in range(50, 100)),
        )
        assert sorted(await found(one, limit=1000)) == list(range(100))


async def test_the_file_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "history.sqlite"
    async with opened(f"sqlite:///{file}"):
        assert [stat.S_IMODE(p.stat().st_mode) for p in (file, file.parent)] == [0o600, 0o700]


async def test_a_corrupt_file_is_set_aside_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "history.sqlite"
    file.write_bytes(b"no database" * 1000)
    async with opened(f"sqlite:///{file}") as history:
        await history.add(execution(1))
        assert await found(history) == [1]
    (aside,) = tmp_path.glob("history.sqlite.unreadable-*")  # noqa: ASYNC240 (a test may wait)
    assert aside.read_bytes() == b"no database" * 1000
    (said,) = caplog.messages
    assert str(aside) in said


async def test_a_newer_file_is_left_alone_and_executions_are_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "history.sqlite"
    with sqlite3.connect(file) as newer:
        newer.execute("CREATE TABLE beaker_schema (version INTEGER)")
        newer.execute("INSERT INTO beaker_schema VALUES (999)")
    newer.close()
    async with opened(f"sqlite:///{file}") as history:
        await history.add(execution(1))
        assert await found(history) == [1]
    assert "version 999" in caplog.text
    newer = sqlite3.connect(file)
    assert newer.execute("SELECT name FROM sqlite_master").fetchall() == [("beaker_schema",)]
    newer.close()


async def test_a_full_disk_is_warned_of_once_and_nothing_stored_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opened(f"sqlite:///{tmp_path}/history.sqlite") as history:
        await history.add(execution(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
        try:
            for number in range(2, 5):
                await history.add(execution(number, stdout="x" * 1_000_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert len([m for m in caplog.messages if "not stored" in m]) == 1
        await history.add(execution(5))
        assert await found(history) == [5, 1]


async def test_the_loop_never_waits_for_the_database(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    async with opened(f"sqlite:///{path}") as history:
        locker = sqlite3.connect(path, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        adding = asyncio.create_task(history.add(execution(1)))
        await asyncio.sleep(0)
        assert not adding.done()
        locker.execute("COMMIT")
        locker.close()
        await adding
        assert await found(history) == [1]


def test_a_password_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert "secret" not in with_driver("postgresql://u:secret@h/d").render_as_string()
