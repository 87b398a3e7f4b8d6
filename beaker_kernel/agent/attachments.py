"""The files that a question brings along: read from the session's folder, and told as data.

The agent reads outside the sandbox that code may run in: a link made there must not lead it out.
"""

from __future__ import annotations

import os
from base64 import b64encode
from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from beaker_kernel.agent.briefing import SECRET, beginning, fenced
from beaker_kernel.agent.files import NO_FILE, open_inside
from beaker_kernel.agent.outputs import shorten, without_last_line
from beaker_kernel.agent.room import BRIEFING
from beaker_kernel.errors import ConfigurationError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from beaker_kernel.agent.briefing import Redact
    from beaker_kernel.agent.model import Message
    from beaker_kernel.agent.room import Room

MOST = 8
"""Files that go with one question."""
IMAGE = 4_000_000
"""Bytes of an image; endpoints refuse larger ones."""
READ = 400_000
"""Bytes that are read of any other file."""
TOLD = 10_000
"""Characters of all texts together that the model is told."""
NAME = 200
"""Characters of a file's name."""
HEADING = "# Attached files, of the folder in which the session began; code can open them there"
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file.

    Attributes:
        kind: a media type for images, ``text``, or nothing for other content.
        size: in bytes.
        text: its beginning, where it is text; not yet redacted.
        beyond: what follows that, to know secrets by; never told.
        image: a data URL, where it is one.

    """

    name: str
    kind: str
    size: int
    text: str = ""
    beyond: str = ""
    image: str = ""

    def told(self, text: str) -> str:
        """Return the file as the model is told of it, with its `text` as it may be."""
        if self.kind == "text":
            read = f", of which the first {READ:,} were read" if self.size > READ else ""
            return f"text, {self.size:,} bytes{read}\n{text}"
        shown = "shown before this message" if self.image else "no text; the content is not shown"
        return f"{', '.join(filter(None, [self.kind, f'{self.size:,} bytes', shown]))}"


@dataclass(frozen=True, slots=True)
class Attachments:
    """The files of one question."""

    files: tuple[Attachment, ...] = ()

    def check(self, model: str, *, images: bool) -> None:
        """See whether a model can be told of these files.

        Raises:
            ConfigurationError: there is an image, and it isn't shown `images`.

        """
        if shown := next((file for file in self.files if file.image and not images), None):
            raise ConfigurationError(
                f"attachment {shown.name!r} is an image, and {model} can't be shown images: it is "
                "too small a model, or `images` is off in its profile or in the settings; choose "
                "another model, or ask without the image"
            )

    def told(self, room: Room, redact: Redact) -> str:
        """Return what the model is told: names, sizes, and texts as far as there is room.

        They are redacted before they are cut, or a cut secret would not be known as one.
        """
        if not self.files:
            return ""
        texts = [beginning(file.text, file.beyond, redact) for file in self.files]
        limit = _share(texts, int(min(TOLD, room.characters * BRIEFING / 2)))
        told = [
            fenced(f"{shorten(redact(file.name), NAME)}: {file.told(shorten(text, limit))}")
            for file, text in zip(self.files, texts, strict=True)
        ]
        return "\n".join([HEADING, *told, "\n"])

    def join(self, told: str, messages: list[Message]) -> list[Message]:
        """Return messages whose last one asks with these files: first images, then what is `told`.

        Strict endpoints refuse two messages of the person's in a row.
        """
        *before, question = messages
        text = told + question["content"]
        images = [
            {"type": "image_url", "image_url": {"url": file.image}}
            for file in self.files
            if file.image
        ]
        content = [*images, {"type": "text", "text": text}] if images else text
        return [*before, question | {"content": content}]


NONE = Attachments()


def read(names: Sequence[str], folder: Path) -> Attachments:
    """Read files of a folder by their paths in it; it takes a moment.

    Raises:
        ProtocolError: one isn't there, leads out of the folder, is none or is too large an image;
            or they are too many.

    """
    names = tuple(dict.fromkeys(names))
    if len(names) > MOST:
        raise ProtocolError(f"{len(names)} attachments; at most {MOST} go with a question")
    return Attachments(tuple(_read(name, folder) for name in names))


def _read(name: str, folder: Path) -> Attachment:
    try:
        with open_inside(name, folder) as file:
            return _content(name, file)
    except FileNotFoundError as error:
        raise _refused(name, "there is no such file in the session's folder") from error
    except OSError as error:
        why = NO_FILE if error.strerror == NO_FILE else f"it can't be read: {error.strerror}"
        raise _refused(name, why) from error
    except ValueError as error:
        raise _refused(name, str(error)) from error


def _content(name: str, file: BinaryIO) -> Attachment:
    content, size = file.read(READ), os.fstat(file.fileno()).st_size
    if kind := _image_type(content):
        if size > IMAGE:
            raise _refused(name, f"an image of {size:,} bytes; at most {IMAGE:,} can be shown")
        encoded = b64encode(content + file.read(IMAGE - len(content))).decode()
        url = f"data:{kind};base64,{encoded}"
        return Attachment(name=name, kind=kind, size=size, image=url)
    text = _text(content, whole=size <= READ)
    if text is None:
        return Attachment(name=name, kind="", size=size)
    beyond = (content + file.read(SECRET)).decode("utf-8-sig", "replace")[len(text) :]
    return Attachment(name=name, kind="text", size=size, text=text, beyond=beyond)


def _image_type(content: bytes) -> str:
    """Return what content says it is, whatever its file is called; empty where it is no image."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), "")


def _text(content: bytes, *, whole: bool) -> str | None:
    """Return content as text, if it is; where it was cut, without the line that the cut parts."""
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(content, final=whole)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    return text if whole else without_last_line(text)


def _share(texts: Sequence[str], most: int) -> int:
    """Return the characters that each text may have; what short ones leave goes to the long."""
    lengths = sorted(map(len, texts))
    for at, length in enumerate(lengths):
        share = most // (len(lengths) - at)
        if length > share:
            return share
        most -= length
    return most + lengths[-1]


def _refused(name: str, why: str) -> ProtocolError:
    return ProtocolError(f"attachment {shorten(name, NAME)!r}: {why}")
