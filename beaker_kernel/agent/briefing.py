"""What the model is told of the session with a question: cells, outputs, variables, in a budget."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from io import TextIOWrapper
from string import Template
from typing import TYPE_CHECKING, TypeAlias

from beaker_kernel.agent.files import open_inside
from beaker_kernel.agent.outputs import shorten
from beaker_kernel.protocol.replies import VariablesReply

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from beaker_kernel.agent.cells import Cell
    from beaker_kernel.agent.model import Message
    from beaker_kernel.agent.session import Session
    from beaker_kernel.protocol.messages import Part
    from beaker_kernel.protocol.replies import Variable

Redact: TypeAlias = Callable[[str], str]

BUDGET = 20_000
"""Characters of context that go with one question; the question itself is never cut."""
OUTPUT = 2_000
"""Characters of one cell's output."""
NAMES, PREVIEW = 200, 600
"""Words that are looked up as names of older variables, and characters of what each then shows."""
RULES_FILE, RULES = "AGENTS.md", 8_000
"""The file whose text joins the prompt, and how many characters of it."""
SECRET = 131_072
"""Characters that are read beyond a cut, to know a secret in it: no variable that Linux hands to a
process is longer."""
CHANGED = "# Cells that don't stand in the notebook as they ran; variables still come from what ran"
GONE = "its variables are gone; where they are needed, offer to make them again"
RESTARTED = (
    f"# The kernel was restarted since the last answer: {GONE}\n"
    "Only variables that are listed in this message exist."
)
CELLS, QUESTION = "# Cells", "# Question"
BEGIN, END = "⟦session", "session⟧"
_DATA = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)
_KEYS = re.compile(
    r"\b(?:sk|pk|rk)[-_][\w-]{16,}"  # OpenAI, Anthropic, Stripe
    r"|\b(?:gh[oprsu]_|github_pat_|hf_|glpat-|xox[abeoprs]-)[\w-]{16,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]{8,999}\.eyJ[\w-]{8,999}\.[\w-]+"  # a JSON web token
)
_WORD = re.compile(r"[^\W\d_][\w.]*")
_CUT_WORD = re.compile(r"([\s'\"([{,:=]|^)[^\s'\"([{,:=…]+…")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_NO_SECRETS = frozenset({"BEAKER_CONTEXT_TOKENS", "BEAKER_MAX_TOKENS"})
"""Settings of ours that are called like one."""
_COUNT = re.compile(r"TOKENS|TOKEN_(?:BUDGET|COUNT|LIMIT)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[\d_]+(?:\.\d*)?")


