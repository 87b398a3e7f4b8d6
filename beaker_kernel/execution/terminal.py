"""Text as it stands on a screen once all of it is written (ECMA-48, as far as programs use it)."""

from __future__ import annotations

import re

WIDEST = 1_000
"""The furthest column that a cursor movement alone can reach."""
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x9b]")
TOKENS = re.compile(
    r"(?P<text>[^\x00-\x08\x0a-\x1f\x7f\x9b]+)"
    r"|(?P<key>[\n\r\b])"
    r"|(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and the like
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x1f\x7f\x9b]"
)
COLOURS = re.compile(r"\x1b\[[0-9;:]*m")


def folded(text: str) -> str:
    """Return text after its carriage returns, backspaces and cursor movements, without colours."""
    plain = COLOURS.sub("", text).replace("\r\n", "\n")
    if not CONTROLS.search(plain):
        return plain
    screen = Screen()
    for token in TOKENS.finditer(plain):
        screen.take(token)
    return str(screen)


class Screen:
    """Lines of characters and a cursor; it is as long as it must be and never scrolls."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._row = 0
        self._column = 0

    def __str__(self) -> str:
        return "\n".join("".join(line) for line in self._lines)

    def take(self, token: re.Match[str]) -> None:
        """Take in one token of text: characters, a key, or an escape sequence."""
        if token["text"]:
            self._write(token["text"])
        elif token["key"]:
            self._press(token["key"])
        elif token["command"]:
            self._obey(token["command"], token["parameters"])

    def _write(self, text: str) -> None:
        line = self._lines[self._row]
        line.extend(" " * (self._column - len(line)))
        line[self._column : self._column + len(text)] = text
        self._column += len(text)

    def _press(self, key: str) -> None:
        if key == "\b":
            self._column = max(0, self._column - 1)
            return
        self._column = 0
        if key == "\n":
            self._row += 1
            if self._row == len(self._lines):
                self._lines.append([])

    def _obey(self, command: str, parameters: str) -> None:
        first = parameters.partition(";")[0]
        given = int(first[:6]) if first.isdecimal() else None
        count = given or 1
        match command:
            case "A" | "F":
                self._row = max(0, self._row - count)
            case "B" | "E":
                self._row = min(len(self._lines) - 1, self._row + count)
            case "C":
                self._column = min(max(WIDEST, self._column), self._column + count)
            case "D":
                self._column = max(0, self._column - count)
            case "G":
                self._column = min(WIDEST, count - 1)
            case "J":
                self._erase_screen(given or 0)
            case "K":
                self._erase_line(given or 0)
        if command in "EF":
            self._column = 0

    def _erase_line(self, part: int) -> None:
        line = self._lines[self._row]
        if part == 0:
            del line[self._column :]
        elif part == 1:
            line[: self._column + 1] = " " * min(self._column + 1, len(line))
        else:
            line.clear()

    def _erase_screen(self, part: int) -> None:
        """Erase below the cursor, or all; what is above is history that nobody erases alone."""
        if part == 0:
            del self._lines[self._row + 1 :]
            self._erase_line(0)
        elif part in {2, 3}:
            self._lines = [[]]
            self._row = self._column = 0
