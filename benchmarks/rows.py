"""What is measured, and within which bound it has to lie."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PLAIN, CONTROL, BEAKER = "plain", "control", "beaker"
WITHIN = 0.05
"""How far the control may be from 1 before the run is void."""


@dataclass
class Row:
    """One line of the report: samples by contestant, in blocks that ran one after another.

    A ratio is the median over the rounds of the ratio within each round, so that a load that comes
    and goes touches both sides of it alike.

    Attributes:
        bound: what Beaker's ratio may be at most; None reports it alone.
        scale: how many of the unit are a second.
        least: how many samples of each contestant the row needs to count.

    """

    title: str
    bound: float | None
    unit: str = "ms"
    scale: float = 1e3
    least: int = 10
    rounds: list[dict[str, list[float]]] = field(default_factory=list)

    def samples(self, name: str) -> list[float]:
        """Return all samples of one contestant, in the row's unit."""
        return [s * self.scale for blocks in self.rounds for s in blocks[name]]

    def median(self, name: str) -> float:
        """Return the median of one contestant."""
        return statistics.median(self.samples(name))

    def quantile(self, name: str, part: float) -> float:
        """Return a quantile of one contestant, say of 0.9."""
        ordered = sorted(self.samples(name))
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    def added(self, name: str) -> float:
        """Return how much longer one takes than the plain kernel, in the row's unit."""
        median = statistics.median
        return median(median(r[name]) - median(r[PLAIN]) for r in self.rounds) * self.scale

    def ratio(self, name: str) -> float:
        """Return how many times as long one takes as the plain kernel."""
        return statistics.median(self._ratios(name))

    def spread(self, name: str) -> str:
        """Return the middle half of the rounds' ratios."""
        first, _, third = statistics.quantiles(self._ratios(name), n=4)
        return f"({first:.2f}-{third:.2f})"

    def _ratios(self, name: str) -> list[float]:
        median = statistics.median
        return [median(r[name]) / median(r[PLAIN]) for r in self.rounds]

    @property
    def is_void(self) -> bool:
        """Whether two equal kernels differ, or too few samples were taken, to say anything."""
        too_few = len(self.samples(BEAKER)) < self.least
        return too_few or abs(self.ratio(CONTROL) - 1) > WITHIN

    @property
    def passes(self) -> bool:
        """Whether Beaker keeps its bound."""
        return self.bound is None or self.ratio(BEAKER) <= self.bound


@dataclass(frozen=True)
class Limit:
    """A line of the report that is compared with a number instead of a kernel, or with nothing."""

    title: str
    value: float
    bound: float | None
    unit: str

    @property
    def passes(self) -> bool:
        """Whether Beaker keeps its bound."""
        return self.bound is None or self.value <= self.bound


def interleave(
    row: Row,
    names: Sequence[str],
    block: Callable[[str], list[float]],
    rounds: int,
) -> Row:
    """Let each contestant take a block of samples per round, in a new random order each time."""
    for _ in range(rounds):
        row.rounds.append({name: block(name) for name in random.sample(names, len(names))})
    return row
