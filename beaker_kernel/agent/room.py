"""How much fits into a request, so that the endpoint need not complain.

Nobody but the endpoint can count its tokens: they are estimated from characters, and each usage
that it reports corrects the estimate.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import inf
from typing import TYPE_CHECKING

from beaker_kernel.agent.outputs import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beaker_kernel.agent.model import Message, ToolSpec

PART = 0.75
"""The part of the context that a request may fill; the rest is for the answer."""
BRIEFING = 1 / 3
"""The part of a request that tells of the session."""
SHORT = 400
"""Characters that are left of an old tool result where room is short."""
LEAST, MOST = 1.0, 6.0
"""Characters that a token may have."""


@dataclass(slots=True)
class Room:
    """What one model's context holds.

    Attributes:
        context: its tokens; 0 where nobody has said, which counts as endless.
        characters_per_token: as far as is known.

    """

    context: int = 0
    characters_per_token: float = 4.0

    @property
    def characters(self) -> float:
        """What a request may have."""
        return self.context * self.characters_per_token * PART if self.context else inf

    def learn(self, characters: int, tokens: int) -> None:
        """Take in how many tokens the endpoint has counted."""
        if tokens:
            self.characters_per_token = min(MOST, max(LEAST, characters / tokens))


def size(messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
    """Return the characters of messages and tools, without images."""
    texts = [message for message in messages if not isinstance(message.get("content"), list)]
    return len(json.dumps(texts, ensure_ascii=False)) + sum(
        len(json.dumps(asdict(tool), ensure_ascii=False)) for tool in tools
    )


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
