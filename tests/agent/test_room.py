"""What fits into a request, and what goes first where it doesn't."""

from __future__ import annotations

from math import inf

import pytest

from beaker_kernel.agent.model import ToolSpec
from beaker_kernel.agent.room import LEAST, MOST, SHORT, Room, shorten_results, size

TOOL = ToolSpec(name="look", description="Look.", parameters={"type": "object"})


def result(text: str) -> dict:
    return {"role": "tool", "tool_call_id": "1", "content": text}


def test_a_context_that_nobody_has_told_is_endless() -> None:
    assert Room().characters == inf


def test_what_an_endpoint_counts_corrects_the_estimate() -> None:
    room = Room(1000)
    assert room.characters == 3000
    room.learn(4000, 2000)
    assert room.characters == 1500


@pytest.mark.parametrize(
    ("context", "limit", "learned"),
    [(0, 0, 5_000), (0, 2_000, 2_000), (8_000, 0, 8_000), (8_000, 2_000, 2_000), (0, 9_000, 9_000)],
)
def test_what_was_too_long_for_the_endpoint_tells_what_fits(context, limit, learned) -> None:
    room = Room(context)
    room.exceeded(20_000, limit)
    assert room.context == learned
    assert room.characters <= 15_000


@pytest.mark.parametrize(("tokens", "ratio"), [(0, 4.0), (10**9, LEAST), (1, MOST)])
def test_a_count_that_cannot_be_is_not_believed(tokens, ratio) -> None:
    room = Room(1000)
    room.learn(1000, tokens)
    assert room.characters_per_token == ratio


def test_tools_count_and_images_do_not() -> None:
    said = [{"role": "user", "content": "why?"}]
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x" * 99}}]}
    assert size([*said, image]) == size(said)
    assert size(said, [TOOL]) > size(said) + len("look")


def test_a_call_counts_with_its_code() -> None:
    function = {"name": "run_code", "arguments": "x" * 5000}
    calls = [{"id": "c1", "type": "function", "function": function}]
    assert size([{"role": "assistant", "content": None, "tool_calls": calls}]) > 5000


def test_the_oldest_results_are_cut_first_and_the_last_one_never() -> None:
    messages = [result("a" * 5000), result("b" * 5000), result("c" * 5000)]
    assert shorten_results(messages, 1000)
    lengths = [len(message["content"]) for message in messages]
    assert lengths[0] <= SHORT
    assert lengths[1:] == [5000, 5000]
    assert shorten_results(messages, 100_000)
    assert len(messages[2]["content"]) == 5000
    assert not shorten_results(messages, 100_000)
