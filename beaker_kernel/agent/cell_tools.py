"""The tools for notebooks whose frontend lets cells be read and changed.

Changes are the frontend's to make, each against the hash of what the model has read. Under `auto`
they are made; under any other policy they are offered as a difference, and the person takes it or
not. A cell runs as any other code of the model's: by the policy's word on exactly its source.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from beaker_kernel.agent.outputs import shorten
from beaker_kernel.agent.policy import PERSON
from beaker_kernel.agent.tool import ToolResult, refused, tool
from beaker_kernel.agent.tools import OFFERED
from beaker_kernel.agent.turn import OUTPUT

if TYPE_CHECKING:
    from beaker_kernel.agent.briefing import Redact
    from beaker_kernel.agent.notebook import Notebook, NotebookCell
    from beaker_kernel.agent.turn import Turn
    from beaker_kernel.protocol.messages import CellAck, CellOperation

SHORT, LONG = 600, 4_000
"""Characters of a cell where all are read, and where some are asked for."""
ROOM = OUTPUT - 500


@tool(effect="reads", needs="cells")
async def read_cells(turn: Turn, cell_ids: list[str] | None = None) -> ToolResult | str:
    """Read the notebook's cells: id, kind, execution count, source, output.

    Without `cell_ids`, all of them, each cut short. Read a cell before you change it.
    """
    notebook = _notebook(turn)
    cells = (await notebook.read()).cells
    wanted = [cell for cell in cells if cell_ids is None or cell.id in cell_ids]
    cut = SHORT if cell_ids is None else LONG
    told: list[str] = []
    for cell in wanted:
        told.append(_told(cell, cut, turn.redact))
        if sum(map(len, told)) > ROOM:
            told[-1] = f"({len(wanted) - len(told) + 1} more; ask for them by `cell_ids`)"
            break
        if len(cell.source) <= cut and turn.redact(cell.source) == cell.source:
            notebook.saw(cell)  # the whole of it: what is written back lacks nothing
    return "\n\n".join(told) or "(no such cells)"


@tool(effect="writes", needs="cells")
async def replace_cell(turn: Turn, cell_id: str, code: str) -> ToolResult:
    """Put other code into a cell that you have read."""
    cell = _notebook(turn).seen(cell_id)
    if cell is None:
        return _unread(cell_id)
    at_once = turn.policy == "auto"
    beaker = turn.provenance(code, "policy auto" if at_once else PERSON)
    op: CellOperation = "replace" if at_once else "diff"
    ack = await _notebook(turn).change(op, cell, source=code, beaker=beaker)
    return _result(ack, "The cell is replaced." if at_once else OFFERED)


@tool(effect="writes", needs="cells")
async def delete_cell(turn: Turn, cell_id: str) -> ToolResult:
    """Delete a cell that you have read."""
    cell = _notebook(turn).seen(cell_id)
    if cell is None:
        return _unread(cell_id)
    at_once = turn.policy == "auto"
    ack = await _notebook(turn).change("delete" if at_once else "diff", cell)
    return _result(ack, "The cell is deleted." if at_once else OFFERED)


@tool(effect="writes", needs="cells")
async def move_cell(turn: Turn, cell_id: str, after: str = "") -> ToolResult:
    """Move a cell that you have read below the cell `after`, or to the top."""
    cell = _notebook(turn).seen(cell_id)
    if cell is None:
        return _unread(cell_id)
    return _result(await _notebook(turn).change("move", cell, after=after), "The cell is moved.")


@tool(effect="runs", needs="cells")
async def run_cell(turn: Turn, cell_id: str) -> ToolResult:
    """Run a cell that you have read, where it stands. Its output will be below it."""
    cell = _notebook(turn).seen(cell_id)
    if cell is None:
        return _unread(cell_id)
    verdict = await turn.judge_code(cell.source)
    if not verdict.code:
        return refused(f"not run: {verdict.refusal}")
    said = ""
    if verdict.code != cell.source:
        said = f"The person changed the code to:\n{verdict.code}\n"
        ack = await _rewrite(turn, cell, verdict.code)
        if not ack.ok:
            return refused(said + _result(ack, "").text)
        cell = dataclasses.replace(cell, source=verdict.code)
    ran = {"run_by": turn.author, "ran_sha256": cell.sha256, "approved_by": verdict.by}
    ack = await _notebook(turn).change("run", cell, beaker=ran)
    started = "The cell is started; `read_cells` tells its output when it has ended."
    return _result(ack, said + started)


async def _rewrite(turn: Turn, cell: NotebookCell, code: str) -> CellAck:
    """Put what the person wrote into a cell, as theirs."""
    theirs = dataclasses.replace(turn, author="person", model="").provenance(code, PERSON)
    return await _notebook(turn).change("replace", cell, source=code, beaker=theirs)


def _notebook(turn: Turn) -> Notebook:
    assert turn.notebook, "the toolbox leaves these tools out where there is none"
    return turn.notebook


def _told(cell: NotebookCell, room: int, redact: Redact) -> str:
    """Describe a cell; it is redacted before it is cut, or a cut secret would not be known."""
    count = f" [{cell.execution_count}]" if cell.execution_count else ""
    source, output = shorten(redact(cell.source), room), redact(cell.output).strip()
    put_out = f"\n-- output\n{shorten(output, room)}" if output else ""
    return f"-- cell {cell.id}, {cell.kind}{count}\n{source}{put_out}"


def _unread(cell_id: str) -> ToolResult:
    return refused(f"you haven't read the whole cell {cell_id!r} as it is now: `read_cells` first")


def _result(ack: CellAck, done: str) -> ToolResult:
    if ack.ok:
        return ToolResult(done)
    why = ack.reason or "the person has changed it meanwhile"
    return refused(f"nothing was changed: {why}; read the cell again")
