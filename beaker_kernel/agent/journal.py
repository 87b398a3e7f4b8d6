"""What was said, on disk: a file per kernel session in the person's data folder, theirs alone.

Each line is a JSON object: ``{"conversation": id, "notebook": path, "began": time}`` begins a
conversation, ``{"seq": n, "type": msg_type, "content": …}`` is one of its events, and
``{"turn": [messages]}`` a question with all that followed, as the model was and is told.
``{"summary": text, "heading": …, "left": n}`` is what the model is told from then on of all turns
but the last `n`; where the text is empty, it is told what those turns asked.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from beaker_kernel.agent.model import Message

FILE = 20_000_000
"""Bytes after which a session goes on in a new file."""
FOLDER = 200_000_000
"""Bytes of all files above which the oldest go."""
Line = dict[str, Any]
log = logging.getLogger("beaker.agent")


class Journal:
    """The file of one session; where it can't be written, that is logged once and nothing is kept.

    Args:
        folder: where the files are; it is made, for the person alone, when there is something.
        session: the name of this session, the same for an agent that follows a crashed one.
        notebook: the notebook that the session belongs to; empty where nobody says.
        redact: takes secrets out of each line's strings.

    """

    def __init__(
        self, folder: Path, session: str, notebook: str, redact: Callable[[str], str]
    ) -> None:
        self._folder = folder
        self._path = folder / f"{session}.jsonl"
        self._full = folder / f"{session}.1.jsonl"
        self._notebook = notebook
        self._redact = redact
        self._file: TextIO | None = None
        self._broken = False
        self._conversation = ""

    def event(self, conversation: str, msg_type: str, content: dict[str, Any]) -> None:
        """Add an event of a conversation."""
        line = {"seq": content["seq"], "type": msg_type, "content": content}
        self._write(conversation, line)

    def turn(self, conversation: str, messages: list[Message]) -> None:
        """Add a question and what followed."""
        self._write(conversation, {"turn": messages})

    def summary(self, conversation: str, summary: str, heading: str, left: int) -> None:
        """Add what stands for all turns but the last `left` from now on."""
        self._write(conversation, {"summary": summary, "heading": heading, "left": left})

    def last(self) -> tuple[str, list[Line]]:
        """Return this session's last conversation, its id first; empty where there is none."""
        return _last_conversation(_lines(self._path))

    def events(self, conversation: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the events of a conversation of this session, as type and content, in order."""
        current = ""
        for line in chain(_lines(self._full), _lines(self._path)):
            current = str(line.get("conversation", current))
            if current == conversation and "seq" in line:
                yield line["type"], line["content"]

    def previous(self) -> tuple[str, list[Line]]:
        """Return the last conversation of this notebook, be it of a session before this one."""
        for path in sorted(self._files(), key=_changed, reverse=True):
            head = next(_lines(path), {})
            if path == self._path or (self._notebook and head.get("notebook") == self._notebook):
                return _last_conversation(_lines(path))
        return "", []

    def conversations(self) -> list[tuple[Line, list[list[Message]]]]:
        """Return the first line of each conversation of this notebook, and its turns, in order."""
        found: dict[str, tuple[Line, list[list[Message]]]] = {}
        for path in sorted(self._ours(), key=_changed):
            current = ""
            for line in _lines(path):
                current = str(line.get("conversation", current))
                _, turns = found.setdefault(current, (line, []))
                turns += [line["turn"]] if "turn" in line else []
        return list(found.values())

    def forget(self) -> int:
        """Delete the files of this session and of its notebook, and return how many there were."""
        self.close()
        ours = self._ours()
        for path in ours:
            path.unlink(missing_ok=True)
        return len(ours)

    def _ours(self) -> list[Path]:
        """Return the files of this session and of its notebook."""
        return [
            path
            for path in self._files()
            if path.name.startswith(self._path.stem)
            or (self._notebook and next(_lines(path), {}).get("notebook") == self._notebook)
        ]

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._file:
            self._file.close()
        self._file, self._conversation = None, ""

    def _write(self, conversation: str, line: Line) -> None:
        if self._broken:
            return
        try:
            file = self._begun(conversation)
            file.write(_dumped(self._redacted(line)))
            file.flush()
        except OSError as error:
            self._broken = True
            log.warning("the conversation is not kept on disk: %s", error)

    def _redacted(self, value: Any) -> Any:  # noqa: ANN401 (JSON has no narrower type)
        """Return a value without secrets in its strings; what isn't one stays, so it stays JSON."""
        match value:
            case str():
                return self._redact(value)
            case dict():
                return {self._redact(key): self._redacted(item) for key, item in value.items()}
            case list() | tuple():
                return [self._redacted(item) for item in value]
        return value

    def _begun(self, conversation: str) -> TextIO:
        """Return the file, in which this conversation has begun."""
        if self._file and self._file.tell() > FILE:
            self.close()
            os.replace(self._path, self._full)
        if self._file is None:
            self._file = self._open()
        if conversation != self._conversation:
            began = datetime.now(UTC).isoformat(timespec="seconds")
            head = {"conversation": conversation, "notebook": self._notebook, "began": began}
            self._file.write(_dumped(head))
            self._conversation = conversation
        return self._file

    def _open(self) -> TextIO:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _prune(self._files(), FOLDER)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        file = os.fdopen(descriptor, "a", encoding="utf-8")
        if file.tell():
            file.write("\n")  # ends a line that a crash has cut
        return file

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*.jsonl"))


def _dumped(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"


def _lines(path: Path) -> Iterator[Line]:
    """Yield what can be read; a line that was cut by a crash can't."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict):
                    yield line
    except OSError:
        return


def _last_conversation(lines: Iterable[Line]) -> tuple[str, list[Line]]:
    conversation, kept = "", list[Line]()
    for line in lines:
        if "conversation" not in line:
            kept.append(line)
        elif line["conversation"] != conversation:
            conversation, kept = str(line["conversation"]), []
    return conversation, kept


def _prune(files: list[Path], room: int) -> None:
    """Delete the oldest files that are too many bytes."""
    for path in sorted(files, key=_changed, reverse=True):
        room -= path.stat().st_size
        if room < 0:
            path.unlink(missing_ok=True)


def _changed(path: Path) -> float:
    return path.stat().st_mtime
