"""The conversations that are kept of a notebook: listed, searched, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.agent.briefing import asked
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.replies import KeptConversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beaker_kernel.agent.journal import Journal
    from beaker_kernel.agent.model import Message

SHOWN = 200
"""Characters of a question in the list."""
MOST = 200
"""Conversations in the list."""


def kept(journal: Journal, search: str) -> list[KeptConversation]:
    """Return the conversations in which a text stands, the newest first."""
    found = [
        KeptConversation(
            id=str(head.get("conversation", "")),
            began=str(head.get("began", "")),
            question=_question(turns[0]),
            questions=len(turns),
        )
        for head, turns in journal.conversations()
        if turns and _holds(turns, search.casefold())
    ]
    return found[: -MOST - 1 : -1]


def read(journal: Journal, conversation: str) -> list[Message]:
    """Return a conversation's messages.

    Raises:
        ProtocolError: none of that id is kept.

    """
    for head, turns in journal.conversations():
        if head.get("conversation") == conversation:
            return [message for turn in turns for message in turn]
    raise ProtocolError(f"no conversation {conversation!r} is kept of this notebook")


def _question(turn: Sequence[Message]) -> str:
    return asked(str(turn[0].get("content")))[:SHOWN]


def _holds(turns: Sequence[Sequence[Message]], search: str) -> bool:
    """Tell whether a text was said; what the session told with a question was not."""
    return any(
        search in asked(str(message.get("content") or "")).casefold()
        for turn in turns
        for message in turn
        if message.get("role") in ("user", "assistant")
    )
