"""A very long stream message is published in pieces, so that nobody must hold all of it at once.

ipykernel joins what is printed within a fifth of a second, and longer where its threads wait for
one another, into one message: 190 MB of it have been seen. A frontend appends stream messages, so
that several short ones say the same. Nothing is parsed for that: the text is cut as it is encoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from beaker_kernel.protocol.frames import dumps, loads, msg_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beaker_kernel.protocol.frames import Signer

LONGEST = 2**20
"""Bytes of text that one message has at most."""
HEADER, CONTENT, FRAMES = 3, 6, 7
"""Where they stand behind the topic, and how many frames a message without buffers has."""
BEGINNING = re.compile(rb'\s*\{\s*"name"\s*:\s*"\w+"\s*,\s*"text"\s*:\s*"')
END = b'"}'
CUT_OFF = re.compile(
    rb"(?:\\u[dD][89abAB]..)?(?:\\u.{0,3})?$"  # half of a surrogate pair, part of an escape
    rb"|[\xc0-\xff][\x80-\xbf]*$",  # a character, of which more may follow
    re.DOTALL,
)
NEAR = 12
"""Bytes in which all of that fits."""


def pieces(frames: list[bytes], signer: Signer) -> Iterator[list[bytes]]:
    """Yield a message, topic first, or if it is a very long stream's, messages that are shorter."""
    content = frames[-1]
    if len(content) <= LONGEST or len(frames) != FRAMES or msg_type(frames[HEADER]) != "stream":
        yield frames
        return
    beginning = BEGINNING.match(content)
    if not beginning or not _is_one_text(content, beginning.end()):
        yield frames
        return
    header = loads(frames[HEADER])
    texts = _cut(content, beginning.end())
    for number, text in enumerate(texts):
        named = dumps({**header, "msg_id": f"{header['msg_id']}.{number}"})
        parts = [named, *frames[HEADER + 1 : CONTENT], beginning[0] + text + END]
        yield [frames[0], *signer.frames(parts)]


def _is_one_text(content: bytes, start: int) -> bool:
    """Tell whether a content ends with the text that begins there: no other value follows.

    The last quotation mark before the end is then none, or one within the text, which is escaped.
    """
    quote = content.rfind(b'"', start, -len(END))
    return content.endswith(END) and (quote < 0 or content[quote - 1 : quote] == b"\\")


def _cut(content: bytes, start: int) -> Iterator[bytes]:
    """Yield the text of a content, cut between two characters."""
    end = len(content) - len(END)
    while end - start > LONGEST:
        text = _whole(content[start : start + LONGEST])
        if not text:  # nothing but backslashes
            break
        yield text
        start += len(text)
    yield content[start:end]


def _whole(text: bytes) -> bytes:
    """Return a text without what may be cut off at its end; what precedes it is whole.

    The first of several backslashes always begins something, whether they are even or odd.
    """
    text = text.rstrip(b"\\")
    found = CUT_OFF.search(text, max(0, len(text) - NEAR))
    return text[: found.start()].rstrip(b"\\") if found else text
