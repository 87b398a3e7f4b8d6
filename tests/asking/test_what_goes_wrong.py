"""Faults of the endpoint, stops, deaths and limits: each ends in one clear message."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.asking.conftest import KEY
from tests.support.kernels import ENDLESS, Kernel, markdown, running, text
from tests.support.replies import Reply, call, chunk, cut, garbage, hang, refusal
from tests.support.replies import text as say

if TYPE_CHECKING:
    from tests.support.scripted_model import ScriptedModel


@pytest.mark.parametrize(
    ("fault", "ename", "said"),
    [
        (refusal(401, "bad key"), "ModelAuthError", "OPENAI_API_KEY"),
        (refusal(404, "no such model"), "ModelResponseError", "no such model"),
        (refusal(429, "slow down", retry_after=0.01), "ModelRateLimited", "slow down"),
        (refusal(500, "broken", retry_after=0.01), "ModelUnavailable", "broken"),
        (cut(chunk({"content": "It is"})), "ModelResponseError", "in the middle of its answer"),
        (garbage(), "ModelResponseError", ""),
    ],
    ids=["401", "404", "429", "500", "cut", "garbage"],
)
def test_an_endpoints_fault_is_one_clear_message_and_the_cells_go_on(
    fault: Reply, ename: str, said: str, kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("fault", fault)
    reply, outputs = kernel.client.run("%ask fault")
    assert reply["ename"] == ename
    assert said in reply["evalue"]
    assert model.base_url in reply["evalue"]
    assert [o["content"]["ename"] for o in outputs if o["msg_type"] == "error"] == [ename]
    assert KEY not in json.dumps([o["content"] for o in outputs])
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"


def test_a_busy_endpoint_is_asked_again_visibly(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("busy", refusal(429, "slow down", retry_after=0.05), say("Now."))
    _, outputs = kernel.client.run("%ask busy")
    assert "429" in outputs[1]["content"]["data"]["text/plain"]
    assert "attempt 2 of 5" in outputs[1]["content"]["data"]["text/plain"]
    assert markdown(outputs) == ["Now."]


def test_an_interrupt_closes_the_models_stream_at_once(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("forever", hang())
    seen = len(model.requests)
    msg_id = kernel.client.execute("%ask forever")
    request = model.wait_for_requests(seen + 1)[-1]
    began = time.monotonic()
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    assert request.gone.wait(5)
    assert request.gone_at - began < 0.25


def test_an_interrupt_stops_the_models_code(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("slow code", call("run_code", code=ENDLESS), say("Never said."))
    msg_id = kernel.client.execute("%ask --auto slow code")
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"


def test_a_cancelled_question_stops_its_code_and_no_other(
    kernel: Kernel, model: ScriptedModel
) -> None:
    slow = f"try: exec({ENDLESS!r})\nfinally: print('off')"
    model.when("cancel this", call("run_code", code=slow), say("Never said."))
    capable = {"beaker": {"capabilities": ["approval"]}}
    asked = kernel.client.send("llm_request", {"request": "cancel this"}, metadata=capable)
    word = kernel.client.published(lambda m: m["msg_type"] == "approval_request")["content"]
    decision = {k: word[k] for k in ("approval_id", "sha256")} | {"decision": "run"}
    kernel.client.reply(kernel.client.send("approve_request", decision))
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    cancelled = kernel.client.send("llm_cancel_request", {"msg_id": "another"})
    assert kernel.client.reply(cancelled)["content"]["cancelled"] == []
    kernel.client.send("llm_cancel_request", {"msg_id": asked})
    assert kernel.client.reply(asked)["content"]["ename"] == "KeyboardInterrupt"
    kernel.client.published(lambda m: "off" in m["content"].get("text", ""))
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"


def test_an_interrupt_ends_a_pending_question_to_the_person(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("pending", call("run_code", code="1"), say("Never said."))
    msg_id = kernel.client.execute("%ask pending", allow_stdin=True)
    kernel.client.channels.get_stdin_msg(timeout=20)
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    asked = kernel.client.execute("input('mine? ')", allow_stdin=True)
    kernel.client.answer_input("yes")
    assert text(kernel.client.outputs(asked)).endswith("'yes'")


def test_after_all_that_the_conversation_is_still_one_that_an_endpoint_takes(
    kernel: Kernel, model: ScriptedModel
) -> None:
    kernel.client.run("%ask still there?")
    messages = model.requests[-1].body["messages"]
    open_calls: set[str] = set()
    for message in messages:
        if message["role"] != "tool":
            assert not open_calls
        open_calls |= {c["id"] for c in message.get("tool_calls") or ()}
        open_calls -= {message.get("tool_call_id", "")}
    assert KEY not in json.dumps(messages)


def test_a_killed_agent_is_an_error_and_the_next_question_starts_another(
    model: ScriptedModel,
) -> None:
    model.when("hang on", hang())
    with running(OPENAI_BASE_URL=model.base_url) as kernel:
        seen = len(model.requests)
        msg_id = kernel.client.execute("%ask hang on")
        model.wait_for_requests(seen + 1)
        os.kill(kernel.agent.pid, signal.SIGKILL)
        assert kernel.client.reply(msg_id)["content"]["ename"] == "AgentDied"
        assert kernel.client.run("1 + 1")[0]["status"] == "ok"
        assert kernel.client.run("%ask again?")[0]["status"] == "ok"


def test_without_a_model_three_lines_say_how_to_get_one() -> None:
    with running() as kernel:
        reply, outputs = kernel.client.run("%ask anything?")
        assert reply["ename"] == "NoModel"
        error = next(o["content"] for o in outputs if o["msg_type"] == "error")
        assert len(error["traceback"][0].splitlines()) == 3
        assert "OPENAI_API_KEY" in error["traceback"][0]
        assert kernel.client.run("%beaker status")[0]["status"] == "ok"


def test_a_wrong_setting_is_said_to_whoever_asks() -> None:
    with running(BEAKER_POLICY="sometimes") as kernel:
        reply, _ = kernel.client.run("%ask anything?")
        assert reply["ename"] == "ConfigurationError"
        assert "BEAKER_POLICY=sometimes" in reply["evalue"]


def test_a_question_after_the_subkernels_death_finds_the_new_one(model: ScriptedModel) -> None:
    model.when("after", call("run_code", code="'x' in dir()"), say("Gone."))
    with running(OPENAI_BASE_URL=model.base_url, BEAKER_POLICY="auto") as kernel:
        kernel.client.run("x = 1")
        kernel.client.run("%ask hello")
        os.kill(kernel.subkernel.pid, signal.SIGKILL)
        kernel.client.published(lambda m: m["content"].get("execution_state") == "restarting")
        reply, outputs = kernel.client.run("%ask after")
        assert (reply["status"], reply["execution_count"]) == ("ok", 1)  # 0 would look unfinished
        assert "False" in text(outputs)


def test_code_that_never_stops_printing_is_stopped_and_the_limit_named(
    model: ScriptedModel,
) -> None:
    model.when("for ever", call("run_code", code="while True: print('x' * 1000)"))
    settings = {"BEAKER_MAX_OUTPUT": "100000", "BEAKER_POLICY": "auto"}
    with running(OPENAI_BASE_URL=model.base_url, **settings) as kernel:
        reply, _ = kernel.client.run("%ask print for ever")
        assert reply["ename"] == "BudgetExceeded"
        assert "bytes of output used of 100000" in reply["evalue"]
        assert "BEAKER_MAX_OUTPUT" in reply["evalue"]
        assert text(kernel.client.run("6 * 7")[1]) == "42"


def test_a_stop_for_too_much_output_that_comes_too_late_hits_no_other_cell(
    model: ScriptedModel,
) -> None:
    code = "import time; print('on', flush=True); time.sleep(1); print('x' * 200_000)"
    model.when("much at once", call("run_code", code=code))
    settings = {"BEAKER_MAX_OUTPUT": "100000", "BEAKER_POLICY": "auto"}
    with running(OPENAI_BASE_URL=model.base_url, **settings) as kernel:
        asked = kernel.client.send("llm_request", {"request": "print much at once"})
        kernel.client.published(lambda m: m["msg_type"] == "stream")
        kernel.agent.suspend()  # so that it takes in the output when the next cell is running
        cell = kernel.client.execute("time.sleep(2); 'unharmed'")
        kernel.client.published(
            lambda m: m["msg_type"] == "execute_input" and m["parent_header"]["msg_id"] == cell
        )
        kernel.agent.resume()
        assert kernel.client.reply(asked)["content"]["ename"] == "BudgetExceeded"
        assert kernel.client.reply(cell)["content"]["status"] == "ok"
        assert text(kernel.client.outputs(cell)) == "'unharmed'"
