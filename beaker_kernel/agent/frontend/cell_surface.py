"""The answer to an `%ask` cell, in any frontend: text as it streams, and code in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from beaker_kernel.agent.frontend.markdown import Shown, diff, fenced, folded, insert_button
from beaker_kernel.agent.frontend.placeholder import Placeholder
from beaker_kernel.agent.frontend.prose import prose_for
from beaker_kernel.agent.policy import PERSON, Verdict, refused, visible
from beaker_kernel.agent.vigil import told

if TYPE_CHECKING:
    from beaker_kernel.agent.budget import Budget
    from beaker_kernel.agent.frontend.carriers import Carrier
    from beaker_kernel.agent.frontend.stdin import Stdin
    from beaker_kernel.agent.link import Link
    from beaker_kernel.agent.model import Retry, ToolCall, Usage
    from beaker_kernel.protocol.messages import LlmWaiting, ToolState


VS_CODE = "vscode-notebook-cell:"
"""How the cellId begins where every payload makes a cell, each directly below the asking one."""


class CellSurface:
    """The output area of one asking cell; `carrier` brought its execute_request.

    As a context manager it shows, at the end, what was not shown yet; nothing comes after that.
    `before` is code that the answer is to replace, if there is any: then the changes are shown.

    Attributes:
        payload: what the execute_reply carries: the first cell to insert, in VS Code all.

    """

    def __init__(
        self, link: Link, stdin: Stdin, carrier: Carrier, fence: str, before: str = ""
    ) -> None:
        self._link = link
        self._stdin = stdin
        self._identity = carrier.identity
        self._allow_stdin = bool(carrier.content.get("allow_stdin", True))
        self._fence = fence
        self._before = before
        self._in_vs_code = str(carrier.metadata.get("cellId", "")).startswith(VS_CODE)
        self._placeholder = Placeholder(self._send)
        self._prose = prose_for(carrier, self._send, self._placeholder)
        self._asked_about: tuple[str, str] | None = None  # code, and the display that shows it
        self._offered = 0
        self.header = carrier.header
        self.payload: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._prose.end()
        self._placeholder.hide()
        if kind and not self._in_vs_code:  # no frontend takes a payload of an error
            for cell in self.payload:
                self._publish(insert_button(cell["text"], 0))

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
        if not thought:
            self._prose.write(text)

    def retry(self, retry: Retry) -> None:
        """Leave it to what is waited for."""

    def waiting(self, waiting: LlmWaiting) -> None:
        """Show what is waited for, until something else is shown."""
        self._prose.sign(told(waiting))

    def usage(self, usage: Usage, budget: Budget, cost: float | None) -> None:
        """Leave the figures to `%beaker status`."""

    def notice(self, text: str) -> None:
        """Say something that is not the model's."""
        self.show(_notice(text))

    def tool_started(self, call: ToolCall) -> None:
        """End the text so far: what a tool puts out stands below it."""
        self._prose.end()
        self._placeholder.hide()

    def tool_ended(
        self, call: ToolCall, state: ToolState, output: str = "", error: str = ""
    ) -> None:
        """Leave it at what was shown."""

    def cell(self, code: str) -> None:
        """Insert code by payload, and keep a copy here, or where that can't be by a button."""
        self._show_new(code, fold=self._takes_payload)
        self._insert(code)

    def placed(self, code: str) -> None:
        """Keep a copy of what the notebook has taken: in a new cell, or as a difference."""
        self._show_new(code, fold=True)

    def code(self, code: str, record: dict[str, Any]) -> None:
        """Show code that runs in this cell, with the record of whose it is."""
        asked_about, display_id = self._asked_about or ("", "")
        if asked_about == code:  # it stands there already
            self._publish(self._code(code), ("update_display_data", display_id), {"beaker": record})
        else:
            self._show_code(code, record)

    def withheld(self, code: str, record: dict[str, Any]) -> None:
        """Show code that nobody here can allow."""
        self._show_code(code, record)

    async def approve(self, code: str, *, untrusted: bool) -> Verdict:
        """Show exactly this code and ask on stdin whether it may run."""
        read = " It has read outputs, variables or cells." if untrusted else ""
        self._prose.end()
        place = self._placeholder.place(uuid4().hex)
        self._publish(self._said_of(code, f"The model wants to run this.{read}"), place)
        self._asked_about = code, place[1]
        answer = await self.ask("Run it? [y]es, [e]dit in a cell, [n]o:")
        word = answer.strip().lower()[:1]
        if word == "y":
            return Verdict(by=PERSON, code=code)
        self._asked_about = None
        where = "it is in a new cell, for you to edit" if word == "e" else "it has not run"
        left = self._said_of(code, f"The model wanted to run this; {where}.")
        self._publish(left, ("update_display_data", place[1]))
        if word == "e":
            self._insert(code)
            return Verdict(by=PERSON, refusal="the person edits and runs it in a new cell")
        return refused(PERSON)

    def _said_of(self, code: str, text: str) -> dict[str, Any]:
        """Return a sentence above code, every character of which is seen."""
        seen = visible(code)
        return _bundle(Shown(f"{text}\n\n{fenced(seen, self._fence)}", f"{text}\n{seen}"))

    async def ask(self, question: str) -> str:
        """Ask the person on stdin; empty where nobody can be asked."""
        if not self._allow_stdin:
            return ""
        self._prose.end()
        self._placeholder.hide()
        return await self._stdin.ask(self._identity, self.header, f"{question} ")

    def finish(self, text: str) -> None:
        """Leave it at what was streamed."""

    def show(self, shown: Shown) -> None:
        """Show a piece of its own."""
        self._prose.end()
        self._publish(_bundle(shown))

    def _show_new(self, code: str, *, fold: bool) -> None:
        """Show code of a new cell; what is to replace other code as the changes."""
        markdown = fenced(code, self._fence)
        if self._before:
            self.show(_changes(self._before, code))
            self._before = ""
        else:
            self.show(Shown(folded("Code", markdown) if fold else markdown, code))

    def _show_code(self, code: str, record: dict[str, Any]) -> None:
        self._prose.end()
        self._publish(self._code(code), metadata={"beaker": record})

    def _code(self, code: str) -> dict[str, Any]:
        return _bundle(Shown(fenced(code, self._fence), code))

    @property
    def _takes_payload(self) -> bool:
        return self._in_vs_code or not self.payload

    def _insert(self, code: str) -> None:
        if self._takes_payload:
            cell = {"source": "set_next_input", "text": code, "replace": False}
            self.payload.insert(0, cell)  # each that is taken pushes the ones before it down
        else:
            self._publish(insert_button(code, self._offered))
        self._offered += 1

    def _publish(
        self,
        data: dict[str, Any],
        place: tuple[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Publish at a place, which is a message's type and a display's id; else as the next."""
        msg_type, display_id = place or self._placeholder.place()
        transient = {"display_id": display_id} if display_id else {}
        content = {"data": data, "metadata": metadata or {}, "transient": transient}
        self._send(msg_type, content)

    def _send(self, msg_type: str, content: dict[str, Any]) -> None:
        self._link.publish(msg_type, content, self.header)


def _notice(text: str) -> Shown:
    return Shown(f"*{text}*", text)


def _changes(before: str, after: str) -> Shown:
    changes = diff(before, after)
    return Shown(fenced(changes, "diff"), changes) if changes else _notice("No change.")


def _bundle(shown: Shown) -> dict[str, Any]:
    return {"text/markdown": shown.markdown, "text/plain": shown.plain}
