"""A model whose first word comes late: who waits is told so, and none of that is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, Message, markdown, text
from tests.support.replies import call, refusal
from tests.support.replies import text as say

if TYPE_CHECKING:
    from tests.support.scripted_model import ScriptedModel

LATE = replace(say("Here I am."), before=(2.5,))
RUNS_LATE = replace(call("run_code", code="print('ran', end='')"), before=(1.5,))


@pytest.fixture(autouse=True)
def slow(model: ScriptedModel) -> None:
    model.when("slow", LATE)


def plain(outputs: list[Message]) -> list[str]:
    return [output["content"].get("data", {}).get("text/plain", "") for output in outputs]


def test_a_notebook_shows_what_is_waited_for_until_the_words_take_its_place(
    kernel: Kernel,
) -> None:
    _, outputs = kernel.client.run("%ask slow")
    signs = [shown for shown in plain(outputs) if "attempt 1 of 5" in shown]
    assert signs[0].startswith("waiting for scripted-1: 1 s")
    assert len(signs) >= 2
    assert [o["msg_type"] for o in outputs].count("display_data") == 1
    assert markdown(outputs) == ["Here I am."]


def test_code_that_runs_takes_its_place_and_stands_above_its_output(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("then run", RUNS_LATE, LATE)
    _, outputs = kernel.client.run("%ask --auto then run")
    assert markdown(outputs) == ["```python\nprint('ran', end='')\n```", "Here I am."]
    shown = [o for o in outputs if o["msg_type"] in ("display_data", "stream")]
    assert [o["msg_type"] for o in shown] == ["display_data", "stream", "display_data"]


def test_a_notebook_that_runs_without_a_person_keeps_no_word_of_it(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("busy and slow", refusal(429, "slow down", retry_after=0.05), LATE)
    _, outputs = kernel.client.run("%ask busy and slow", metadata={})
    assert [o["msg_type"] for o in outputs] == ["execute_input", "display_data"]
    assert text(outputs) == "Here I am."


def test_a_custom_frontend_is_told_by_messages_that_are_not_sent_again(kernel: Kernel) -> None:
    asked = kernel.client.send("llm_request", {"request": "slow"})
    seen = list(kernel.client.told(asked))
    kinds = [event["msg_type"] for event in seen]
    assert kinds.index("llm_waiting") < kinds.index("llm_delta")
    sign = next(event["content"] for event in seen if event["msg_type"] == "llm_waiting")
    assert (sign["model"], sign["attempt"], sign["attempts"]) == ("scripted-1", 1, 5)
    numbers = [event["content"]["seq"] for event in seen if "seq" in event["content"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    resumed = kernel.client.send("resume_request", {"since": numbers[0] - 1})
    again = [event["msg_type"] for event in kernel.client.told(resumed)]
    live = [kind for kind in kinds if kind not in ("status", "llm_waiting")]
    assert [kind for kind in again if kind != "status"] == live
