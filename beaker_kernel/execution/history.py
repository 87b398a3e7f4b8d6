"""The executions of the past, in a database of SQLAlchemy: SQLite by default, PostgreSQL by URL.

One thread talks to the database, so the loop never waits for a disk. What can't be stored costs
nobody an execution: it is warned of once, until storing succeeds again.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from jupyter_core.paths import jupyter_data_dir
from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from beaker_kernel.errors import NewerDatabase
from beaker_kernel.execution import schema
from beaker_kernel.execution.requests import ExecutionPage
from beaker_kernel.execution.results import Execution
from beaker_kernel.execution.schema import executions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Select

    from beaker_kernel.execution.requests import Filter

TRIM_EVERY = 50
"""Executions between two looks for those that are too many or too old."""
OUTPUT = 200_000
"""Characters of an execution's output in which `q` is looked for."""
log = logging.getLogger(__name__)
T = TypeVar("T")


class Retention(NamedTuple):
    """What is kept.

    Attributes:
        most: executions, at most; 0 for all.
        days: since they ended, at most; 0 for ever.

    """

    most: int = 100_000
    days: float = 365


KEPT = Retention()


class History:
    """The stored executions of one database.

    Attributes:
        url: of the database, without its password.

    Args:
        url: of the database.
        retention: what is kept.
        look: whether it is only looked at: then nothing is made, and nothing set aside.

    """

    def __init__(self, url: str, retention: Retention = KEPT, *, look: bool = False) -> None:
        self._engine = schema.open_engine(schema.with_driver(url)) if look else _opened(url)
        self.url = make_url(url).render_as_string()
        self._retention = retention
        self._thread = ThreadPoolExecutor(1, "history")
        self._failing = False
        self._added = 0

    async def add(self, execution: Execution, who: str = "", body: bytes = b"") -> list[str]:
        """Store an execution, and return the ids of those that had to go for it.

        Args:
            execution: one that is over.
            who: has had it run.
            body: the execution as JSON, where somebody has it already: it may be long.

        """
        try:
            return await self._on_thread(lambda: self._add(execution, who, body))
        except SQLAlchemyError as error:
            self._warn_once(error)
        return []

    async def get(self, name: str) -> Execution | None:
        """Return an execution, or None."""
        body = await self._on_thread(lambda: self._body(name))
        return Execution.model_validate_json(body) if body else None

    async def delete(self, name: str) -> bool:
        """Forget an execution, and say whether there was one."""
        statement = delete(executions).where(executions.c.id == name)
        return await self._on_thread(lambda: self._run(statement)) > 0

    async def page(self, wanted: Filter) -> ExecutionPage:
        """Return a page of executions, newest first; what is added meanwhile changes no page."""
        rows = await self._on_thread(lambda: self._rows(wanted))
        cursor = str(rows[-1][0]) if len(rows) == wanted.limit else None
        return ExecutionPage(
            executions=[Execution.model_validate_json(body) for _, body in rows], cursor=cursor
        )

    async def close(self) -> None:
        """Let go of the database."""
        await self._on_thread(self._engine.dispose)
        self._thread.shutdown()

    def _on_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _add(self, execution: Execution, who: str, body: bytes) -> list[str]:
        output = "\n".join(text[:OUTPUT] for text in _texts(execution))[:OUTPUT]
        row = {
            "id": execution.id,
            "who": who,
            "session": execution.session_id,
            "language": execution.language,
            "status": execution.status,
            "finished": (execution.finished_at or datetime.now(UTC)).timestamp(),
            "code": execution.code.replace("\0", "\ufffd"),
            "output": output.replace("\0", "\ufffd"),
            "body": body.decode() or execution.model_dump_json(),
        }
        with self._engine.begin() as connection:
            connection.execute(insert(executions).values(row))
            self._added += 1
            gone = self._trimmed(connection) if self._added % TRIM_EVERY == 1 else []
        self._failing = False
        return gone

    def _trimmed(self, connection: Connection) -> list[str]:
        """Remove what is too much or too old, and return its ids."""
        most, days = self._retention
        gone: list[str] = []
        if most:
            newest = select(func.max(executions.c.seq)).scalar_subquery()
            gone += _removed(connection, executions.c.seq <= newest - most)
        if days:
            since = (datetime.now(UTC) - timedelta(days=days)).timestamp()
            gone += _removed(connection, executions.c.finished < since)
        return gone

    def _rows(self, wanted: Filter) -> list[tuple[int, str]]:
        query = select(executions.c.seq, executions.c.body).order_by(executions.c.seq.desc())
        with self._engine.connect() as connection:
            found = connection.execute(_filtered(query, wanted, connection).limit(wanted.limit))
            return [(row.seq, row.body) for row in found]

    def _body(self, name: str) -> str | None:
        query = select(executions.c.body).where(executions.c.id == name)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
            return row.body if row else None

    def _run(self, statement: schema.Statement) -> int:
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def _warn_once(self, error: SQLAlchemyError) -> None:
        if not self._failing:
            log.warning("executions are not stored: %s", getattr(error, "orig", error))
        self._failing = True


def default_url() -> str:
    """Return the database that ``BEAKER_HISTORY`` names, else the one in Jupyter's data folder."""
    given = os.environ.get("BEAKER_HISTORY", "")
    return given or f"sqlite:///{jupyter_data_dir()}/beaker/history.sqlite"


def missing_file(url: str) -> Path | None:
    """Return the file of an SQLite database that does not exist, else None.

    Raises:
        ConfigurationError: it is no URL.

    """
    parsed = schema.with_driver(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    path = Path(parsed.database)
    return None if path.name == ":memory:" or "uri" in parsed.query or path.exists() else path


def _filtered(
    query: Select[tuple[int, str]], wanted: Filter, connection: Connection
) -> Select[tuple[int, str]]:
    columns = {"session": wanted.session, "status": wanted.status, "language": wanted.language}
    for name, value in columns.items():
        if value is not None:
            query = query.where(executions.c[name] == value)
    if wanted.since:
        query = query.where(executions.c.finished >= wanted.since.timestamp())
    if wanted.cursor:
        query = query.where(executions.c.seq < int(wanted.cursor))
    if wanted.q:
        query = query.where(schema.holds(wanted.q, connection))
    return query


def _removed(connection: Connection, which: schema.Condition) -> list[str]:
    gone = list(connection.execute(select(executions.c.id).where(which)).scalars())
    if gone:
        connection.execute(delete(executions).where(which))
    return gone


def _texts(execution: Execution) -> Iterable[str]:
    """Yield what a person would search in, beside the code."""
    yield execution.stdout
    yield execution.stderr
    yield from (result.text or "" for result in execution.results)
    if execution.error:
        yield f"{execution.error.name}: {execution.error.value}"


def _opened(url: str) -> Engine:
    """Open a database and bring it up to date; one that can't be read is set aside."""
    parsed = schema.with_driver(url)
    path = (
        Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    )
    if path:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return schema.open_engine(parsed)
    except NewerDatabase as error:
        log.warning("%s; executions are kept in memory", error)
    except DatabaseError as error:
        if path is None:
            raise
        aside = _set_aside(path)
        log.warning("the history %s can't be read (%s); it is now %s", path, error.orig, aside)
        return schema.open_engine(parsed)
    return schema.open_engine(make_url("sqlite://"))


def _set_aside(path: Path) -> Path:
    """Give a file that can't be read, and what SQLite has beside it, another name."""
    aside = path.with_name(f"{path.name}.unreadable-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside
