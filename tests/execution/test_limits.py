"""A request lowers the server's limits and never raises them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from beaker_kernel.errors import TooMany
from beaker_kernel.execution.limits import Bounds, Limits, Rate

LIMITS = Limits(timeout=60, max_timeout=100, max_output_bytes=1_000, memory_mb=500)


@pytest.mark.parametrize(
    ("asked", "timeout", "output", "memory"),
    [
        ({}, 60, 1_000, 500),
        ({"timeout": 5, "max_output_bytes": 10, "memory_mb": 100}, 5, 10, 100),
        ({"timeout": 1e9, "max_output_bytes": 10**9, "memory_mb": 10**6}, 100, 1_000, 500),
    ],
)
def test_the_lower_one_counts(asked: dict, timeout: int, output: int, memory: int) -> None:
    lowered = Bounds(**asked).lowering(LIMITS)
    assert (lowered.timeout, lowered.max_output_bytes, lowered.memory_mb) == (
        timeout,
        output,
        memory,
    )


def test_where_the_server_has_no_memory_limit_a_request_may_have_one() -> None:
    assert Bounds(memory_mb=100).lowering(Limits()).memory_mb == 100


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"timeout": -1}, {"memory_mb": 0}, {"x": 1}])
def test_what_makes_no_sense_is_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Bounds(**wrong)


def test_each_identity_has_its_own_rate() -> None:
    rate = Rate(3)
    for who in ("a", "b"):
        for _ in range(3):
            rate.take(who)
        with pytest.raises(TooMany) as refused:
            rate.take(who)
        assert 0 < refused.value.retry_after <= 20
