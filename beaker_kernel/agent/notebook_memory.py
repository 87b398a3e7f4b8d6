"""What a notebook keeps of its conversation, for all who get it; only where a person wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.agent.conversation import Conversation
    from beaker_kernel.agent.model import Message
    from beaker_kernel.agent.notebook import NotebookState
    from beaker_kernel.agent.surface import Surface


class NotebookMemory:
    """Whether the notebook keeps questions and answers.

    Args:
        setting: asked where the person has chosen nothing in this session.
        chosen: what they have chosen: ``on``, ``off`` or nothing.

    Attributes:
        chosen: the same, as it is now.
        may_restore: whether no question has come yet that could go on with what the notebook keeps.

    """

    def __init__(self, setting: Callable[[], bool], chosen: str) -> None:
        self.chosen = chosen
        self.may_restore = True
        self._setting = setting

    @property
    def keeps(self) -> bool:
        """Whether anything is to be kept."""
        return self.chosen == "on" if self.chosen else self._setting()

    def restore(
        self,
        conversation: Conversation,
        surface: Surface,
        state: NotebookState | None,
        redact: Callable[[str], str],
    ) -> None:
        """Go on, once, with the conversation that the notebook holds, and go on keeping it.

        That it holds one was a person's choice; it counts until they choose otherwise.
        """
        if state is None:
            return
        may, self.may_restore = self.may_restore, False
        if may and self.chosen != "off" and conversation.is_new and state.said:
            self.chosen = "on"
            conversation.restore(redact(state.said))
            surface.notice("The model is told what this notebook keeps of an earlier conversation.")

    def content(
        self, conversation: Conversation, redact: Callable[[str], str]
    ) -> dict[str, Any] | None:
        """Return what the notebook is to keep, in place of what it keeps.

        It is none where that was never wanted, and where nothing was said: what the notebook keeps
        stays then. Where it isn't wanted any more, no message is in it.
        """
        spoken = conversation.spoken if self.keeps else []
        if not (spoken or self.chosen == "off"):
            return None
        return self._kept(conversation, spoken, redact)

    def forgotten(
        self, conversation: Conversation, state: NotebookState | None
    ) -> dict[str, Any] | None:
        """Return what the notebook keeps when all is forgotten; none where it keeps nothing."""
        holds = self.keeps or self.chosen or (state and state.said)
        return self._kept(conversation, [], str) if holds else None

    def _kept(
        self, conversation: Conversation, spoken: list[Message], redact: Callable[[str], str]
    ) -> dict[str, Any]:
        return {
            "conversation": conversation.id,
            "version": conversation.last,
            "messages": [m | {"content": redact(str(m["content"]))} for m in spoken],
        }
