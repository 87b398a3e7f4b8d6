"""The model's tools: typed functions whose schema is derived from their signature."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent import context
from beaker_kernel.agent.model import ToolSpec
from beaker_kernel.agent.policy import digest, judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from beaker_kernel.agent.model import ToolCall
    from beaker_kernel.agent.session import Session
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.protocol.replies import Policy

OUTPUT = 8_000
"""Characters of a tool's result that the model sees."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back to the model: text, and images as data URLs."""

    text: str
    images: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one question, bound to its session, its surface and its policy."""

    session: Session
    surface: Surface
    policy: Policy
    model: str

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
        if self.surface.takes_cells:
            self.surface.cell(code)
            return ToolResult("The cell is in the notebook; the person can run it now.")
        return await self.run_code(code)

    async def run_code(self, code: str) -> ToolResult:
        """Run code in the live session and see its output."""
        verdict = await judge(self.policy, self.surface, code, "the model wants to run this code")
        if verdict.decision == "reject":
            return _refused(f"not run: {verdict.by} refused it. Offer it with insert_cell instead.")
        record = {
            "author": "model",
            "model": self.model,
            "sha256": digest(verdict.code),
            "approved_by": verdict.by,
        }
        self.surface.code(verdict.code, record)
        execution = await self.session.execute(verdict.code, self.surface.header)
        outputs = execution.outputs
        text = outputs.text(OUTPUT) or "(no output)"
        changed = f"The person changed the code to:\n{verdict.code}\n" * (verdict.code != code)
        return ToolResult(changed + context.fenced(text), outputs.images, outputs.error)

    async def list_variables(self) -> ToolResult:
        """List the session's variables with type, shape and a short preview."""
        reply = await self.session.variables()
        lines = "\n".join(context.describe(variable) for variable in reply.variables)
        return ToolResult(context.fenced(lines or "(none, or not to be listed in this language)"))

    async def describe_variable(self, name: str) -> ToolResult:
        """Describe one variable: type, shape, and its beginning."""
        reply = await self.session.variables(names=(name,))
        if not reply.variables:
            return _refused(f"there is no variable {name!r}, or a cell is running")
        return ToolResult(context.fenced(context.describe(reply.variables[0])))

    async def ask_user(self, question: str) -> ToolResult:
        """Ask the person a question when the answer can't be found in the session."""
        answer = await self.surface.ask(question)
        return ToolResult(answer) if answer else _refused("nobody is there to answer")


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
