"""How much fits into a request, so that the endpoint need not complain.

Nobody but the endpoint can count its tokens: they are estimated from characters, and each usage
that it reports corrects the estimate. Where it reports none, the estimate is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING

from beaker_kernel.agent.briefing import said
from beaker_kernel.agent.model import Usage
from beaker_kernel.agent.outputs import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beaker_kernel.agent.model import Completion, Message, ToolSpec

PART = 0.75
"""The part of the context that a request may fill; the rest is for the answer."""
BRIEFING = 1 / 3
"""The part of a request that tells of the session."""
SHORT = 400
"""Characters that are left of an old tool result where room is short."""
WRAPPING = 60
"""Characters of names, roles and ids around the text of a message or a call."""
LEAST, MOST = 1.0, 6.0
"""Characters that a token may have."""


@dataclass(slots=True)
class Room:
    """What one model's context holds.

    Attributes:
        context: its tokens; 0 where nobody has said, which counts as endless until one is too long.
        characters_per_token: as far as is known.
        estimates: whether the endpoint has left a usage out.

    """

    context: int = 0
    characters_per_token: float = 4.0
    estimates: bool = False

    @property
    def characters(self) -> float:
        """What a request may have."""
        return self.context * self.characters_per_token * PART if self.context else inf

    def tokens(self, characters: int) -> int:
        """Return about how many tokens so many characters are."""
        return ceil(characters / self.characters_per_token)

    def learn(self, characters: int, tokens: int) -> None:
        """Take in how many tokens the endpoint has counted."""
        if tokens:
            self.characters_per_token = min(MOST, max(LEAST, characters / tokens))

    def exceeded(self, characters: int, limit: int) -> None:
        """Take in that a request of so many characters was too long for the endpoint.

        `limit` are the tokens that fit, or 0 where it doesn't name them. What may be sent from now
        on is shorter in any case: where the estimate says that it did fit, the estimate is wrong.
        """
        context = limit or self.context
        if context:
            most = max(LEAST, characters / context)
            self.characters_per_token = min(self.characters_per_token, most)
        sent = int(characters / self.characters_per_token)
        self.context = max(1, min(context or sent, sent))

    def counted(self, completion: Completion, sent: int, thought: int = 0) -> Usage:
        """Return what a completion took: as the endpoint counts, or else about as much.

        `sent` are the characters of its request, `thought` those of its reasoning.
        """
        if completion.usage and completion.usage.prompt_tokens:
            self.learn(sent, completion.usage.prompt_tokens)
            return completion.usage
        self.estimates = True
        answered = size([completion.message]) + thought
        return Usage(prompt_tokens=self.tokens(sent), completion_tokens=self.tokens(answered))


def size(messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
    """Return about the characters of messages and tools, without images."""
    return sum(map(_length, messages)) + sum(tool.size for tool in tools)


def _length(message: Message) -> int:
    """Return a message's characters; to encode it would take longer than all else of a step."""
    text = said(message)
    if isinstance(message.get("content"), list):
        return len(text)
    functions = [call["function"] for call in message.get("tool_calls") or ()]
    called = sum(len(f["name"]) + len(f["arguments"]) + WRAPPING for f in functions)
    return len(text) + called + WRAPPING


def shorten_results(messages: Sequence[Message], excess: float) -> bool:
    """Cut old tool results, the oldest first, by so many characters; tell whether any was cut.

    The last one stays: the model hasn't answered it yet.
    """
    results = [message for message in messages if message["role"] == "tool"][:-1]
    long = [result for result in results if len(result["content"]) > SHORT]
    cut = False
    for result in long:
        if excess <= 0:
            break
        before = len(result["content"])
        result["content"] = shorten(result["content"], SHORT)
        excess -= before - len(result["content"])
        cut = True
    return cut
