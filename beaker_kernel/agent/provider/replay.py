"""Model calls kept in a file, so that a notebook with questions runs again without a model.

A call is known by its content: the messages and the tools, without what differs from run to run
and from machine to machine. The file holds one answer per line and is made to be committed: a hash
of what was sent, the question in plain, and what the model said.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from dataclasses import asdict
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from beaker_kernel.agent.model import Completion, TextDelta, ToolCall, Usage
from beaker_kernel.errors import ConfigurationError, NotRecorded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from pathlib import Path

    from beaker_kernel.agent.model import Message, Model, ModelEvent, ToolSpec

ReplayMode = Literal["off", "record", "replay", "strict"]
SHOWN = 200
"""Characters of the question that stand in the file, for who reads its changes."""
SAID = ("approved", "refused", "edited")
"""What a person may have said to code; each is a line's name for that code's SHA-256."""
TEXTS = ("placed", "answered")
"""The names of lines with a text on a cell's code or on a question of the model's."""
_VARIES = (
    (re.compile(r"data:image/[^\s\"]+"), "IMAGE"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,}"), "ADDRESS"),
    (re.compile(r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b"), "ID"),
    (
        re.compile(r"\b(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
        "TIME",
    ),
    (re.compile(r"(?:/[\w.@+-]+)+/"), "/"),  # a folder
    (re.compile(r"\bipykernel_\d+"), "ipykernel"),
)
"""What is no part of a call's identity, and what stands for it."""


