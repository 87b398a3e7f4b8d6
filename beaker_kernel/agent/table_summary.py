"""A look at pandas data frames. `data_context.py` sends this file's text to the subkernel.

It imports nothing, so it costs nothing where there is no pandas, and reads at most `ROWS` rows.
"""
# ruff: noqa: ANN401 - frames are known by what they are, not by an import

from __future__ import annotations

from typing import Any

ROWS = 100_000
TABLES, COLUMNS = 100, 30
EXAMPLES = 5
ROOM = 60
"""Characters of a value or a name."""


def shapes(namespace: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return name, rows and columns of the last data frames."""
    named = [(name, value) for name, value in list(namespace.items()) if not name.startswith("_")]
    return [(name, *frame.shape) for name, frame in named if _is_frame(frame)][-TABLES:]


def summarize(namespace: dict[str, Any], name: str, columns: list[str] | None) -> str:
    """Describe a frame's columns, a line each.

    Raises:
        LookupError: there is no such frame or column.

    """
    frame: Any = namespace.get(name)
    if not _is_frame(frame):
        raise LookupError(f"there is no data frame {name!r}")
    wanted = list(frame.columns)[:COLUMNS] if columns is None else _known(frame, columns)
    rows, total = frame.shape
    lines = [f"{name}: {rows} rows, {total} columns" + _limits(rows, total, len(wanted))]
    return "\n".join([*lines, *(_column(frame.iloc[:ROWS], column) for column in wanted)])


def _is_frame(value: object) -> bool:
    classes = type(value).__mro__
    return any(c.__name__ == "DataFrame" and c.__module__.startswith("pandas") for c in classes)


def _known(frame: Any, columns: list[str]) -> list[Any]:
    by_text = {str(column): column for column in frame.columns}
    missing = [column for column in columns if column not in by_text]
    if missing:
        there = ", ".join(list(by_text)[:COLUMNS])
        raise LookupError(f"no column {missing[0]!r}; there are {there}")
    return [by_text[column] for column in columns]


def _limits(rows: int, columns: int, shown: int) -> str:
    first = f"; figures are of the first {ROWS} rows" if rows > ROWS else ""
    return first + (f"; {columns - shown} columns are not shown" if shown < columns else "")


def _column(frame: Any, column: Any) -> str:
    position = list(frame.columns).index(column)
    values = frame.iloc[:, position]
    gaps = int(values.isna().sum())
    return f"{_cut(str(column))}: {values.dtype}, {gaps} gaps, {_values(values.dropna())}"


def _values(values: Any) -> str:
    try:
        distinct = int(values.nunique())
    except TypeError:  # lists and mappings can't be counted
        return f"such as {_shown(values.iloc[:EXAMPLES])}"
    if distinct > EXAMPLES and values.dtype.kind in "iufmM":
        low, middle, high = (values.min(), values.median(), values.max())
        return f"{distinct} distinct, {low} to {high}, median {middle}"
    return f"{distinct} distinct: {_shown(values.value_counts().index[:EXAMPLES])}"


def _shown(values: Any) -> str:
    return ", ".join(_cut(repr(value)) for value in list(values))


def _cut(text: str) -> str:
    """Cut a text, and mark it: part of a word, which may be part of a key, is left out by that."""
    return text if len(text) <= ROOM else f"{text[:ROOM]}…"
