"""The cells that are ours, from ``%ask`` to ``%beaker``: their words, completion and help.

The relay asks of every cell whether it is one, so each such question begins with a test for bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGICS = ("%ask", "%%ask", "%fix", "%%edit", "%beaker")
POLICIES = ("ask", "guarded", "auto", "never")
SWITCH = ("on", "off")
COMMANDS = {
    "status": "what is behind this kernel: subkernel, model, policy, tokens",
    "model": "show the model, or choose one: %beaker model NAME",
    "policy": "who decides what model code runs; set it by ask, guarded, auto or never",
    "context": "show what the model would be told next, or choose a context: %beaker context NAME",
    "keep": "whether the notebook keeps questions and answers, too: on or off",
    "reset": "begin a new conversation; your variables stay",
    "replay": "show the conversation so far, or the one before a restart",
    "forget": "delete this notebook's conversations, on disk too",
    "help": "this help",
}
OPTIONS = {
    "--auto": "let the model's code run without asking, for this question",
    "--model": "ask another model, for this question: --model NAME",
}
HELP = "\n".join(
    [
        "%ask [--auto] [--model NAME] QUESTION    ask about the live session, on one line",
        "%%ask [--auto] [--model NAME]            the same, with the question below",
        "%fix [HINT]                              explain the last error and correct its cell",
        "%%edit INSTRUCTION                       change the code below",
        "%beaker COMMAND",
        "",
        *(f"  {name:9} {text}" for name, text in (OPTIONS | COMMANDS).items()),
    ]
)
_MARKS = (b"%ask", b"%beaker", b"%fix", b"%%edit")
_CALL = re.compile(r"\s*\?{0,2}(?:%{1,2}(?:ask|beaker|fix)|%%edit)\b")  # %edit is IPython's
_FIRST_WORD = re.compile(r"\s*(%\S*)")


def mentions(content: bytes) -> bool:
    """Tell whether a request's content could hold one of our magics."""
    return b"%" in content and any(mark in content for mark in _MARKS)


def is_magic(code: str) -> bool:
    """Tell whether a cell is one of our magics."""
    return _CALL.match(code) is not None


def is_naming(code: str, cursor: int) -> bool:
    """Tell whether the cursor stands in a cell's first word, and this may become one of ours."""
    word = _FIRST_WORD.fullmatch(code[:cursor])
    return word is not None and any(magic.startswith(word[1]) for magic in MAGICS)


def complete(code: str, cursor: int) -> tuple[list[str], int]:
    """Return what of ours may stand at the cursor, and where the completed word begins."""
    before = code[:cursor]
    word = re.search(r"\S*$", before)
    start = word.start() if word else cursor
    typed, earlier = before[start:], before[:start].split()
    return [choice for choice in _choices(earlier) if choice.startswith(typed)], start


def _choices(earlier: Sequence[str]) -> Sequence[str]:
    match list(earlier):
        case []:
            return MAGICS
        case ["%beaker" | "%%beaker"]:
            return list(COMMANDS)
        case ["%beaker" | "%%beaker", "policy"]:
            return POLICIES
        case ["%beaker" | "%%beaker", "keep"]:
            return SWITCH
        case ["%ask" | "%%ask", *words] if words[-1:] != ["--model"]:  # a model's name follows that
            return list(OPTIONS)
    return []
