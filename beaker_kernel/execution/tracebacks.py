"""What a traceback of IPython says, apart from its colours."""

from __future__ import annotations

import re

from beaker_kernel.execution.results import ExecutionError

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CELL = re.compile(
    r"^\s*(?:Cell In\[\d+\], line (\d+)|File <ipython-input[^>]*>:(\d+))", re.MULTILINE
)
MOST = 20_000
"""Characters of an exception's value, or of one part of its traceback."""
ARROW = re.compile(r"^-+> (\d+)", re.MULTILINE)


def parsed(ename: str, evalue: str, traceback: list[str]) -> ExecutionError:
    """Return the error of a kernel's ``error`` message, and the line of the cell."""
    traceback = [part[:MOST] for part in traceback]
    plain = [ESCAPES.sub("", part) for part in traceback]
    return ExecutionError(
        name=ename,
        value=ESCAPES.sub("", evalue[:MOST]),
        traceback=plain,
        traceback_ansi=traceback,
        line=_line("\n".join(plain)),
    )


def _line(traceback: str) -> int | None:
    """Return the cell's line where it went wrong: the first frame is the cell's own."""
    found = CELL.search(traceback)
    if found:
        return int(found[1] or found[2])
    arrow = ARROW.search(traceback)
    return int(arrow[1]) if arrow else None
