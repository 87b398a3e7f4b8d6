"""What one question may take, and what it has taken."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from beaker_kernel.errors import BudgetExceeded, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from beaker_kernel.agent.model import Usage
    from beaker_kernel.agent.provider.endpoints import Endpoint

WARNING = 0.8
"""The part of a limit from which the person is told."""


class Price(NamedTuple):
    """US dollars for a million tokens."""

    prompt: float
    completion: float

    def of(self, usage: Usage) -> float:
        """Return what a completion cost."""
        spent = usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion
        return spent / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Completions, tokens, seconds of model time, dollars, bytes put out."""

    steps: int = 20
    tokens: int = 200_000
    seconds: float = 600.0
    dollars: float = float("inf")
    output: int = 20_000_000


@dataclass(slots=True, kw_only=True)
class Budget:
    """The account of one question; a person may take their time, only the model's counts.

    Attributes:
        limits: what it may take.
        price: what the model costs, where that is known.

    """

    limits: Limits = field(default_factory=Limits)
    price: Price | None = None
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    dollars: float = 0.0
    output: int = 0
    _told: set[str] = field(default_factory=set)

    def count(self, usage: Usage) -> float | None:
        """Add a completion's tokens, and return what it cost where that is known."""
        self.tokens += usage.prompt_tokens + usage.completion_tokens
        cost = self.price.of(usage) if self.price else None
        self.dollars += cost or 0.0
        return cost

    def step(self) -> None:
        """Begin a completion.

        Raises:
            BudgetExceeded: something is used up; the text says what, and how to go on.

        """
        for kind, what in _KINDS.items():
            used, limit = getattr(self, kind), getattr(self.limits, kind)
            if used >= limit:
                raise BudgetExceeded(
                    f"{what.format(used)} used of {limit:g}; ask again to go on, or raise "
                    f"BEAKER_MAX_{kind.upper()}"
                )
        self.steps += 1

    def warnings(self) -> list[str]:
        """Return what is nearly used up and was not said before."""
        near = [
            kind
            for kind in _KINDS
            if kind not in self._told
            and WARNING * getattr(self.limits, kind)
            <= getattr(self, kind)
            < getattr(self.limits, kind)
        ]
        self._told.update(near)
        return [
            f"{_KINDS[kind].format(getattr(self, kind))} used of {getattr(self.limits, kind):g} "
            "for this question."
            for kind in near
        ]


def price_of(endpoint: Endpoint, own: Mapping[str, Sequence[float]]) -> Price | None:
    """Return what an endpoint's model costs; ``None`` where nobody has said.

    Args:
        endpoint: one on this machine costs nothing.
        own: the person's table, which goes before ours: by model, dollars for a million tokens of
            prompt and of completion.

    Raises:
        ConfigurationError: an entry is no pair of numbers.

    """
    if endpoint.model not in own and endpoint.local:
        return Price(0.0, 0.0)
    undated = re.sub(r"-\d{4}-\d\d-\d\d$", "", endpoint.model)
    table = {**_table(), **own}
    found = table.get(endpoint.model, table.get(undated))
    try:
        return Price(*map(float, found)) if found is not None else None
    except (TypeError, ValueError) as error:
        message = f"prices: {endpoint.model}: two numbers are needed, for prompt and completion"
        raise ConfigurationError(message) from error


def _table() -> dict[str, Sequence[float]]:
    text = files("beaker_kernel.agent").joinpath("prices.json").read_text(encoding="utf-8")
    table: dict[str, Sequence[float]] = json.loads(text)
    return table


_KINDS = {
    "steps": "{} steps",
    "tokens": "{} tokens",
    "seconds": "{:.1f} seconds of model time",
    "dollars": "{:.4f} dollars",
    "output": "{} bytes of output",
}
