"""The answer to an `%ask` cell, in any frontend: Markdown as it streams, and code in a cell."""

from __future__ import annotations

import asyncio
import html
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.policy import Verdict, visible

if TYPE_CHECKING:
    from beaker_kernel.agent.carriers import Carrier
    from beaker_kernel.agent.link import Link
    from beaker_kernel.agent.model import Retry, ToolCall, Usage
    from beaker_kernel.agent.stdin import Stdin

REFRESH = 0.05
"""Seconds between updates of streaming Markdown: frontends render the whole text each time."""
BACKTICKS = "`" * 3


class CellSurface:
    """The output area of one asking cell; `carrier` brought its execute_request.

    Attributes:
        payload: what the execute_reply carries: the first cell to insert.

    """

    def __init__(self, link: Link, stdin: Stdin, carrier: Carrier, fence: str) -> None:
        self._link = link
        self._stdin = stdin
        self._identity = carrier.identity
        self._allow_stdin = bool(carrier.content.get("allow_stdin", True))
        self._fence = fence
        self._text = ""
        self._display_id = ""
        self._waiting_id = ""
        self._refresh: asyncio.TimerHandle | None = None
        self.header = carrier.header
        self.payload: list[dict[str, Any]] = []

    @property
    def can_approve(self) -> bool:
        """Whether a person can be asked: by stdin, if the request allows that."""
        return self._allow_stdin

    @property
    def takes_cells(self) -> bool:
        """Whether a person is there who can run a cell; nbclient and papermill forbid stdin."""
        return self._allow_stdin

    def delta(self, text: str, *, thought: bool = False) -> None:
        """Show a piece of the answer; thoughts are left out here."""
        if thought:
            return
        self._text += text
        if not self._display_id:
            self._flush()
        elif self._refresh is None:
            self._refresh = asyncio.get_running_loop().call_later(REFRESH, self._flush)

    def retry(self, retry: Retry) -> None:
        """Say that the model is asked again, and why."""
        self._end_text()
        again = self._waiting_id
        self._waiting_id = again or uuid4().hex
        text = f"*{retry.reason}; asking again in {retry.delay:.1f} s (try {retry.attempt})*"
        content = _bundle(text) | {"transient": {"display_id": self._waiting_id}}
        self._publish("update_display_data" if again else "display_data", content)

    def usage(self, usage: Usage, used: int, limit: int) -> None:
        """Leave the figures to `%beaker status`."""

    def notice(self, text: str) -> None:
        """Say something that is not the model's."""
        self.markdown(f"*{text}*")

    def tool_started(self, call: ToolCall) -> None:
        """End the text so far: what a tool puts out stands below it."""
        self._end_text()

    def tool_ended(self, call: ToolCall, output: str, error: str = "") -> None:
        """Leave it at what was shown."""

    def cell(self, code: str) -> None:
        """Show code, and insert it: the first by payload, further ones by a button each."""
        self._end_text()
        self.markdown(self._fenced(code))
        if self.payload:
            self._publish("display_data", _button(code))
        else:
            self.payload.append({"source": "set_next_input", "text": code, "replace": False})

    def code(self, code: str, record: dict[str, Any]) -> None:
        """Show code that runs in this cell, with the record of whose it is."""
        self.markdown(self._fenced(code), {"beaker": record})

    async def approve(self, code: str, reason: str) -> Verdict:
        """Show exactly this code and ask on stdin whether it may run."""
        self.markdown(f"**Run this?** {reason}\n\n{self._fenced(visible(code))}")
        answer = await self._stdin.ask(
            self._identity, self.header, "Run it? [y]es, [e]dit in a cell, [n]o: "
        )
        match answer.strip().lower()[:1]:
            case "y":
                return Verdict(decision="run", code=code, by="the person")
            case "e":
                self.payload[:0] = [{"source": "set_next_input", "text": code, "replace": False}]
                return Verdict(decision="reject", by="the person, who edits it in a cell,")
        return Verdict(decision="reject", by="the person")

    async def ask(self, question: str) -> str:
        """Ask the person on stdin; empty where nobody can be asked."""
        if not self._allow_stdin:
            return ""
        return await self._stdin.ask(self._identity, self.header, f"{question} ")

    def finish(self, text: str) -> None:
        """Show the rest of the answer."""
        self._end_text()

    def markdown(self, text: str, metadata: dict[str, Any] | None = None) -> None:
        """Show a piece of Markdown of its own."""
        self._end_text()
        content = _bundle(text) | {"metadata": metadata or {}}
        self._publish("display_data", content)

    def _flush(self) -> None:
        """Show the text as far as it is there."""
        self._refresh = None
        update = bool(self._display_id)
        self._display_id = self._display_id or uuid4().hex
        content = _bundle(self._text) | {"transient": {"display_id": self._display_id}}
        self._publish("update_display_data" if update else "display_data", content)

    def _end_text(self) -> None:
        if self._refresh:
            self._refresh.cancel()
            self._flush()
        self._text = self._display_id = ""

    def _fenced(self, code: str) -> str:
        fence = BACKTICKS
        while fence in code:
            fence += "`"
        return f"{fence}{self._fence}\n{code}\n{fence}"

    def _publish(self, msg_type: str, content: dict[str, Any]) -> None:
        self._link.publish(msg_type, content, self.header)


def _bundle(text: str) -> dict[str, Any]:
    data = {"text/markdown": text, "text/plain": text}
    return {"data": data, "metadata": {}, "transient": {}}


def _button(code: str) -> dict[str, Any]:
    """Return a button that inserts a cell below, in JupyterLab and Notebook.

    They honour one set_next_input per reply; a command link makes the further cells.
    """
    steps = {
        "commands": ["notebook:insert-cell-below", "notebook:replace-selection"],
        "args": {"text": code},
    }
    arguments = html.escape(json.dumps(steps), quote=True)
    button = (
        '<button type="button" data-commandlinker-command="apputils:run-all-enabled" '
        f"data-commandlinker-args='{arguments}'>Insert this cell below</button>"
    )
    return {"data": {"text/html": button, "text/plain": ""}, "metadata": {}, "transient": {}}
