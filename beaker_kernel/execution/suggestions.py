"""A hint on what to do about an error, made from the error alone."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beaker_kernel.execution.results import ExecutionError, Status

MODULE = re.compile(r"No module named '([\w.]+)'")
NAME = re.compile(r"name '(\w+)' is not defined")
DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules whose distribution has another name."""
WORD = re.compile(r"[A-Za-z_]\w*")


def suggestion(status: Status, error: ExecutionError | None, known: Iterable[str]) -> str | None:
    """Return a hint, or None.

    Args:
        status: how the execution ended.
        error: the exception, if there was one.
        known: names that the code could have meant.

    """
    if status == "timeout":
        return 'It took too long: raise "timeout", or run it with "background": true.'
    if status == "killed":
        return "The kernel ended, often for want of memory: take the data in smaller parts."
    return _of_error(error, known) if error else None


def _of_error(error: ExecutionError, known: Iterable[str]) -> str | None:
    if found := MODULE.search(error.value):
        module = found[1].partition(".")[0]
        return f"Install it in the session: %pip install {DISTRIBUTIONS.get(module, module)}"
    if found := NAME.search(error.value):
        near = difflib.get_close_matches(found[1], set(known) - {found[1]}, n=1)
        return f"Did you mean {near[0]!r}?" if near else None
    if error.name == "StdinNotImplementedError":
        return 'The code asks for input: pass the lines as "stdin": ["…"].'
    if error.name == "EOFError":
        return 'The code asks for more input than there are lines in "stdin".'
    return None


def words(codes: Iterable[str]) -> set[str]:
    """Return the identifiers in pieces of code."""
    return {word for code in codes for word in WORD.findall(code)}
