"""A small live session, questions about it, and what their code must show when it is run."""

from __future__ import annotations

import ast
import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

PENGUINS = pd.DataFrame(
    [
        ("Adelie", "Torgersen", 39.1, 181.0, 3750.0, "male"),
        ("Adelie", "Torgersen", 39.5, 186.0, 3800.0, "female"),
        ("Adelie", "Biscoe", 37.8, 174.0, 3400.0, "female"),
        ("Adelie", "Dream", 36.4, 185.0, None, "female"),
        ("Chinstrap", "Dream", 46.5, 192.0, 3500.0, "female"),
        ("Chinstrap", "Dream", 50.0, 196.0, 3900.0, "male"),
        ("Chinstrap", "Dream", 51.3, 193.0, 3650.0, "male"),
        ("Gentoo", "Biscoe", 46.1, 211.0, 4500.0, "female"),
        ("Gentoo", "Biscoe", 50.2, 230.0, 5700.0, "male"),
        ("Gentoo", "Biscoe", 48.7, 210.0, None, "female"),
    ],
    columns=["species", "island", "bill_length_mm", "flipper_length_mm", "body_mass_g", "sex"],
)
PRICES = [3.5, 12.0, 7.25, 99.9, 4.1]
MENTIONED = re.compile(r"\bpenguins\b|\bprices\b")
MADE_AGAIN = re.compile(r"read_csv|pd\.DataFrame|\b(?:penguins|prices)\s*=(?!=)")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a cell showed: its last expression's value, what it printed, its namespace."""

    value: Any
    printed: str
    namespace: dict[str, Any]

    def numbers(self) -> set[float]:
        """The numbers in it, rounded to one decimal."""
        text = f"{self.value!r} {self.printed}"
        return {round(float(number), 1) for number in re.findall(r"-?\d+\.?\d*", text)}

    def says(self, *words: str) -> bool:
        return all(word in f"{self.value!r} {self.printed}" for word in words)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and whether what its cell showed is right."""

    text: str
    right: Callable[[Shown], bool]


def _numbers(*wanted: float) -> Callable[[Shown], bool]:
    return lambda shown: {round(float(number), 1) for number in wanted} <= shown.numbers()


def _of(values: pd.Series) -> Callable[[Shown], bool]:
    return _numbers(*values)


_BY_SPECIES = PENGUINS.groupby("species")
QUESTIONS = (
    Question("which species has the longest flippers on average?", lambda s: s.says("Gentoo")),
    Question("How many penguins are there on each island?", _of(PENGUINS.island.value_counts())),
    Question("average bill length per species", _of(_BY_SPECIES.bill_length_mm.mean())),
    Question("median flipper length of each species", _of(_BY_SPECIES.flipper_length_mm.median())),
    Question("show the two penguins with the longest bills", _numbers(51.3, 50.2)),
    Question("how many penguins are male?", _numbers(4)),
    Question("what is the total of prices?", _numbers(sum(PRICES))),
    Question("what is the highest price?", _numbers(99.9)),
    Question("mean body mass by species and sex", _numbers(3750, 3600, 3500, 3775, 4500, 5700)),
    Question("what is the heaviest body mass?", _numbers(5700)),
    Question("list the names of the islands", lambda s: s.says("Biscoe", "Dream", "Torgersen")),
    Question("describe the penguins", _numbers(PENGUINS.body_mass_g.mean())),
)


def run(code: str) -> Shown:
    """Run a cell in a fresh copy of the session, as a kernel would."""
    namespace = {"pd": pd, "penguins": PENGUINS.copy(), "prices": list(PRICES)}
    cell = ast.parse(code)
    last = cell.body.pop() if cell.body and isinstance(cell.body[-1], ast.Expr) else None
    value = None
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(cell, "<cell>", "exec"), namespace)
        if last:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
    return Shown(value, printed.getvalue(), namespace)


def answers(question: Question, code: str) -> bool:
    """Say whether the code uses the session's variables, and shows what was asked."""
    if MADE_AGAIN.search(code) or not MENTIONED.search(code):
        return False
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        try:
            return question.right(run(code))
        except Exception:
            return False
