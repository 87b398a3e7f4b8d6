"""Whatever comes over the link gets its answer, and the agent lives on."""

from __future__ import annotations

import asyncio

import pytest

from beaker_kernel.protocol.link import Verb
from tests.support.replies import call, hang
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio


@pytest.fixture
def model():
    with ScriptedModel() as model:
        yield model


async def lives(relay) -> None:
    assert (await relay.reply(relay.ask("reset_request")))["status"] == "ok"


@pytest.mark.parametrize(
    "msg_type",
    ["find", "_ask", "__init__", "comm_info_request", "llm_answer", "cancel", "run"],
)
async def test_a_type_that_nobody_knows_is_an_error_reply(agent, msg_type) -> None:
    async with agent() as relay:
        reply = await relay.reply(relay.ask(msg_type))
        assert reply["ename"] == "ProtocolError"
        await lives(relay)


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b'"text"', b"[" * 100_000])
@pytest.mark.parametrize("msg_type", ["llm_request", "execute_request", "complete_request"])
async def test_content_that_is_no_object_is_an_error_reply(agent, msg_type, raw) -> None:
    async with agent() as relay:
        relay_count(relay)
        reply = await relay.reply(relay.ask(msg_type, raw=raw))
        assert (reply["status"], reply["ename"]) == ("error", "ProtocolError")
        await lives(relay)


def relay_count(relay) -> None:
    """Let the count of cells be known, so that nobody asks the subkernel for it."""
    content = {"code": "1", "execution_count": 3}
    parts = relay.composer.compose("execute_input", content, b'{"msg_id": "cell"}')
    relay.say(Verb.CELL, b"", *parts)


async def test_a_profile_that_there_is_not_is_an_error_that_says_so(agent) -> None:
    async with agent() as relay:
        asked = relay.ask("set_agent_model", {"provider_id": "no-such-profile"})
        reply = await relay.reply(asked)
        assert reply["ename"] == "ConfigurationError"
        assert "no model profile is called 'no-such-profile'" in reply["evalue"]


@pytest.mark.parametrize("beaker", [5, "approval", {"capabilities": 5}, {"capabilities": [5]}])
async def test_capabilities_of_a_wrong_shape_declare_nothing(agent, beaker) -> None:
    async with agent(OPENAI_BASE_URL="http://127.0.0.1:9/v1") as relay:
        parts = relay.composer.compose("reset_request", {}, metadata={"beaker": beaker})
        relay.say(Verb.SHELL, b"frontend", *parts)
        await lives(relay)


async def test_a_recorded_cell_that_is_garbage_is_left_out(agent) -> None:
    async with agent() as relay:
        parts = relay.composer.compose("stream", {}, b"{}")
        relay.say(Verb.CELL, b"", *parts[:3], b"{garbage")
        await lives(relay)


@pytest.mark.parametrize(
    "data", [{}, [], 5, {"type": 5}, {"type": "nonsense", "content": {}}, {"content": []}]
)
async def test_a_comm_message_that_nobody_knows_gets_an_error_reply(agent, data) -> None:
    async with agent() as relay:
        relay.ask("comm_open", {"comm_id": "c", "target_name": "beaker", "data": {}})
        relay.ask("comm_msg", {"comm_id": "c", "data": data})
        sent = await relay.published("comm_msg")
        assert sent["data"]["content"]["ename"] == "ProtocolError"
        await lives(relay)


async def test_a_cell_does_not_run_over_the_comm(agent) -> None:
    async with agent() as relay:
        envelope = {"type": "execute_request", "content": {"code": "%ask"}, "id": "1"}
        relay.ask("comm_msg", {"comm_id": "c", "data": envelope})
        sent = await relay.published("comm_msg")
        assert sent["data"]["type"] == "execute_reply"
        assert sent["data"]["content"]["ename"] == "ProtocolError"


async def test_an_answer_that_nobody_waits_for_gets_no_reply(agent) -> None:
    async with agent() as relay:
        asked = relay.ask("notebook_state_response", {})
        await lives(relay)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await relay.reply(asked)


async def test_a_stop_right_behind_a_question_answers_it(agent) -> None:
    async with agent() as relay:
        asked = relay.ask("llm_request", {"request": "why?"})
        relay.note("interrupt")
        assert (await relay.reply(asked))["ename"] == "KeyboardInterrupt"
        await lives(relay)


async def test_a_question_that_is_open_when_the_relay_ends_holds_nothing_up(agent, model) -> None:
    model.when("why", hang())
    async with agent(OPENAI_BASE_URL=model.base_url) as relay:
        relay.ask("llm_request", {"request": "why?"})
        await asyncio.to_thread(model.wait_for_requests, 1)
    assert await asyncio.to_thread(model.requests[0].gone.wait, 5)


