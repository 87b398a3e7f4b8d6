"""What a cell put out, as text and images that a model can read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
IMAGES = ("image/png", "image/jpeg")
TEXTS = ("text/markdown", "text/plain", "application/json", "text/latex", "text/html")


@dataclass(slots=True)
class Outputs:
    """The outputs of one cell, folded as they come.

    Attributes:
        texts: what a person would read, in order.
        images: data URLs of images, in order.
        error: the exception's last line; empty where there was none.

    """

    texts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    error: str = ""

    def add(self, msg_type: str, content: dict[str, Any]) -> None:
        """Take in one output message of iopub."""
        match msg_type:
            case "stream":
                self.texts.append(ANSI.sub("", content.get("text", "")))
            case "display_data" | "execute_result" | "update_display_data":
                self._add_bundle(content.get("data", {}))
            case "clear_output":
                self.texts.clear()
                self.images.clear()
            case "error":
                self.error = f"{content.get('ename', '')}: {content.get('evalue', '')}"
                traceback = "\n".join(content.get("traceback", []))
                self.texts.append(ANSI.sub("", traceback) or self.error)

    def _add_bundle(self, data: dict[str, Any]) -> None:
        for mimetype in IMAGES:
            if mimetype in data:
                self.images.append(f"data:{mimetype};base64,{_line(data[mimetype])}")
        found = next((data[mimetype] for mimetype in TEXTS if mimetype in data), "")
        text = found if isinstance(found, (str, list)) else json.dumps(found)
        if text:
            self.texts.append(_line(text) + "\n")

    def text(self, limit: int) -> str:
        """Return all text within `limit` characters: its beginning and its end."""
        return shorten("".join(self.texts).strip(), limit)


def shorten(text: str, limit: int) -> str:
    """Cut a text's middle out where it is longer than `limit`, and say so."""
    if len(text) <= limit:
        return text
    half = max(0, (limit - 60) // 2)
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n… {left_out} characters left out …\n{text[len(text) - half :]}"


def _line(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
