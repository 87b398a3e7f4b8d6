"""Which cells are ours: ``%ask``, ``%%ask`` and ``%beaker`` on a cell's first non-blank line.

The relay asks this of every cell, so each question begins with a test for bytes.
"""

from __future__ import annotations

import re

NAMES = ("ask", "beaker")
_MARKS = tuple(b"%" + name.encode() for name in NAMES)
_CALL = re.compile(r"\s*\?{0,2}%{1,2}(?:ask|beaker)\b")
_NAME = re.compile(r"\s*%{1,2}(\w+)")


def mentions(content: bytes) -> bool:
    """Tell whether a request's content could hold one of our magics."""
    return any(mark in content for mark in _MARKS)


def is_magic(code: str) -> bool:
    """Tell whether a cell is one of our magics."""
    return _CALL.match(code) is not None


def completes_magic(code: str, cursor: int) -> bool:
    """Tell whether the cursor stands in one of our magics, or in what may become one."""
    before = code[:cursor]
    if is_magic(before):
        return True
    match = _NAME.fullmatch(before)
    return match is not None and any(name.startswith(match[1]) for name in NAMES)
