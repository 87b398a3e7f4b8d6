"""Questions about code that is to be changed: what `%fix` and `%%edit` ask the model."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, NamedTuple

from beaker_kernel.agent import briefing
from beaker_kernel.agent.frontend.markdown import fenced
from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from beaker_kernel.agent.briefing import Redact
    from beaker_kernel.agent.cells import Cell
    from beaker_kernel.agent.magics import Edit, Fix

ERROR = 4_000
"""Characters of a failed cell's output that the model is shown."""


class Change(NamedTuple):
    """A question, and the code that its answer is to replace."""

    question: str
    before: str


def fix(wish: Fix, failed: Cell | None, language: str, redact: Redact) -> Change:
    """Ask what is wrong with the cell that failed last.

    Raises:
        ConfigurationError: none has failed.

    """
    if failed is None:
        raise ConfigurationError("no cell has failed in this session; `%ask` takes any question")
    output = briefing.fenced(failed.outputs.text(ERROR, redact))
    code = briefing.fenced(fenced(failed.source, language))
    return Change(_filled("fix", code=code, output=output, hint=wish.hint), failed.source)


def edit(wish: Edit, language: str) -> Change:
    """Ask to change code by an instruction."""
    code = briefing.fenced(fenced(wish.code, language))
    return Change(_filled("edit", code=code, instruction=wish.instruction), wish.code)


def _filled(name: str, **values: str) -> str:
    text = files("beaker_kernel.agent").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
    return Template(text).substitute(values).strip()
