"""A line that stands at the end of a cell's outputs for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable


class Placeholder:
    """A display that the next one takes over, so that nothing of it is kept.

    Frontends have no way to take one output away; clearing them all would take the others, too.
    """

    def __init__(self, publish: Callable[[str, dict[str, Any]], None]) -> None:
        self._publish = publish
        self._display_id = ""
        self._text = ""

    def show(self, text: str) -> None:
        """Show a line, in place of the one before."""
        msg_type = "update_display_data" if self._display_id else "display_data"
        self._display_id = self._display_id or uuid4().hex
        self._say(msg_type, text, {"text/markdown": f"*{text}*", "text/plain": text})

    def hide(self) -> None:
        """Show nothing for now."""
        if self._text:
            self._say("update_display_data", "", {"text/plain": ""})

    def place(self, display_id: str = "") -> tuple[str, str]:
        """Return how to publish what comes next: in this place, or as a new display.

        Returns the message's type and the display's id, which is the one given where it is new.
        """
        taken, self._display_id, self._text = self._display_id, "", ""
        return ("update_display_data", taken) if taken else ("display_data", display_id)

    def _say(self, msg_type: str, text: str, data: dict[str, str]) -> None:
        self._text = text
        transient = {"display_id": self._display_id}
        self._publish(msg_type, {"data": data, "metadata": {}, "transient": transient})
