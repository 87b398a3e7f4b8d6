"""What a task is, and whether it was done: told by the session itself."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
THOUSANDS = re.compile(r"(?<=\d)[,_](?=\d{3}\b)")
SCORE = (
    "(lambda says, near, images: bool({check}))("
    "lambda *words: all(word in {text!r} for word in words), "
    "lambda *wanted: all(any(abs(n - w) < 0.05 for n in {numbers!r}) for w in wanted), "
    "{images})"
)
"""A check with what it may use; in the session, where its variables are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, as `tasks.toml` describes it."""

    name: str
    cells: list[str]
    question: str
    check: str
    solution: str
    notebook: list[str] | None = None

    @property
    def standing(self) -> dict[str, Any]:
        """The notebook as it stands when the question is asked."""
        sources = self.cells if self.notebook is None else self.notebook
        cells = [
            {"id": str(count), "cell_type": "code", "source": source, "execution_count": count}
            for count, source in enumerate(sources, 1)
        ]
        return {"cells": cells}


@dataclass(slots=True)
class Seen:
    """What a person saw: the answer, and what was put out.

    Attributes:
        offered: code that was put before them as cells.

    """

    text: str = ""
    images: int = 0
    offered: list[str] = field(default_factory=list)

    def add(self, messages: Iterable[dict[str, Any]]) -> None:
        """Take in what was published."""
        for message in messages:
            content = message["content"]
            match message["msg_type"]:
                case "llm_response":
                    self.text += f"\n{content['text']}"
                case "code_cell":
                    self.offered.append(content["code"])
                case "stream":
                    self.text += content["text"]
                case "display_data" | "execute_result":
                    self.text += f"\n{content['data'].get('text/plain', '')}\n"
                    self.images += "image/png" in content["data"]

    def score(self, task: Task) -> str:
        """Return the expression that tells in the session whether the task is done."""
        numbers = [float(number) for number in NUMBER.findall(THOUSANDS.sub("", self.text))]
        return SCORE.format(check=task.check, text=self.text, numbers=numbers, images=self.images)


def load() -> list[Task]:
    """Return all tasks, in order."""
    written = files(__package__).joinpath("tasks.toml").read_text(encoding="utf-8")
    return [Task(**task) for task in tomllib.loads(written)["task"]]
