"""The tables of the history, how they came to be, and how text is searched in each dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Delete,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from beaker_kernel.errors import ConfigurationError, NewerDatabase

if TYPE_CHECKING:
    from sqlalchemy import URL, ColumnElement, Connection

    Condition = ColumnElement[bool]

VERSION = 1
"""Of the tables; each change adds a step to `_updated`."""
PATIENCE = 10
"""Seconds that a writer waits for another server's."""
TRIGRAM = 3
"""Characters from which an index of trigrams finds a text."""
TAKEN = "a history is named by sqlite:///FILE or postgresql://USER@HOST/NAME"
Statement = Delete

metadata = MetaData()
executions = Table(
    "executions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), unique=True, nullable=False),
    Column("who", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("finished", Double, nullable=False),
    Column("code", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("executions_by_session", "session", "seq"),
    Index("executions_by_finished", "finished"),
    sqlite_autoincrement=True,
)
versions = Table("beaker_schema", metadata, Column("version", Integer, nullable=False))

SEARCH: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE VIRTUAL TABLE executions_text USING fts5"
        "(code, output, content='executions', content_rowid='seq', tokenize='trigram')",
        "CREATE TRIGGER executions_added AFTER INSERT ON executions BEGIN "
        "INSERT INTO executions_text(rowid, code, output) VALUES (new.seq, new.code, new.output); "
        "END",
        "CREATE TRIGGER executions_removed AFTER DELETE ON executions BEGIN "
        "INSERT INTO executions_text(executions_text, rowid, code, output) "
        "VALUES ('delete', old.seq, old.code, old.output); END",
    ),
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX executions_text ON executions "
        "USING gin (code gin_trgm_ops, output gin_trgm_ops)",
    ),
}
"""What makes a substring quick to find."""


def with_driver(url: str) -> URL:
    """Return a URL that names the driver we have.

    Raises:
        ConfigurationError: it is no URL, or lacks the user that the driver needs.

    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: its port is no number
        message = f"the history's database is not given as a URL; {TAKEN}"
        raise ConfigurationError(message) from None  # which may hold a password
    if parsed.drivername != "postgresql":
        return parsed
    if not parsed.username and "user" not in parsed.query:
        raise ConfigurationError(f"{parsed.render_as_string()} names no user; {TAKEN}")
    return parsed.set(drivername="postgresql+pg8000")


def open_engine(url: URL) -> Engine:
    """Open a database, with tables of this version.

    Raises:
        NewerDatabase: they are of a later one.
        DatabaseError: it can't be read.

    """
    settings: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        settings["connect_args"] = {"timeout": PATIENCE, "check_same_thread": False}
        if not url.database:
            settings["poolclass"] = StaticPool
    engine = create_engine(url, **settings)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_at_once)
    try:
        with engine.begin() as connection:
            _updated(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def holds(wanted: str, connection: Connection) -> Condition:
    """Return the condition that code or output hold a text, in upper or lower case."""
    if connection.dialect.name == "sqlite" and len(wanted) >= TRIGRAM:
        phrase = '"' + wanted.replace('"', '""') + '"'
        found = text("SELECT rowid FROM executions_text WHERE executions_text MATCH :phrase")
        return executions.c.seq.in_(found.bindparams(phrase=phrase))
    return or_(
        executions.c.code.icontains(wanted, autoescape=True),
        executions.c.output.icontains(wanted, autoescape=True),
    )


def _updated(connection: Connection) -> None:
    """Make the tables, or bring them from their version to ours."""
    if connection.dialect.name == "postgresql":  # two servers may start at once
        connection.execute(select(func.pg_advisory_xact_lock(0xBEA)))
    versions.create(connection, checkfirst=True)
    found = connection.execute(select(versions.c.version)).scalar()
    if found and found > VERSION:
        message = f"the history has version {found}, and this Beaker knows {VERSION}"
        raise NewerDatabase(message)
    if found is None:
        executions.create(connection)
        for statement in SEARCH.get(connection.dialect.name, ()):
            connection.execute(text(statement))
        connection.execute(insert(versions).values(version=VERSION))


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's own)
    connection.isolation_level = None  # we say ourselves when a transaction begins
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_at_once(connection: Connection) -> None:
    """Begin as a writer: one that becomes it later can't wait for another's end."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
