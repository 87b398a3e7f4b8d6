"""Which context is active, and what the session needs for it."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from beaker_kernel.agent import plugins
from beaker_kernel.agent.context import DEFAULT, Context
from beaker_kernel.agent.tool import Tool
from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beaker_kernel.agent.plugins import Plugins
    from beaker_kernel.agent.session import Session


class Contexts:
    """The contexts and tools that are installed, and the one context that is active.

    Args:
        session: what a context's setup code runs in.
        name: the context to begin with.
        announce: told the types of request that the active context adds.

    Attributes:
        name: the active context's.

    """

    def __init__(
        self, session: Session, name: str, announce: Callable[[Sequence[str]], None]
    ) -> None:
        self._session = session
        self._set_up_in = -1
        self._setting_up = asyncio.Lock()
        self.name = name
        self._announce = announce

    @cached_property
    def _contexts(self) -> Plugins[Context]:
        return plugins.load(plugins.CONTEXTS, Context)

    @cached_property
    def _tools(self) -> Plugins[Tool]:
        return plugins.load(plugins.TOOLS, Tool)

    @property
    def active(self) -> Context:
        """The active context; the plain one where that of the settings isn't there."""
        return self._contexts.found.get(self.name, DEFAULT)

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model may use; a context's own tool goes before another of its name."""
        return (*self._tools.found.values(), *self.active.tools)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with what is installed, a line each."""
        return self._contexts.problems + self._tools.problems

    def find(self, name: str) -> Context:
        """Return a context.

        Raises:
            ConfigurationError: there is none of that name; the text lists those that there are.

        """
        contexts, problems = self._contexts
        if name in contexts:
            return contexts[name]
        said = [f"there is no context {name!r}; there are {', '.join(sorted(contexts))}"]
        raise ConfigurationError("; ".join([*said, *problems]))

    def introduce(self) -> None:
        """Let the active context's requests reach us, be it set up or not."""
        self._announce(list(self.active.requests))

    async def choose(self, name: str, shown_under: bytes) -> None:
        """Make another context the active one; the session's variables stay.

        Raises:
            ConfigurationError: there is none of that name, or its setup code failed.
            KernelDied: the subkernel ended meanwhile.

        """
        async with self._setting_up:
            await self._set_up(name, self.find(name), shown_under)

    async def prepare(self, shown_under: bytes) -> None:
        """Set the active context up in a session that doesn't know it yet.

        Raises:
            ConfigurationError: its setup code failed.
            KernelDied: the subkernel ended meanwhile.

        """
        async with self._setting_up:
            if self._set_up_in != self._session.generation:
                await self._set_up(self.name, self.find(self.name), shown_under)

    async def _set_up(self, name: str, context: Context, shown_under: bytes) -> None:
        code = context.setup.get(self._session.language.name, "")
        execution = await self._session.execute(code, shown_under) if code else None
        if execution and execution.error:
            raise ConfigurationError(
                f"the setup code of the context {name} failed: {execution.error}; "
                "`%beaker context default` does without"
            )
        self.name = name
        self._set_up_in = self._session.generation
        self._announce(list(context.requests))
