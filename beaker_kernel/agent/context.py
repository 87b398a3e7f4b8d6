"""What the model is told of the session with a question: cells, outputs, variables, in a budget."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from beaker_kernel.agent.outputs import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from beaker_kernel.agent.cells import Cell
    from beaker_kernel.protocol.replies import Variable

BUDGET = 20_000
"""Characters of context that go with one question."""
OUTPUT = 2_000
"""Characters of one cell's output."""
_KEY_LIKE = re.compile(r"\b(?:sk|pk|ghp|gho|xox[abp]|AKIA|hf)[-_]?[A-Za-z0-9_\-]{16,}\b")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)


class Redactor:
    """Takes known secrets, and what looks like a key, out of text that leaves for an endpoint."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        named = [v for n, v in settings.items() if _SECRET_NAME.search(n) and len(v) >= 8]
        self._secrets = sorted(named, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return _KEY_LIKE.sub("[redacted]", text)


def system_prompt(language: str) -> str:
    """Return the message that begins every conversation."""
    text = files("beaker_kernel.agent").joinpath("prompts/system.md").read_text(encoding="utf-8")
    return Template(text).substitute(language=language)


def compose(question: str, cells: Sequence[Cell], variables: Sequence[Variable], fence: str) -> str:
    """Return the message that asks: variables, the cells that are new, and the question last.

    Where it would be too long, the oldest cells go first.
    """
    asked = f"\n# Question\n{question}"
    listed = shorten(_variables(variables), BUDGET // 4)
    room = BUDGET - len(listed) - len(asked)
    kept: list[str] = []
    for text in (_cell(cell, fence) for cell in reversed(cells)):
        room -= len(text)
        if room < 0:
            break
        kept.append(text)
    shown = "\n".join(reversed(kept))
    return "\n".join(filter(None, (listed, f"# Cells\n{shown}" if shown else "", asked))).strip()


def fenced(text: str) -> str:
    """Mark text as data: what stands in outputs, files and names gives no orders."""
    return f"⟦session\n{text.replace('⟦', '[').replace('⟧', ']')}\nsession⟧"


def _variables(variables: Iterable[Variable]) -> str:
    lines = [describe(variable) for variable in variables]
    return f"# Variables\n{fenced(chr(10).join(lines))}" if lines else ""


def describe(variable: Variable) -> str:
    """Return a variable on one line."""
    shape = f" {'x'.join(map(str, variable.shape))}" if variable.shape else ""
    return f"{variable.name}: {variable.type}{shape} = {variable.preview}"


def _cell(cell: Cell, fence: str) -> str:
    output = cell.outputs.text(OUTPUT)
    source = f"[{cell.execution_count}]\n```{fence}\n{shorten(cell.source, OUTPUT * 2)}\n```"
    return f"{source}\n{fenced(output)}" if output else source
