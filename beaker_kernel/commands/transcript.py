"""A kernel's messages as text: the answer on one stream, what happens meanwhile on the other."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.frontend.prose import OVERWRITE
from beaker_kernel.agent.policy import visible
from beaker_kernel.agent.vigil import told
from beaker_kernel.protocol.codec import decode
from beaker_kernel.protocol.messages import LlmWaiting

if TYPE_CHECKING:
    from typing import TextIO

Content = dict[str, Any]

CONTROL = re.compile(
    r"(\x1b\[[0-9;]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]"
)
"""Colours (kept where wanted); other sequences and characters that drive a terminal (dropped)."""


NOT_RUN = "not run: "
"""How a tool's error begins where its code was refused."""


class Transcript:
    """Shows messages; each of the types in `SHOWN` has a method of its name.

    Args:
        answer: where the answer, code and outputs go.
        notes: where retries, tools and errors go.
        colour: whether colours in outputs are kept.
        status: whether the notes go to a terminal, on which a line can be overwritten.

    """

    SHOWN = frozenset(
        {
            "add_child_codecell",
            "code_cell",
            "display_data",
            "error",
            "execute_result",
            "llm_auth_failure",
            "llm_delta",
            "llm_response",
            "llm_retry",
            "llm_thought",
            "llm_waiting",
            "stream",
            "tool_call_update",
            "update_display_data",
        }
    )

    def __init__(
        self, answer: TextIO, notes: TextIO, *, colour: bool, status: bool = False
    ) -> None:
        self._answer = answer
        self._notes = notes
        self._colour = colour
        self._status = status
        self._signed = False
        self._open_line = False
        self._streamed = False
        self._tools: dict[str, str] = {}
        self._refusals = 0

    def show(self, msg_type: str, content: Content) -> None:
        """Show a message, if it is one to be seen."""
        if msg_type in self.SHOWN:
            getattr(self, msg_type)(content)

    def end(self) -> None:
        """End the last line."""
        self._unsign()
        if self._open_line:
            self._write("\n")

    def note(self, text: str) -> None:
        """Say something that is not part of the answer."""
        self._unsign()
        self._answer.flush()
        self._notes.write(f"{self._plain(text)}\n")
        self._notes.flush()

    def sign(self, text: str) -> None:
        """Say something until anything else is said, on a terminal only."""
        if self._status and not self._open_line:
            columns = shutil.get_terminal_size().columns - 1  # a broken line can't be overwritten
            self._notes.write(f"{OVERWRITE}{self._plain(text)[:columns]}")
            self._notes.flush()
            self._signed = True

    def _unsign(self) -> None:
        if self._signed:
            self._notes.write(OVERWRITE)
            self._notes.flush()
            self._signed = False

    def proposal(self, content: Content) -> None:
        """Show exactly the code that waits for a word, hidden characters written out."""
        self.end()
        warning = ", after reading cells, outputs or files" if content["untrusted"] else ""
        self.note(f"The model wants to run this{warning}:")
        self.note(fenced(content["language"], visible(content["code"])))

    def not_asked(self) -> None:
        """Take in that code was refused, and told to be, though no person was asked."""
        self._refusals += 1

    def llm_delta(self, content: Content) -> None:
        """Show a piece of the answer; the model's reasoning is left out."""
        if not content.get("thought"):
            self._streamed = True
            self._write(content["text"])

    def llm_response(self, content: Content) -> None:
        """Show the whole answer, unless it has come in pieces."""
        if not self._streamed:
            self._block(content["text"])

    def llm_thought(self, content: Content) -> None:
        """Show a notice; remember the tools' names."""
        self._tools |= {c["tool_call_id"]: c["tool_name"] for c in content.get("tool_calls", ())}
        if content["thought"] and not content.get("tool_calls"):
            self.note(content["thought"])

    def llm_retry(self, content: Content) -> None:
        """Say that the model is asked again, and when; on a terminal `llm_waiting` does that."""
        if not self._status:
            self.note(f"… {content['reason']}; again in {content['delay_s']:g} s")

    def llm_waiting(self, content: Content) -> None:
        """Say what is waited for."""
        waiting = decode("llm_waiting", content)
        assert isinstance(waiting, LlmWaiting)
        self.sign(f"… {told(waiting)}")

    def llm_auth_failure(self, content: Content) -> None:
        """Say that the key was refused; the reply says the same, so it is left to that."""

    def tool_call_update(self, content: Content) -> None:
        """Say which tool runs, and whether it failed."""
        name = self._tools.get(content["tool_call_id"], "a tool")
        if content["state"] == "running":
            self.note(f"… {name}")
        elif self._refusals and content.get("error", "").startswith(NOT_RUN):
            self._refusals -= 1  # it names a person who refused, and there was none
        elif content.get("error"):
            self.note(f"… {name}: {content['error']}")

    def code_cell(self, content: Content) -> None:
        """Show a cell that the model made."""
        self._block(fenced(content["language"], visible(content["code"])))

    def add_child_codecell(self, content: Content) -> None:
        """Show code that runs now."""
        self.code_cell(content)

    def stream(self, content: Content) -> None:
        """Show what code printed."""
        if content["name"] == "stderr":
            self.note(content["text"].rstrip("\n"))
        else:
            self._write(content["text"])

    def display_data(self, content: Content) -> None:
        """Show an output's text, and name what is no text."""
        data = content["data"]
        images = [kind for kind in data if kind.startswith("image/")]
        text = data.get("text/markdown") or data.get("text/plain") or ", ".join(data)
        self._block(f"[{images[0]}] {text}" if images else text)

    execute_result = update_display_data = display_data

    def error(self, content: Content) -> None:
        """Show the traceback of code that failed."""
        self.end()
        self.note("\n".join(content["traceback"]) or f"{content['ename']}: {content['evalue']}")

    def _block(self, text: str) -> None:
        self.end()
        self._write(text if text.endswith("\n") else f"{text}\n")

    def _write(self, text: str) -> None:
        text = self._plain(text)
        if text:
            self._unsign()
            self._open_line = not text.endswith("\n")
            self._answer.write(text)
            self._answer.flush()

    def _plain(self, text: str) -> str:
        """Drop what would drive the terminal."""
        return CONTROL.sub(lambda found: (found[1] or "") if self._colour else "", text)


def fenced(language: str, code: str) -> str:
    """Return code as a Markdown block, with a fence that the code can't close."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"
