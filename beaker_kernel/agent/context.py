"""What a context is: what the agent knows and can do in one field of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from beaker_kernel.agent.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beaker_kernel.agent.tool import Tool

Action: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]
"""An async function: the `Turn`, then the request's fields; it returns the reply's."""
Preview: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]
"""An async function: the `Turn`; it returns a mimebundle."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """A field of work.

    Attributes:
        prompt: what joins the system prompt.
        tools: what the model may use besides the tools that every context has.
        actions: what a frontend may ask for: a function ``rename`` answers `rename_request`.
        setup: code by language that is run when the context is chosen, and after each restart.
        preview: what a frontend shows beside the notebook, when it asks.

    """

    prompt: str = ""
    tools: tuple[Tool, ...] = ()
    actions: tuple[Action, ...] = ()
    setup: Mapping[str, str] = field(default_factory=dict)
    preview: Preview | None = None

    @cached_property
    def requests(self) -> dict[str, tuple[Action, Signature]]:
        """The actions by the type of their request.

        Raises:
            ConfigurationError: a parameter has no type, or one that JSON has no word for.

        """
        signatures = [(action, Signature.of(action)) for action in self.actions]
        return {f"{s.name}_request": (action, s) for action, s in signatures}

    def describe_actions(self) -> dict[str, dict[str, Any]]:
        """Return each action's docstring and fields, by its name."""
        told = [signature for _, signature in self.requests.values()]
        return {s.name: {"description": s.description, "parameters": s.schema} for s in told}


DEFAULT = Context()
"""Whatever the session is about."""
