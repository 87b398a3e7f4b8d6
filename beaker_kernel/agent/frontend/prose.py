"""How an answer's text appears while it streams: as the frontend that asked can show it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.agent.frontend.carriers import Carrier
    from beaker_kernel.agent.frontend.placeholder import Placeholder

    Publish = Callable[[str, dict[str, Any]], None]

REFRESH = 0.05
"""Seconds between updates of streaming Markdown: frontends render the whole text each time."""

OVERWRITE = "\r\x1b[K"
"""Has a terminal print over the line."""
COLUMNS = 79
"""Characters that fit into a line of any terminal; of a broken line only the end is overwritten."""


class Prose(Protocol):
    """Text in the output area of one cell, in pieces."""

    def write(self, text: str) -> None:
        """Show a piece."""

    def sign(self, text: str) -> None:
        """Show a line for a moment, below the text, until anything else is shown."""

    def end(self) -> None:
        """Show what is not shown yet; what follows stands below, or in the sign's place."""


class LiveMarkdown:
    """Markdown that grows: one display, and updates of it."""

    def __init__(self, publish: Publish, placeholder: Placeholder) -> None:
        self._publish = publish
        self._placeholder = placeholder
        self._text = self._display_id = ""
        self._refresh: asyncio.TimerHandle | None = None
        self._signed = False

    def write(self, text: str) -> None:
        """Show a piece, the first at once and others in groups."""
        self._text += text
        if not self._display_id:
            self._flush()
        elif self._refresh is None:
            self._refresh = asyncio.get_running_loop().call_later(REFRESH, self._flush)

    def sign(self, text: str) -> None:
        """Show a line at the text's end; before its first piece in the display it will have."""
        if self._display_id:
            self._show(f"{self._text}\n\n*{text}*")
            self._signed = True
        else:
            self._placeholder.show(text)

    def end(self) -> None:
        """Show the rest."""
        if self._refresh:
            self._refresh.cancel()
        if self._refresh or self._signed:
            self._flush()
        self._text = self._display_id = ""

    def _flush(self) -> None:
        self._refresh, self._signed = None, False
        self._show(self._text)

    def _show(self, text: str) -> None:
        msg_type = "update_display_data"
        if not self._display_id:
            msg_type, self._display_id = self._placeholder.place(uuid4().hex)
        self._publish(msg_type, _markdown(text, self._display_id))


class PrintedText:
    """Plain text as it comes, for a terminal: those take no updates."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._last = ""
        self._signed = False

    def write(self, text: str) -> None:
        """Print a piece."""
        self._unsign()
        self._print(text)
        self._last = text[-1:] or self._last

    def sign(self, text: str) -> None:
        """Print a line that the next one overwrites; none where words stand in the line."""
        if self._last in ("", "\n"):
            self._print(f"{OVERWRITE}{text[:COLUMNS]}")
            self._signed = True

    def end(self) -> None:
        """End the line."""
        self._unsign()
        if self._last not in ("", "\n"):
            self.write("\n")
        self._last = ""

    def _unsign(self) -> None:
        if self._signed:
            self._print(OVERWRITE)
            self._signed = False

    def _print(self, text: str) -> None:
        self._publish("stream", {"name": "stdout", "text": text})


class WholeMarkdown:
    """Markdown in one piece at its end, where nobody watches."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._text = ""

    def write(self, text: str) -> None:
        """Keep a piece."""
        self._text += text

    def sign(self, text: str) -> None:
        """Show none: what runs without a person keeps all that is shown."""

    def end(self) -> None:
        """Show them all."""
        if self._text:
            self._publish("display_data", _markdown(self._text))
        self._text = ""


def prose_for(carrier: Carrier, publish: Publish, placeholder: Placeholder) -> Prose:
    """Choose by what a request tells of its frontend.

    Notebooks name the cell that they run (`cellId`), and take updates. Of the others a terminal
    can ask on stdin; what can't, as nbclient, runs without a person.
    """
    if "cellId" in carrier.metadata:
        return LiveMarkdown(publish, placeholder)
    return (
        PrintedText(publish) if carrier.content.get("allow_stdin", True) else WholeMarkdown(publish)
    )


def _markdown(text: str, display_id: str = "") -> dict[str, Any]:
    transient = {"display_id": display_id} if display_id else {}
    data = {"text/markdown": text, "text/plain": text}
    return {"data": data, "metadata": {}, "transient": transient}
