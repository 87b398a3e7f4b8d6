"""What a notebook keeps of its conversation, for all who get it; only where a person wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.agent.conversation import Conversation


class NotebookMemory:
    """Whether the notebook keeps questions and answers.

    Args:
        setting: asked where the person has chosen nothing in this session.
        chosen: what they have chosen: ``on``, ``off`` or nothing.

    Attributes:
        chosen: the same, as it is now.

    """

    def __init__(self, setting: Callable[[], bool], chosen: str) -> None:
        self.chosen = chosen
        self._setting = setting

    @property
    def keeps(self) -> bool:
        """Whether anything is to be kept."""
        return self.chosen == "on" if self.chosen else self._setting()

    def content(
        self, conversation: Conversation, redact: Callable[[str], str]
    ) -> dict[str, Any] | None:
        """Return what the notebook is to keep, in place of what it keeps.

        It is none where that was never wanted; where it isn't any more, no message is in it.
        """
        if not (self.keeps or self.chosen):
            return None
        spoken = conversation.spoken if self.keeps else []
        return {
            "conversation": conversation.id,
            "version": conversation.last,
            "messages": [m | {"content": redact(str(m["content"]))} for m in spoken],
        }