async def test_a_wrong_setting_is_an_error_of_the_question_and_cells_of_ours_go_on(agent) -> None:
    async with agent(BEAKER_POLICY="sometimes") as relay:
        relay_count(relay)
        reply = await relay.reply(relay.ask("llm_request", {"request": "why?"}))
        assert reply["ename"] == "ConfigurationError"
        assert "BEAKER_POLICY=sometimes" in reply["evalue"]
        helped = await relay.reply(relay.ask("execute_request", {"code": "%beaker help"}))
        assert helped["status"] == "ok"


async def test_two_questions_at_the_same_time_leave_two_whole_turns(agent, model) -> None:
    model.when("slow", say("Slow answer.", pause=0.05))
    model.when("quick", call("list_variables"), say("Quick."))
    async with agent(OPENAI_BASE_URL=model.base_url) as relay:
        slow = relay.ask("llm_request", {"request": "slow?"})
        quick = relay.ask("llm_request", {"request": "quick?"})
        for asked in (slow, quick):
            assert (await relay.reply(asked))["status"] == "ok"
        kept = (await relay.reply(relay.ask("conversation_request")))["messages"]
        roles = " ".join(message["role"] for message in kept)
        quick_turn, slow_turn = "user assistant tool assistant", "user assistant"
        assert roles in (f"{quick_turn} {slow_turn}", f"{slow_turn} {quick_turn}")


async def test_one_question_can_be_stopped_and_the_other_goes_on(agent, model) -> None:
    model.when("one", hang())
    model.when("two", say("Two.", pause=0.1))
    async with agent(OPENAI_BASE_URL=model.base_url) as relay:
        one = relay.ask("llm_request", {"request": "one?"})
        two = relay.ask("llm_request", {"request": "two?"})
        stopped = await relay.reply(relay.ask("llm_cancel_request", {"msg_id": one}))
        assert stopped["cancelled"] == [one]
        assert (await relay.reply(one))["ename"] == "KeyboardInterrupt"
        assert (await relay.reply(two))["status"] == "ok"


@pytest.mark.parametrize("command", ["", "%beaker reset", "%beaker forget"])
async def test_who_begins_anew_stops_the_answer_and_keeps_nothing_of_it(
    agent, model, tmp_path, monkeypatch, command
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    model.when("one", hang())
    async with agent(OPENAI_BASE_URL=model.base_url) as relay:
        relay_count(relay)
        one = relay.ask("llm_request", {"request": "one?"})
        await asyncio.to_thread(model.wait_for_requests, 1)
        code = {"code": command}
        anew = relay.ask("execute_request", code) if command else relay.ask("reset_request")
        assert (await relay.reply(anew))["status"] == "ok"
        assert (await relay.reply(one))["ename"] == "KeyboardInterrupt"
        said = await relay.reply(relay.ask("conversation_request"))
        assert (said["version"], said["messages"]) == (0, [])
    (kept,) = [p.read_text() for p in tmp_path.rglob("*.jsonl")] or [""]
    assert '"turn"' not in kept
    assert "forget" not in command or not kept


async def test_nobody_is_there_to_answer_a_question_of_the_models(agent, model) -> None:
    model.when("who", call("ask_user", question="Which year?"), say("Some year."))
    async with agent(OPENAI_BASE_URL=model.base_url) as relay:
        assert (await relay.reply(relay.ask("llm_request", {"request": "who?"})))["status"] == "ok"
    assert model.requests[1].holds("nobody answered")


async def test_a_frontend_that_asks_its_person_is_asked_on_stdin(agent, model) -> None:
    model.when("who", call("ask_user", question="Which year?"), say("2020, then."))
    async with agent(OPENAI_BASE_URL=model.base_url) as relay:
        asked = relay.ask("llm_request", {"request": "who?"}, capabilities=["ask_user"])
        question = await relay.hear(lambda m: m.verb is Verb.STDIN)
        assert question.parent_id == asked
        parts = relay.composer.compose("input_reply", {"value": "2020"})
        relay.say(Verb.STDIN, question.argument, *parts)
        assert (await relay.reply(asked))["status"] == "ok"
    assert model.requests[1].holds("2020")


@pytest.mark.parametrize("name", ["Python", "PYTHON", "python", "py3", "Py3"])
async def test_a_kernel_that_runs_is_not_exchanged_for_itself(agent, name) -> None:
    async with agent() as relay:
        relay.note("started", {"kernelspec": "py3", "language": "Python"})
        setup = relay.ask("context_setup_request", {"context": "default", "language": name})
        assert (await relay.reply(setup))["status"] == "ok"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await relay.hear(lambda m: m.verb is Verb.NOTE and m.argument == b"subkernel")


async def test_the_count_of_an_agent_before_this_one_is_asked_for(agent) -> None:
    async with agent() as relay:
        asked = relay.ask("execute_request", {"code": "%beaker help"})
        probe = await relay.request()
        said = {"status": "ok", "execution_count": 12}
        idle = (Verb.SUB_IOPUB, "status", {"execution_state": "idle"})
        relay.answer(probe, (Verb.SUB_SHELL, "execute_reply", said), idle)
        assert (await relay.reply(asked))["execution_count"] == 12
