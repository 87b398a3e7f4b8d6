"""What a question may take, and what it costs."""

from __future__ import annotations

import pytest

from beaker_kernel.agent.budget import Price, price_of
from beaker_kernel.agent.model import Usage
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.errors import ConfigurationError


def far(model: str) -> Endpoint:
    return Endpoint(base_url="https://models.example/v1", model=model)


def test_a_price_is_for_a_million_tokens() -> None:
    usage = Usage(prompt_tokens=2_000_000, completion_tokens=500_000)
    assert Price(0.25, 2.0).of(usage) == 1.5


def test_a_dated_model_costs_what_its_line_costs() -> None:
    assert price_of(far("gpt-5-mini"), {})
    assert price_of(far("gpt-5-mini-2025-08-07"), {}) == price_of(far("gpt-5-mini"), {})


def test_a_model_on_this_machine_costs_nothing() -> None:
    assert price_of(Endpoint(base_url="http://127.0.0.1:1/v1", model="gpt-5"), {}) == (0, 0)


def test_the_persons_own_table_goes_before_ours() -> None:
    assert price_of(far("gpt-5"), {"gpt-5": [1, 2]}) == (1, 2)


def test_what_nobody_has_priced_has_no_price() -> None:
    assert price_of(far("gpt-99"), {}) is None


@pytest.mark.parametrize("entry", [[1], ["a", "b"], 3])
def test_a_price_that_is_none_is_refused(entry) -> None:
    with pytest.raises(ConfigurationError, match="two numbers"):
        price_of(far("m"), {"m": entry})
