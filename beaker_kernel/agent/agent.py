"""The agent's loop: ask the model, use its tools, append, until it answers or a limit is hit."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from beaker_kernel.agent.budget import Budget
from beaker_kernel.agent.conversation import close_turn
from beaker_kernel.agent.model import Completion, Message, Retry, TextDelta, ThoughtDelta
from beaker_kernel.agent.room import Room, shorten_results, size
from beaker_kernel.agent.vigil import Vigil
from beaker_kernel.errors import BudgetExceeded, ContextExceeded, ModelResponseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from beaker_kernel.agent.model import Model, ToolCall, ToolSpec
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.agent.tool import ToolResult
    from beaker_kernel.protocol.messages import ToolState

ESTIMATED = "The endpoint doesn't say how many tokens it takes: they are estimated, as is the cost."


class Tools(Protocol):
    """What the model may use."""

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """The tools as the model sees them."""

    async def use(self, call: ToolCall) -> ToolResult:
        """Use a tool."""


@dataclass(slots=True, kw_only=True)
class Agent:
    """Answers one question.

    Attributes:
        messages: what is sent is what is kept; the question is its last one.
        redact: takes secrets out of what a tool gives back.
        images: whether the model can look at images.
        budget: what it may take, and has taken.
        room: what fits into a request.
        anew: returns the messages that ask the question, for the room that there is now beside so
            many characters of what followed it.
        waited_for_since: when the person began to wait, if that was before the model is asked.

    """

    model: Model
    tools: Tools
    surface: Surface
    messages: list[Message]
    redact: Callable[[str], str]
    budget: Budget = field(default_factory=Budget)
    room: Room = field(default_factory=Room)
    images: bool = True
    anew: Callable[[int], Awaitable[list[Message]]] | None = None
    waited_for_since: float | None = None
    _asked: int = 0
    _said: str = ""
    _sent: int = 0
    _thought: int = 0

    async def run(self) -> str:
        """Answer the question that ends the messages, and return the answer's text.

        However it ends, the messages are left such that every endpoint takes them back.

        Raises:
            BudgetExceeded: a limit is reached; what was said until then is kept.
            ModelError: the endpoint gave no answer.
            ApprovalRequired: the policy wants a person's word, and nobody can be asked.
            KernelDied: the subkernel ended while code of the model ran.

        """
        self._asked = len(self.messages)
        try:
            text = await self._answer()
        except BaseException as error:
            close_turn(self.messages, self._said, _broken_off(error))
            raise
        close_turn(self.messages, "", "nothing more to say")
        return text

    async def _answer(self) -> str:
        while True:
            self.budget.step()
            completion = await self.step()
            if not completion.tool_calls:
                return completion.text
            for warning in self.budget.warnings():
                self.surface.notice(warning)

    async def step(self) -> Completion:
        """Ask the model once and use the tools that it calls."""
        self._make_room()
        try:
            completion = await self.query()
        except ContextExceeded:
            if not await self._shorten():
                raise
            completion = await self.query()
        self.messages.append(completion.message)
        if lack := _lack(completion):
            self.surface.notice(lack)
        images = [image for call in completion.tool_calls for image in await self.use(call)]
        if images and self.images:
            self.messages.append(_showing(images))
        return completion

    def _make_room(self) -> None:
        """Shorten old results where the next request would be too long, and say so."""
        self._sent = size(self.messages, self.tools.specs)
        excess = self._sent - self.room.characters
        if excess > 0 and shorten_results(self.messages, excess):
            self._sent = size(self.messages, self.tools.specs)
            self.surface.notice("The model's context is full: earlier results were shortened.")

    async def _shorten(self) -> bool:
        """Tell less of what was before, as the endpoint found it too long; say whether it could."""
        before = self._sent
        if self.anew:
            asked = await self.anew(size(self.messages[self._asked :]))
            self.messages[: self._asked] = asked
            self._asked = len(asked)
        self._make_room()
        shorter = self._sent < before
        if shorter:
            self.surface.notice("That was too long for the model; it is asked again with less.")
        return shorter

    async def query(self) -> Completion:
        """Ask the model for the next message, and show it as it comes."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.budget.limits.seconds - self.budget.seconds):
                return await self._stream()
        except TimeoutError as error:
            message = f"the model took over {self.budget.limits.seconds:g} s; ask again to go on"
            raise BudgetExceeded(message) from error
        except ContextExceeded as error:
            self.room.exceeded(self._sent, error.limit)
            raise
        finally:
            self.budget.seconds += time.monotonic() - began

    async def _stream(self) -> Completion:
        self._said, self._thought = "", 0
        stream = self.model.stream(self.messages, self.tools.specs)
        since, self.waited_for_since = self.waited_for_since, None
        with Vigil(self.model, self.surface, since) as vigil:
            async with aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, Completion):
                        self._said = ""
                        self._count(event)
                        return event
                    self._show(event, vigil)
        raise ModelResponseError(f"{self.model.endpoint} ended its answer without a result")

    def _show(self, event: TextDelta | ThoughtDelta | Retry, vigil: Vigil) -> None:
        match event:
            case TextDelta():
                self._said += event.text
                vigil.heard()
                self.surface.delta(event.text)
            case ThoughtDelta():
                self._thought += len(event.text)
                vigil.heard(thought=True)
                self.surface.delta(event.text, thought=True)
            case Retry():
                vigil.retry(event)

    async def use(self, call: ToolCall) -> list[str]:
        """Use one tool, append its answer, and return the images that it put out."""
        self.surface.tool_started(call)
        try:
            result = await self.tools.use(call)
        except BaseException as error:
            stopped = isinstance(error, asyncio.CancelledError)
            state: ToolState = "cancelled" if stopped else "error"
            self.surface.tool_ended(call, state, error=self.redact(str(error)))
            raise
        text, failure = self.redact(result.text), self.redact(result.error)
        self.surface.tool_ended(call, "error" if failure else "done", text, failure)
        self.messages.append({"role": "tool", "tool_call_id": call.id, "content": text})
        return result.images

    def _count(self, completion: Completion) -> None:
        told = self.room.estimates
        usage = self.room.counted(completion, self._sent, self._thought)
        self.surface.usage(usage, self.budget, self.budget.count(usage))
        if self.room.estimates and not told:
            self.surface.notice(ESTIMATED)


def _lack(completion: Completion) -> str:
    """Say what an answer lacks, in words for the person; empty where it is whole."""
    if completion.filtered:
        return "The endpoint's content filter ended the answer; ask otherwise, or another model."
    if completion.tool_calls:
        return ""
    if completion.truncated:
        return "The answer was cut off at the model's limit; ask it to go on."
    return "" if completion.text.strip() else "The model said nothing; ask again, or another model."


def _broken_off(error: BaseException) -> str:
    """Say why a turn ended early, in words for the model."""
    if isinstance(error, asyncio.CancelledError):
        return "the person stopped this"
    return f"this failed: {type(error).__name__}"


def _showing(images: Sequence[str]) -> Message:
    """Return images as a message; a tool's answer can hold text alone."""
    shown = [{"type": "image_url", "image_url": {"url": url}} for url in images]
    return {"role": "user", "content": [{"type": "text", "text": "The images put out:"}, *shown]}
