"""The results of all models in one table each: a row per model, a row per task."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.tasks.attempt import Attempt


def markdown(results: Mapping[str, Sequence[Attempt]]) -> str:
    """Return the tables; the figures of a model are medians over its tasks."""
    names = list(results)
    rows = ["| model | right | steps | tokens | seconds |", "|---|---|---|---|---|"]
    rows += [_model(name, attempts) for name, attempts in results.items()]
    rows += ["", f"| task | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for attempts in zip(*results.values(), strict=True):
        told = " | ".join(cell(attempt) for attempt in attempts)
        rows.append(f"| {attempts[0].task} | {told} |")
    return "\n".join(rows)


def _model(name: str, attempts: Sequence[Attempt]) -> str:
    right = f"{sum(attempt.right for attempt in attempts)} of {len(attempts)}"
    steps = median(attempt.steps for attempt in attempts)
    tokens = median(attempt.tokens for attempt in attempts)
    seconds = median(attempt.seconds for attempt in attempts)
    return f"| {name} | {right} | {steps:g} | {tokens:,.0f} | {seconds:.1f} |"


def cell(attempt: Attempt) -> str:
    """Return one attempt in a few words."""
    told = f"{attempt.steps} steps, {attempt.tokens:,} tokens, {attempt.seconds:.1f} s"
    return f"{'right' if attempt.right else '**wrong**'}, {told}"
