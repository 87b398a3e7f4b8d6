"""How an answer's text appears while it streams: as the frontend that asked can show it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.agent.carriers import Carrier

    Publish = Callable[[str, dict[str, Any]], None]

REFRESH = 0.05
"""Seconds between updates of streaming Markdown: frontends render the whole text each time."""


class Prose(Protocol):
    """Text in the output area of one cell, in pieces."""

    def write(self, text: str) -> None:
        """Show a piece."""

    def end(self) -> None:
        """Show what is not shown yet; what follows stands below."""


class LiveMarkdown:
    """Markdown that grows: one display, and updates of it."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._text = self._display_id = ""
        self._refresh: asyncio.TimerHandle | None = None

    def write(self, text: str) -> None:
        """Show a piece, the first at once and others in groups."""
        self._text += text
        if not self._display_id:
            self._flush()
        elif self._refresh is None:
            self._refresh = asyncio.get_running_loop().call_later(REFRESH, self._flush)

    def end(self) -> None:
        """Show the rest."""
        if self._refresh:
            self._refresh.cancel()
            self._flush()
        self._text = self._display_id = ""

    def _flush(self) -> None:
        self._refresh = None
        msg_type = "update_display_data" if self._display_id else "display_data"
        self._display_id = self._display_id or uuid4().hex
        self._publish(msg_type, _markdown(self._text, self._display_id))


class PrintedText:
    """Plain text as it comes, for a terminal: those take no updates."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._last = ""

    def write(self, text: str) -> None:
        """Print a piece."""
        self._publish("stream", {"name": "stdout", "text": text})
        self._last = text[-1:] or self._last

    def end(self) -> None:
        """End the line."""
        if self._last not in ("", "\n"):
            self.write("\n")
        self._last = ""


class WholeMarkdown:
    """Markdown in one piece at its end, where nobody watches."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._text = ""

    def write(self, text: str) -> None:
        """Keep a piece."""
        self._text += text

    def end(self) -> None:
        """Show them all."""
        if self._text:
            self._publish("display_data", _markdown(self._text))
        self._text = ""


def prose_for(carrier: Carrier, publish: Publish) -> Prose:
    """Choose by what a request tells of its frontend.

    Notebooks name the cell that they run (`cellId`), and take updates. Of the others a terminal
    can ask on stdin; what can't, as nbclient, runs without a person.
    """
    if "cellId" in carrier.metadata:
        return LiveMarkdown(publish)
    return (
        PrintedText(publish) if carrier.content.get("allow_stdin", True) else WholeMarkdown(publish)
    )


def _markdown(text: str, display_id: str = "") -> dict[str, Any]:
    transient = {"display_id": display_id} if display_id else {}
    data = {"text/markdown": text, "text/plain": text}
    return {"data": data, "metadata": {}, "transient": transient}
