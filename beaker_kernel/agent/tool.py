"""What a tool is: a typed async function that declares what it does to the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from beaker_kernel.agent.model import ToolSpec
from beaker_kernel.agent.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Effect = Literal["writes", "runs", "reads", "reaches out"]
"""What a tool does: changes the notebook, runs code, only looks, or leaves this machine.

What a tool runs (`Turn.run`) is judged as code, whatever it declares. A call that reaches out is
itself what the policy judges, as it stands written.
"""
Need = Literal["cells"]
EFFECTS: tuple[Effect, ...] = ("writes", "runs", "reads", "reaches out")
"""In the order in which the model is told of its tools."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back to the model: text, and images as data URLs."""

    text: str
    images: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class Tool:
    """A function that the model may use.

    Attributes:
        effect: what it does to the world.
        needs: what the frontend must be able to do for it.

    """

    function: Callable[..., Awaitable[ToolResult | str]]
    effect: Effect
    signature: Signature
    needs: Need | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return self.signature.name

    @cached_property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        told = self.signature
        return ToolSpec(
            name=told.name,
            description=told.description,
            parameters=told.schema,
            everywhere=self.needs is None,
        )


def tool(
    *, effect: Effect, needs: Need | None = None
) -> Callable[[Callable[..., Awaitable[ToolResult | str]]], Tool]:
    """Make a tool of an async function: name, docstring and parameters are what the model is told.

    The first parameter gets the `Turn`; the others may be of any type that JSON has. A `str` that
    the function returns is marked as data, from which no orders are taken; a `ToolResult` is told
    as it is.

    Raises:
        ConfigurationError: a parameter has no type, or one that JSON has no word for.

    """

    def made(function: Callable[..., Awaitable[ToolResult | str]]) -> Tool:
        return Tool(function, effect, Signature.of(function), needs)

    return made


def refused(text: str) -> ToolResult:
    """Return the result of a call that came to nothing; the text is said to the model."""
    return ToolResult(text, error=text)


def written(name: str, arguments: dict[str, Any]) -> str:
    """Return a call as a line of text."""
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
