"""The context `data`: tables are looked at before anything is computed from them."""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.briefing import without_cut_words
from beaker_kernel.agent.context import Context
from beaker_kernel.agent.tool import ToolResult, refused, tool
from beaker_kernel.agent.tools import BUSY
from beaker_kernel.errors import ProtocolError

if TYPE_CHECKING:
    from beaker_kernel.agent.turn import Turn

_EXPRESSION = (
    "(lambda builtins, scope: (builtins.exec({source!r}, scope),"
    " scope[{function!r}](builtins.globals(), *{arguments!r}))[1])"
    "(__import__('builtins'), {{'__name__': 'beaker'}})"
)
"""`table_summary.py` in a namespace of its own; it changes nothing and leaves no name."""
NO_TABLES = "tables can be summarized in Python sessions alone"


@tool(effect="reads")
async def summarize_table(
    turn: Turn, table: str, columns: list[str] | None = None
) -> ToolResult | str:
    """Summarize a pandas data frame: each column's type, gaps, distinct values, range, examples.

    Leave `columns` out for the first thirty.
    """
    if turn.session.language.name != "python":
        return refused(NO_TABLES)
    try:
        summary = await _looked_at(turn, "summarize", table, columns)
    except ProtocolError as error:
        return refused(turn.data(str(error)))
    return refused(BUSY) if summary is None else without_cut_words(summary)


async def tables(turn: Turn) -> dict[str, Any]:
    """List the session's data frames with their shapes."""
    if turn.session.language.name != "python":
        return {"tables": []}
    found = await _looked_at(turn, "shapes")
    return {"tables": found or []}


async def preview(turn: Turn) -> dict[str, Any]:
    """Show the session's data frames."""
    found = (await tables(turn))["tables"]
    lines = [f"{name}: {rows} rows, {columns} columns" for name, rows, columns in found]
    return {"text/plain": "\n".join(lines) or "no tables yet"}


async def _looked_at(turn: Turn, function: str, *arguments: object) -> Any:  # noqa: ANN401
    """Return what a function of `table_summary.py` finds; ``None`` while a cell runs."""
    code = _EXPRESSION.format(source=_source(), function=function, arguments=arguments)
    shown = await turn.session.evaluate(code)
    return None if shown is None else ast.literal_eval(shown)


@cache
def _source() -> str:
    return files(__package__).joinpath("table_summary.py").read_text(encoding="utf-8")


DATA = Context(
    prompt=files(__package__).joinpath("prompts/data.md").read_text(encoding="utf-8"),
    tools=(summarize_table,),
    actions=(tables,),
    preview=preview,
)
