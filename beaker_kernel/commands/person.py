"""Who is asked for a word: the person at the terminal, or nobody."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

Decision = tuple[str, str | None]
"""``run``, ``edit`` or ``reject``; and the code, where it was changed."""

REJECTED: Decision = ("reject", None)


class Person(Protocol):
    """Whoever may be asked."""

    is_there: bool

    async def decide(self, code: str) -> Decision:
        """Say what becomes of the code that was just shown."""

    async def answer(self, prompt: str, *, hidden: bool = False) -> str:
        """Answer a question."""

    def leave(self) -> None:
        """End a question that waits for its answer: it has been settled elsewhere."""


class Nobody:
    """Standard input is no terminal: code is not run, questions get an empty answer."""

    is_there = False

    async def decide(self, code: str) -> Decision:
        """Reject, and say what would help."""
        sys.stderr.write("beaker: not run, as nobody can be asked here; --auto allows it\n")
        return REJECTED

    async def answer(self, prompt: str, *, hidden: bool = False) -> str:
        """Answer nothing."""
        return ""

    def leave(self) -> None:
        """Nobody leaves."""


class Terminal:
    """The person at the terminal. A line is awaited as an event, so that an interrupt ends it."""

    is_there = True

    def __init__(self) -> None:
        self._line: asyncio.Future[str] | None = None

    async def decide(self, code: str) -> Decision:
        """Ask until the answer is one of the three."""
        while True:
            word = await self.answer("Run this code? [y]es, [e]dit, [n]o: ")
            match word.strip().lower()[:1]:
                case "y":
                    return "run", None
                case "e":
                    edited = await asyncio.to_thread(_edit, code)
                    return ("edit", edited) if edited.strip() else REJECTED
                case "n" | "":
                    return REJECTED

    async def answer(self, prompt: str, *, hidden: bool = False) -> str:
        """Read a line; the end of the input, or of the question, is an empty one."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        loop = asyncio.get_running_loop()
        self._line = loop.create_future()
        loop.add_reader(sys.stdin.fileno(), self._read)
        try:
            with _echo_off() if hidden else nullcontext():
                return await self._line
        finally:
            loop.remove_reader(sys.stdin.fileno())

    def leave(self) -> None:
        """Let a waiting question end with an empty line."""
        if self._line and not self._line.done():
            sys.stderr.write("\n")
            self._line.set_result("")

    def _read(self) -> None:
        line = os.read(sys.stdin.fileno(), 65536).decode(errors="replace")
        if self._line and not self._line.done():
            self._line.set_result(line.rstrip("\n"))


def _edit(code: str) -> str:
    """Open the person's editor on code and return what they made of it."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="beaker-") as folder:
        file = Path(folder, "cell.txt")
        file.write_text(code, encoding="utf-8")
        subprocess.run([*shlex.split(editor), str(file)], check=False)
        return file.read_text(encoding="utf-8")


@contextmanager
def _echo_off() -> Iterator[None]:
    """Hide what is typed."""
    import termios  # noqa: PLC0415 (not on Windows)

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        sys.stderr.write("\n")