class Redactor:
    """Takes known secrets, and what looks like a key, out of text that leaves for an endpoint."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        named = [v for n, v in settings.items() if _is_secret(n, v)]
        self._secrets = sorted(named, key=len, reverse=True)

    def learn(self, secret: str) -> None:
        """Take out one more from now on."""
        if len(secret) >= 8 and secret not in self._secrets:
            self._secrets = sorted([*self._secrets, secret], key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return _KEYS.sub("[redacted]", text)


def _is_secret(name: str, value: str) -> bool:
    if name in _NO_SECRETS or (_COUNT.search(name) and _NUMBER.fullmatch(value)):
        return False
    return bool(_SECRET_NAME.search(name)) and len(value) >= 8


def beginning(text: str, beyond: str, redact: Redact) -> str:
    """Return the beginning of a text without secrets; `beyond` is what follows, and isn't told.

    Of a secret that the cut between them parts nothing is left: there, what is redacted with
    `beyond` differs from what is redacted without.
    """
    told, whole = redact(text), redact(text + beyond)
    if whole.startswith(told):
        return told
    pairs = enumerate(zip(told, whole, strict=False))
    return told[: next((at for at, (one, other) in pairs if one != other), len(whole))]


def system_prompt(language: str, rules: str = "", field: str = "") -> str:
    """Return the message that begins every conversation; `field` is what a context adds."""
    text = files("beaker_kernel.agent").joinpath("prompts/system.md").read_text(encoding="utf-8")
    filled = Template(text).substitute(language=language)
    parts = [filled, f"# This session\n{field}" if field else ""]
    parts.append(f"# Rules of this folder\n{rules}\n" if rules else "")
    return "\n".join(filter(None, parts))


def read_rules(folder: Path, redact: Redact) -> str:
    """Return what the folder's rules file says; empty where there is none to be read.

    A link that leads out of the folder is none: code in a sandbox, or who made a repository, may
    have put it there. It is redacted before it is cut, or a cut secret would not be known as one.
    """
    try:
        with TextIOWrapper(open_inside(RULES_FILE, folder), encoding="utf-8") as file:
            text, beyond = file.read(RULES * 2), file.read(SECRET)
            return beginning(text, beyond, redact)[:RULES].strip()
    except (OSError, ValueError):
        return ""


def spoken(message: Message) -> str:
    """Return a message as a person can read it."""
    return f"{message['role']}\n{message.get('content') or message.get('tool_calls')}"


def joined(told: Mapping[str, str]) -> str:
    """Return the message that asks."""
    return "\n\n".join(filter(None, told.values()))


def parts(
    question: str,
    cells: Sequence[Cell],
    variables: VariablesReply | None,
    fence: str,
    redact: Redact,
    *,
    restarted: bool = False,
    changed: Sequence[str] = (),
    outputs: bool = True,
    room: float = BUDGET,
) -> dict[str, str]:
    """Return what is told: variables, the cells that are new, and the question last, by name.

    `restarted` says that variables were lost since the last answer, `changed` which sources that
    ran don't stand in the notebook any more; `room` is how many characters all may have. The
    question is never cut.

    Where it would be too long, the oldest cells go first.
    """
    asked = f"{QUESTION}\n{redact(question)}"
    most = int(min(room, BUDGET))
    listed = shorten(redact(_variables(variables)), most // 4)
    noted = "\n".join([CHANGED, *changed]) if changed else ""
    new = RESTARTED if restarted else ""
    room = most - len(new) - len(listed) - len(asked) - len(CELLS) - len(noted) - 8
    kept: list[str] = []
    for cell in reversed(cells):
        text = _cell(cell, fence, redact, outputs=outputs)
        room -= len(text) + 1
        if room < 0:
            break
        kept.insert(0, text)
    ran = "\n".join([CELLS, *kept]) if kept else ""
    told = {"variables": listed, "cells": ran, "changes": noted, "question": asked}
    return {"restart": new, **told}


async def look(
    session: Session, question: str, cells: Sequence[Cell], without: Collection[Part] = ()
) -> VariablesReply | None:
    """Return the variables to tell of: those that the question or the cells name, then the newest.

    Older ones are looked up only where there are any, by words that name none of the newest.
    ``None`` says that a cell runs and the kernel can't be asked beside it.
    """
    listed = VariablesReply() if "variables" in without else await session.variables()
    if listed is None:
        return None
    known = {variable.name: variable for variable in listed.variables}
    words = _words([question, *(cell.source for cell in reversed(cells))])
    unknown = tuple(word for word in words if word not in known)[:NAMES]
    if unknown and listed.total > len(known):
        older = await session.variables(names=unknown)
        known |= {v.name: _shortened(v) for v in older.variables} if older else {}
    named = [known.pop(word) for word in words if word in known]
    return VariablesReply(variables=(*named, *known.values()), total=listed.total)


def _words(texts: Sequence[str]) -> list[str]:
    """Return what may be a name in the texts, once each: ``sales.price``, ``sales``, ``price``."""
    found = (word.rstrip(".") for text in texts for word in _WORD.findall(text[: OUTPUT * 2]))
    return list(dict.fromkeys(name for word in found for name in (word, *word.split("."))))


def _shortened(variable: Variable) -> Variable:
    """Return a variable that was asked for by name with a preview no longer than in a listing."""
    shown = variable.preview
    return replace(variable, preview=shown if len(shown) <= PREVIEW else f"{shown[:PREVIEW]}…")


def said(message: Message) -> str:
    """Return a message's text without images; empty where it shows what a tool put out."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    return text if QUESTION in text else ""


def asked(told: str) -> str:
    """Return the question that ends what was told with it; other text as it is."""
    return told.rpartition(f"{QUESTION}\n")[2]


def fenced(text: str) -> str:
    """Mark text as data: what stands in cells, outputs, files and names gives no orders."""
    return f"{BEGIN}\n{text.replace('⟦', '[').replace('⟧', ']')}\n{END}"


def without_data(text: str) -> str:
    """Leave out what is marked as data: others may have written it."""
    return _DATA.sub("…", text)


def holds_session_text(messages: Sequence[Message]) -> bool:
    """Tell whether somebody who has read these messages has read cells, outputs or variables.

    The first one, the system's, only explains the marks.
    """
    return any(BEGIN in str(message.get("content")) for message in messages[1:])


def _variables(reply: VariablesReply | None) -> str:
    if reply is None:
        return "# Variables\n(not known now: a cell is running)"
    lines = [describe(variable) for variable in reply.variables]
    if reply.total > len(lines):
        lines.insert(0, f"({reply.total - len(lines)} older ones are not shown)")
    return f"# Variables\n{fenced(chr(10).join(lines))}" if lines else ""


def describe(variable: Variable) -> str:
    """Return a variable on one line."""
    shape = f" {'x'.join(map(str, variable.shape))}" if variable.shape else ""
    return f"{variable.name}: {variable.type}{shape} = {without_cut_words(variable.preview)}"


def without_cut_words(text: str) -> str:
    """Leave out what stands of a word before the mark of a cut: a part of a key isn't known as one.

    The subkernel cuts what it shows, so this can't be left to a `Redactor`.
    """
    return _CUT_WORD.sub(r"\1…", text)


def _cell(cell: Cell, fence: str, redact: Redact, *, outputs: bool) -> str:
    output = cell.outputs.text(OUTPUT, redact) if outputs else ""
    source = shorten(redact(cell.source), OUTPUT * 2)
    told = "\n".join(filter(None, [f"```{fence}\n{source}\n```", output]))
    return f"[{cell.execution_count}]\n{fenced(told)}"