def fingerprint(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> str:
    """Return what a call is known by, in hex.

    The tools that not every frontend has are no part of it: what was recorded on a page is known
    where a notebook runs by itself.
    """
    offered = [tool.told for tool in tools if tool.everywhere]
    content = json.dumps([list(messages), offered], sort_keys=True)
    for pattern, name in _VARIES:
        content = pattern.sub(name, content)
    return sha256(content.encode()).hexdigest()


class Word(NamedTuple):
    """What a person said to code, with the refusal's text or the code that they wrote instead."""

    said: str
    text: str = ""


class Tape:
    """What one file holds: answers, a person's words on code, and which code became a cell.

    Of two lines on one call or one piece of code the later one counts.

    Args:
        path: the file; it is read with the first call.
        records: whether new lines are added.
        afresh: whether code goes where it would go without the file.

    Raises:
        ConfigurationError: by every method, if the file is damaged, a link, or can't be written.

    """

    def __init__(self, path: Path, *, records: bool, afresh: bool = False) -> None:
        self.path = path
        self._records = records
        self._afresh = afresh

    @cached_property
    def _lines(self) -> list[dict[str, Any]]:
        try:
            with _open(self.path, "rb") as file:
                return list(_read(file, self.path))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigurationError(f"recorded answers can't be read: {error}") from error

    def find(self, call: str) -> Completion | None:
        """Return the answer to a call."""
        found = [line["answer"] for line in self._lines if line.get("call") == call]
        return _completion(found[-1]) if found else None

    @property
    def lack(self) -> str:
        """Why there is no answer to a call, and what to do about it, for a person."""
        if not self.path.exists():
            return f"there is no file {self.path}: BEAKER_REPLAY=record makes it, with a model"
        return (
            f"{self.path} has no answer to this question as it would be sent now; "
            "record it with BEAKER_REPLAY=record and a model"
        )

    def keep(self, call: str, question: str, answer: Completion) -> None:
        """Keep an answer."""
        self._add({"call": call, "question": question, "answer": asdict(answer)})

    def word(self, sha256: str) -> Word | None:
        """Return what a person said to this code while the file was recorded."""
        line = self._last(sha256, SAID)
        return _word(line) if line else None

    def keep_word(self, sha256: str, word: Word) -> None:
        """Keep a person's word on code."""
        if word != self.word(sha256):
            text = {"text": word.text} if word.said != "approved" else {}
            self._add({word.said: sha256, **text})

    def placed(self, sha256: str) -> str:
        """Return what the model was told of code that became a cell; empty if it didn't."""
        return "" if self._afresh else self._placed(sha256)

    def place(self, sha256: str, told: str) -> None:
        """Keep that code became a cell, and what the model was told; with nothing, that it ran."""
        if told != self._placed(sha256):
            self._add({"placed": sha256, "text": told})

    def _placed(self, sha256: str) -> str:
        return str(self._last(sha256, ("placed",)).get("text", ""))

    def answer(self, sha256: str) -> str:
        """Return what a person answered to this question of the model's; empty if nothing."""
        return str(self._last(sha256, ("answered",)).get("text", ""))

    def keep_answer(self, sha256: str, text: str) -> None:
        """Keep what a person answered."""
        if text != self.answer(sha256):
            self._add({"answered": sha256, "text": text})

    def _last(self, sha256: str, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the last line that has this digest under one of the names."""
        found = [line for line in self._lines if sha256 in map(line.get, names)]
        return found[-1] if found else {}

    def _add(self, line: dict[str, Any]) -> None:
        if not self._records:
            return
        self._lines.append(line)
        try:
            with _open(self.path, "ab") as file:
                file.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
        except OSError as error:
            raise ConfigurationError(f"this can't be recorded: {error}") from error


class ReplayModel:
    """A `Model` that answers from a tape what it can.

    Args:
        tape: the recorded answers.
        afresh: whether to ask the model even where there is one.
        model: who is asked; none is needed where the tape knows every call.

    """

    def __init__(self, tape: Tape, model: Model | None, *, afresh: bool) -> None:
        self._tape = tape
        self._model = model
        self._afresh = afresh

    @property
    def name(self) -> str:
        """The name of the model that would be asked."""
        return self._model.name if self._model else "recorded"

    @property
    def endpoint(self) -> str:
        """Where it would be asked."""
        return self._model.endpoint if self._model else self._tape.path.absolute().as_uri()

    @property
    def attempts(self) -> int:
        """How often it would be asked at most."""
        return self._model.attempts if self._model else 1

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue `messages` as it was done before.

        Raises:
            NotRecorded: the tape doesn't know this call, and nobody may be asked.
            ModelError: as the model itself.

        """
        key = fingerprint(messages, tools)
        answer = None if self._afresh else self._tape.find(key)
        if answer:
            if answer.text:
                yield TextDelta(text=answer.text)
            yield answer
            return
        if self._model is None:
            raise NotRecorded(self._tape.lack)
        async for event in self._model.stream(messages, tools):
            if isinstance(event, Completion):
                self._tape.keep(key, _question(messages), event)
            yield event

    async def close(self) -> None:
        """Release the model."""
        if self._model:
            await self._model.close()


def _open(path: Path, mode: Literal["rb", "ab"]) -> BinaryIO:
    """Open a file itself, and wait for nobody: code in a sandbox may have made it a link or a pipe.

    Which folder it stands in is the person's own setting.
    """
    return open(path, mode, opener=_opener)


def _opener(path: str, flags: int) -> int:
    try:
        opened = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, which is not followed", path) from error
        raise
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    raise OSError(errno.EINVAL, "it is no file", path)


def _read(file: BinaryIO, path: Path) -> Iterator[dict[str, Any]]:
    """Yield what the lines hold; only a newline ends one, as an answer may hold other breaks."""
    for number, line in enumerate(file, start=1):
        try:
            kept = json.loads(line)
            _check(kept)
            yield kept
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{path}, line {number}: no recorded answer") from error


def _check(line: dict[str, Any]) -> None:
    """Raise what reading a line raises where it holds nothing that is kept."""
    if not line.keys().isdisjoint(SAID):
        _word(line)
    elif not line.keys().isdisjoint(TEXTS):
        _ = line["text"]
    else:
        _completion(line["answer"])


def _word(line: dict[str, Any]) -> Word:
    said = next(name for name in SAID if name in line)
    return Word(said) if said == "approved" else Word(said, line["text"])


def _completion(kept: dict[str, Any]) -> Completion:
    calls = tuple(ToolCall(**call) for call in kept["tool_calls"])
    usage = Usage(**kept["usage"]) if kept["usage"] else None
    return Completion(**kept | {"tool_calls": calls, "usage": usage})


def _question(messages: Sequence[Message]) -> str:
    """Return the end of the last question: before it stands what the session told."""
    asked = [_text(m.get("content")) for m in messages if m["role"] == "user"]
    return next((text[-SHOWN:] for text in reversed(asked) if text), "")


def _text(content: object) -> str:
    """Return a message's text without its images."""
    parts = content if isinstance(content, list) else [{"text": content}]
    return "\n".join(str(part["text"]) for part in parts if part.get("text"))
