"""The tools that every context has; pyproject.toml names them as it would a stranger's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.agent import briefing, recorded
from beaker_kernel.agent.policy import PERSON, digest
from beaker_kernel.agent.tool import ToolResult, refused, tool

if TYPE_CHECKING:
    from beaker_kernel.agent.turn import Turn

INSERTED = "The cell is in the notebook; the person can run it now."
OFFERED = "It is offered as a difference; the person takes it or not."
BUSY = "a cell is running, and this language's kernel can't be asked meanwhile; try again later"


@tool(effect="writes")
async def insert_cell(turn: Turn, code: str) -> ToolResult:
    """Put code into a new notebook cell. The person runs it and sees its output."""
    tape, sha256 = turn.tape, digest(code)
    if told := await _placed(turn, code):
        if tape:
            tape.place(sha256, told)
        return ToolResult(told)
    if tape and (told := tape.placed(sha256)):
        turn.surface.placed(code)  # it is in the notebook, and runs there
        return ToolResult(told)
    if not turn.may_run:
        turn.surface.cell(code)
        return ToolResult(INSERTED)
    result = await turn.run(code)
    if tape:
        tape.place(sha256, "")
    return result


async def _placed(turn: Turn, code: str) -> str:
    """Put code before the person and say how; empty where there is nobody who could run it."""
    if told := await _in_notebook(turn, code):
        turn.surface.placed(code)
        return told
    if turn.surface.takes_cells:
        turn.surface.cell(code)
        return INSERTED
    return ""


async def _in_notebook(turn: Turn, code: str) -> str:
    """Put code before the person by their notebook, and say how; empty where that can't be."""
    notebook = turn.notebook
    if notebook is None:
        return ""
    if notebook.corrects:
        offered = await notebook.offer(code, turn.provenance(code, PERSON))
        return OFFERED if offered.ok else ""
    inserted = await notebook.insert(code, turn.provenance(code, None))
    return INSERTED if inserted.ok else ""


@tool(effect="runs")
async def run_code(turn: Turn, code: str) -> ToolResult:
    """Run code in the live session and see its output."""
    return await turn.run(code)


@tool(effect="reads")
async def list_variables(turn: Turn) -> ToolResult:
    """List the session's variables with type, shape and a short preview."""
    reply = await turn.session.variables()
    if reply is None:
        return refused(BUSY)
    lines = "\n".join(briefing.describe(variable) for variable in reply.variables)
    return ToolResult(briefing.fenced(lines or "(none, or not to be listed in this language)"))


@tool(effect="reads")
async def describe_variable(turn: Turn, name: str) -> ToolResult:
    """Describe one variable: type, shape, and its beginning."""
    reply = await turn.session.variables(names=(name,))
    if reply is None:
        return refused(BUSY)
    if not reply.variables:
        return refused(f"there is no variable {name!r}")
    return ToolResult(briefing.fenced(briefing.describe(reply.variables[0])))


@tool(effect="reads")
async def ask_user(turn: Turn, question: str) -> ToolResult:
    """Ask the person a question when the answer can't be found in the session."""
    answer = await turn.surface.ask(question)
    if turn.tape:
        answer = recorded.answer(question, answer, turn.tape, turn.redact)
    return ToolResult(answer) if answer else refused("nobody answered; do without")
