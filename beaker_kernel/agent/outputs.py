"""What a cell put out, as text and images that a model can read, bounded however much it is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
IMAGES = ("image/png", "image/jpeg")
TEXTS = ("text/markdown", "text/plain", "application/json", "text/latex", "text/html")
ROOM = 100_000
"""Characters of text that are kept: its beginning and its end."""
LINE = 1_000
"""Characters of a line that are left out where it is cut."""
_LAST_LINE, _FIRST_LINE = re.compile(r"[^\n]+\Z"), re.compile(r"\A[^\n]+")
MOST_IMAGES = 4


@dataclass(slots=True)
class Outputs:
    """The outputs of one cell, folded as they come.

    Attributes:
        images: data URLs of the first images, in order.
        error: the exception's last line; empty where there was none.

    """

    images: list[str] = field(default_factory=list)
    error: str = ""
    _texts: list[str] = field(default_factory=list)
    _size: int = 0

    def add(self, msg_type: str, content: dict[str, Any]) -> None:
        """Take in one output message of iopub."""
        match msg_type:
            case "stream":
                self.write(str(content.get("text", "")))
            case "display_data" | "execute_result" | "update_display_data":
                self._add_bundle(content.get("data", {}))
            case "clear_output":
                self._texts.clear()
                self.images.clear()
                self._size = 0
            case "error":
                self.error = f"{content.get('ename', '')}: {content.get('evalue', '')}"
                self.write("\n".join(content.get("traceback", [])) or self.error)

    def write(self, text: str) -> None:
        """Take in text; of very much only the beginning and the end are kept."""
        self._texts.append(text)
        self._size += len(text)
        if self._size > 2 * ROOM:
            self._texts = [_kept("".join(self._texts))]
            self._size = len(self._texts[0])

    @property
    def raw(self) -> str:
        """All text as it came."""
        return "".join(self._texts)

    def text(self, limit: int, redact: Callable[[str], str] = str) -> str:
        """Return the text as a person would see it, within `limit` characters.

        It is redacted before it is cut, or a cut secret would not be known as one.
        """
        lines = _ESCAPES.sub("", self.raw).split("\n")
        seen = "\n".join(map(_last_written, lines))
        return shorten(redact(seen).strip(), limit)

    def _add_bundle(self, data: dict[str, Any]) -> None:
        for mimetype in IMAGES:
            if mimetype in data and len(self.images) < MOST_IMAGES:
                encoded = "".join(_line(data[mimetype]).split())
                self.images.append(f"data:{mimetype};base64,{encoded}")
        found = next((data[mimetype] for mimetype in TEXTS if mimetype in data), "")
        text = found if isinstance(found, (str, list)) else json.dumps(found)
        if text:
            self.write(_line(text) + "\n")


def shorten(text: str, limit: int) -> str:
    """Cut a text's middle out where it is longer than `limit`, and say so."""
    if len(text) <= limit:
        return text
    half = max(0, (limit - 60) // 2)
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n… {left_out} characters left out …\n{text[len(text) - half :]}"


def without_last_line(text: str) -> str:
    """Leave out the line that a cut has parted: a part of a secret isn't known as one."""
    return text[:-LINE] + _LAST_LINE.sub("", text[-LINE:])


def _kept(text: str) -> str:
    """Return the beginning and the end of a long text, without the lines that the cut parts.

    There, a part of a secret would not be known as one.
    """
    half = ROOM // 2
    head, tail = text[:half], text[-half:]
    head = without_last_line(head)
    tail = _FIRST_LINE.sub("", tail[:LINE]) + tail[LINE:]
    return f"{head}\n… {len(text) - len(head) - len(tail)} characters left out …\n{tail}"


def _last_written(line: str) -> str:
    """Return a line as it stands after its carriage returns, as of a progress bar."""
    return line.rstrip("\r").rpartition("\r")[2]


def _line(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(map(str, value))
