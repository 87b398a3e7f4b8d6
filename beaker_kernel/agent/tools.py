"""The model's tools: typed functions whose schema is derived from their signature."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent import briefing
from beaker_kernel.agent.model import ToolSpec
from beaker_kernel.agent.policy import PERSON, Verdict, digest, judge
from beaker_kernel.errors import ApprovalRequired

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from beaker_kernel.agent.briefing import Redact
    from beaker_kernel.agent.model import Message, ToolCall
    from beaker_kernel.agent.replay import Tape
    from beaker_kernel.agent.session import Execution, Session
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.protocol.replies import Policy

OUTPUT = 8_000
"""Characters of a tool's result that the model sees."""
BUSY = "a cell is running, and this language's kernel can't be asked meanwhile; try again later"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back to the model: text, and images as data URLs."""

    text: str
    images: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one question.

    Attributes:
        session: where code runs.
        surface: where the person sees it, and is asked.
        policy: whose word it needs.
        model: the name of whoever wrote it, for the record.
        messages: what the model has read.
        redact: takes secrets out of what goes to the model.
        tape: where the person's word on code is kept, and found where nobody can be asked.

    """

    session: Session
    surface: Surface
    policy: Policy
    model: str
    messages: Sequence[Message]
    redact: Redact
    tape: Tape | None = None

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools as the model sees them."""
        return TOOLS

    async def use(self, call: ToolCall) -> ToolResult:
        """Use the tool that the model called; what is wrong with the call is said to the model.

        Raises:
            ApprovalRequired: the policy wants a person's word, and nobody can be asked.
            KernelDied: the subkernel ended meanwhile.

        """
        names = [tool.name for tool in TOOLS]
        if call.name not in names:
            return _refused(f"there is no tool {call.name!r}; there are {', '.join(names)}")
        tool: Callable[..., Awaitable[ToolResult]] = getattr(self, call.name)
        problem = call.problem or _misfit(tool, call.arguments)
        return _refused(problem) if problem else await tool(**call.arguments)

    async def insert_cell(self, code: str) -> ToolResult:
        """Put code into a new notebook cell. The person runs it and sees its output."""
        if self.surface.takes_cells or self.policy == "never":
            self.surface.cell(code)
            return ToolResult("The cell is in the notebook; the person can run it now.")
        return await self.run_code(code)

    async def run_code(self, code: str) -> ToolResult:
        """Run code in the live session and see its output."""
        if not code.strip():
            return _refused("there is no code to run")
        verdict = await self._judge(code)
        if not verdict.code:
            return _refused(f"not run: {verdict.refusal}")
        self.surface.code(verdict.code, self._record(verdict.code, verdict.by))
        execution = await self.session.execute(verdict.code, self.surface.header)
        return self._result(execution, verdict.code if verdict.code != code else "")

    async def _judge(self, code: str) -> Verdict:
        untrusted = briefing.holds_session_text(self.messages)
        try:
            verdict = await judge(
                self.policy,
                self.surface,
                code,
                untrusted=untrusted,
                sandboxed=bool(self.session.sandbox),
            )
        except ApprovalRequired:
            if self.tape and self.tape.approved(digest(code)):
                return Verdict(by=f"{PERSON}, as recorded", code=code)
            self.surface.withheld(code, self._record(code, None))
            raise
        if self.tape and verdict.by == PERSON and verdict.code == code:
            self.tape.approve(digest(code))
        return verdict

    def _record(self, code: str, approved_by: str | None) -> dict[str, Any]:
        """Return what an output's metadata say of the code that made it."""
        return {
            "author": "model",
            "model": self.model,
            "sha256": digest(code),
            "approved_by": approved_by,
        }

    def _result(self, execution: Execution, changed: str) -> ToolResult:
        text = execution.outputs.text(OUTPUT, self.redact) or "(no output)"
        said = f"The person changed the code to:\n{changed}\n" if changed else ""
        error = execution.error
        return ToolResult(said + briefing.fenced(text), execution.outputs.images, error)

    async def list_variables(self) -> ToolResult:
        """List the session's variables with type, shape and a short preview."""
        reply = await self.session.variables()
        if reply is None:
            return _refused(BUSY)
        lines = "\n".join(briefing.describe(variable) for variable in reply.variables)
        return ToolResult(briefing.fenced(lines or "(none, or not to be listed in this language)"))

    async def describe_variable(self, name: str) -> ToolResult:
        """Describe one variable: type, shape, and its beginning."""
        reply = await self.session.variables(names=(name,))
        if reply is None:
            return _refused(BUSY)
        if not reply.variables:
            return _refused(f"there is no variable {name!r}")
        return ToolResult(briefing.fenced(briefing.describe(reply.variables[0])))

    async def ask_user(self, question: str) -> ToolResult:
        """Ask the person a question when the answer can't be found in the session."""
        answer = await self.surface.ask(question)
        return ToolResult(answer) if answer else _refused("nobody answered; do without")


def spec(tool: Callable[..., Any]) -> ToolSpec:
    """Derive a tool's schema from its signature and docstring; all parameters are strings."""
    names = [name for name in inspect.signature(tool).parameters if name != "self"]
    parameters = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    description = inspect.getdoc(tool) or ""
    return ToolSpec(name=tool.__name__, description=description, parameters=parameters)


def _misfit(tool: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """Say what is wrong with a call's arguments; nothing where they fit."""
    wanted = set(inspect.signature(tool).parameters)
    if set(arguments) != wanted:
        return f"{tool.__name__} takes {', '.join(sorted(wanted)) or 'nothing'}"
    wrong = [name for name, value in arguments.items() if not isinstance(value, str)]
    return f"{wrong[0]} must be a string" if wrong else ""


def _refused(text: str) -> ToolResult:
    return ToolResult(text, error=text)


TOOLS = tuple(
    spec(tool)
    for tool in (
        Toolbox.insert_cell,
        Toolbox.run_code,
        Toolbox.list_variables,
        Toolbox.describe_variable,
        Toolbox.ask_user,
    )
)
"""The tools as the model sees them."""
