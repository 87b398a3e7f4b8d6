"""A conversation outlives what breaks around it: the agent, the kernel, a frontend."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.agent.beaker_magic import BEFORE
from beaker_kernel.agent.briefing import RESTARTED
from tests.support.kernels import Client, Message, is_idle, running, text
from tests.support.leftovers import running_after
from tests.support.replies import call, chunk, hang
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

KEY = "sk-canary-0123456789abcdef"
NOTEBOOK = "/work/penguins.ipynb"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        model.when("first", say("The first answer."))
        model.when("compute", call("run_code", code="print(6 * 7)"), say("It is 42."))
        yield model


@pytest.fixture
def env(model: ScriptedModel, tmp_path: Path) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": KEY,
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JPY_SESSION_NAME": NOTEBOOK,
    }


def files(env: dict[str, str]) -> list[Path]:
    return list(Path(env["JUPYTER_DATA_DIR"], "beaker", "conversations").glob("*"))


def resumed(client: Client, since: int = 0) -> tuple[Message, list[Message]]:
    """Return the reply to a resume_request, and the events that were sent again."""
    asked = client.send("resume_request", {"since": since})
    return client.reply(asked)["content"], client.outputs(asked)


def answered(client: Client, msg_type: str, content: Message) -> Message:
    """Return the content of a request's reply."""
    reply: Message = client.reply(client.send(msg_type, content))["content"]
    return reply


def crash(agent: psutil.Process) -> None:
    agent.kill()
    assert running_after([agent], 10) == []


def test_after_a_crash_of_the_agent_the_next_one_goes_on(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("%ask the first question")
        crash(kernel.agent)
        kernel.client.run("%ask and now?")
        sent = [message["content"] for message in model.requests[-1].body["messages"]]
        assert "The first answer." in sent
        _, outputs = kernel.client.run("%beaker replay")
        assert text(outputs).startswith("> the first question\n\nThe first answer.\n\n> and now?")


def restarts(model: ScriptedModel) -> list[bool]:
    """Return of each request whether its last question tells that variables are gone."""
    return [RESTARTED in request.body["messages"][-1]["content"] for request in model.requests]


def test_that_the_variables_are_gone_is_told_once(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("x = 5")
        kernel.client.run("%ask the first question")
        kernel.client.run("import os; os._exit(1)")
        _, briefed = kernel.client.run("%beaker context")
        assert RESTARTED in text(briefed)
        for _ in range(2):
            kernel.client.run("%ask and now?")
    assert restarts(model) == [False, True, False]
    assert model.requests[1].body["messages"][-1]["content"].startswith(RESTARTED)


def test_the_variables_of_an_exchanged_kernel_are_told_to_be_gone(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Other", "language": "python"}
    folder = Path(env["JUPYTER_DATA_DIR"], "kernels", "other")
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    with running(**env) as kernel:
        kernel.client.run("%ask the first question")
        setup = {"context": "default", "subkernel": "other"}
        assert answered(kernel.client, "context_setup_request", setup)["status"] == "ok"
        kernel.client.run("%ask and now?")
    assert restarts(model) == [False, True]


def test_an_agent_that_follows_a_crashed_one_tells_that_the_variables_are_gone(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("%ask the first question")
        crash(kernel.agent)
        kernel.client.run("import os; os._exit(1)")
        kernel.client.run("%ask and now?")
        crash(kernel.agent)
        kernel.client.run("%ask and then?")
    assert restarts(model) == [False, True, False]


def test_a_first_question_is_told_that_cells_ran_before_a_restart(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("x = 5")
        kernel.client.run("import os; os._exit(1)")
        kernel.client.run("%ask the first question")
    assert restarts(model) == [True]


def test_after_a_restart_the_notebooks_last_conversation_is_shown_but_not_sent(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("%ask the first question")
    with running(**env) as kernel:
        _, outputs = kernel.client.run("%beaker replay")
        assert text(outputs) == f"{BEFORE}\n\n> the first question\n\nThe first answer."
        kernel.client.run("%ask and now?")
        sent = [message["content"] for message in model.requests[-1].body["messages"]]
        assert "The first answer." not in sent


def test_a_frontend_that_comes_later_gets_every_event_of_a_cells_question_once(
    env: dict[str, str],
) -> None:
    with running(**env) as kernel:
        kernel.client.run("%ask --auto compute")
        late = kernel.another_client()
        try:
            reply, events = resumed(late)
            numbers = [event["content"]["seq"] for event in events]
            assert numbers == list(range(1, reply["seq"] + 1))
            kinds = [event["msg_type"] for event in events]
            assert {"llm_delta", "tool_call_update", "add_child_codecell"} <= set(kinds)
            assert kinds[0] == "llm_asked"
            assert kinds[-2:] == ["llm_response", "llm_ended"]
            assert len({event["content"]["question"] for event in events}) == 1
            assert reply["running"] == []
            assert resumed(late, since=reply["seq"])[1] == []
        finally:
            late.close()


def test_a_frontend_that_comes_in_the_middle_misses_nothing_and_sees_nothing_twice(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    model.when("slowly", say(" ".join(map(str, range(60))), pause=0.02))
    with running(**env) as kernel:
        late = kernel.another_client()
        try:
            asked = kernel.client.send("llm_request", {"request": "slowly"})
            kernel.client.published(lambda m: m["msg_type"] == "llm_delta")
            late.send("resume_request", {"since": 0})
            seen = numbers_until_idle(late, asked)
            resumed_at = len(seen) - 1 - seen[::-1].index(1)
            assert resumed_at > 0
            assert seen[resumed_at:] == list(range(1, len(seen) - resumed_at + 1))
        finally:
            late.close()


def test_a_frontend_that_comes_in_the_middle_is_told_what_was_asked_and_is_still_answered(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    model.when("slowly", hang(chunk({"content": "Well"})))
    with running(**env) as kernel:
        late = kernel.another_client()
        try:
            asked = kernel.client.send("llm_request", {"request": "slowly"})
            kernel.client.published(lambda m: m["msg_type"] == "llm_delta")
            reply, events = resumed(late)
            assert reply["running"] == [asked]
            assert [e["content"]["question"] for e in events] == [asked] * len(events)
            assert events[0]["content"]["request"] == "slowly"
            kernel.client.send("llm_cancel_request", {"msg_id": asked})
            assert kernel.client.reply(asked)["content"]["ename"] == "KeyboardInterrupt"
            reply, events = resumed(late, since=reply["seq"])
            assert reply["running"] == []
            assert events[-1]["content"]["ename"] == "KeyboardInterrupt"
        finally:
            late.close()


def test_what_the_model_would_be_told_is_shown_and_parts_of_it_can_be_left_out(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("secret_plan = 'at dawn'\nprint('an output')")
        without = {"without": ["variables", "outputs"]}
        told = answered(kernel.client, "briefing_request", {"request": "why?"})["sections"]
        assert [s["name"] for s in told][-4:] == ["variables", "cells", "question", "tools"]
        assert "secret_plan" in told[-4]["text"]
        less = answered(kernel.client, "briefing_request", without)["sections"]
        assert "variables" not in [s["name"] for s in less]
        answered(kernel.client, "llm_request", {"request": "the first question", **without})
        sent = model.requests[-1].body["messages"][-1]["content"]
        assert "secret_plan" in sent
        assert "an output" not in sent.replace("print('an output')", "")
        assert "# Variables" not in sent


def test_what_a_cell_has_printed_is_told(model: ScriptedModel, env: dict[str, str]) -> None:
    with running(**env) as kernel:
        for count in (1, 2):
            kernel.client.run("print(6 * 7)")
            answered(kernel.client, "llm_request", {"request": f"the first question {count}"})
    sent = [request.body["messages"][-1]["content"] for request in model.requests]
    assert ["\n42\nsession⟧" in told for told in sent] == [True, True]


def test_cells_that_were_left_out_are_told_with_the_next_question(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    with running(**env) as kernel:
        kernel.client.run("early = 1")
        for without in (["cells", "variables"], []):
            content = {"request": "the first question", "without": without}
            answered(kernel.client, "llm_request", content)
        sent = [request.body["messages"][-1]["content"] for request in model.requests]
        assert ["early = 1" in told for told in sent] == [False, True]


def test_a_frontend_chooses_the_policy_as_far_as_it_may(env: dict[str, str]) -> None:
    with running(BEAKER_POLICY_AT_MOST="guarded", **env) as kernel:
        info = answered(kernel.client, "beaker_session_info_request", {})
        assert info["policies"] == ["never", "ask", "guarded"]
        assert answered(kernel.client, "set_policy", {"policy": "guarded"})["status"] == "ok"
        assert answered(kernel.client, "beaker_session_info_request", {})["policy"] == "guarded"
        refused = answered(kernel.client, "set_policy", {"policy": "auto"})
        assert refused["ename"] == "ConfigurationError"


def test_a_frontend_that_drops_out_of_an_answer_gets_the_rest_when_it_comes_back(
    model: ScriptedModel, env: dict[str, str]
) -> None:
    model.when("slowly", say(" ".join(map(str, range(60))), pause=0.02))
    with running(**env) as kernel:
        first = kernel.another_client()
        try:
            first.send("llm_request", {"request": "slowly"})
            delta = first.published(lambda m: m["msg_type"] == "llm_delta")
        finally:
            first.close()
        back = kernel.another_client()
        try:
            last = delta["content"]["seq"]
            seen = numbers_until_ended(back, back.send("resume_request", {"since": last}))
            missed = seen[len(seen) - 1 - seen[::-1].index(last + 1) :]
            assert missed == list(range(last + 1, missed[-1] + 1))
            reply, again = resumed(back, since=missed[-1])
            assert (reply["seq"], again) == (missed[-1], [])
        finally:
            back.close()


def numbers_until_ended(client: Client, resumed: str) -> list[int]:
    """Return the numbers of all events until a frontend has what it asked for, and the last one."""
    seen: list[int] = []
    caught_up = ended = False
    while not (caught_up and ended):
        message = client.published(lambda m: "seq" in m["content"] or is_idle(m))
        caught_up |= is_idle(message) and message["parent_header"].get("msg_id") == resumed
        ended |= message["msg_type"] == "llm_ended"
        seen += [message["content"]["seq"]] if "seq" in message["content"] else []
    return seen


def numbers_until_idle(client: Client, asked: str) -> list[int]:
    """Return the numbers of all events that a frontend sees until a request's idle."""
    seen: list[int] = []
    while True:
        message = client.published(lambda m: "seq" in m["content"] or is_idle(m))
        if "seq" in message["content"]:
            seen.append(message["content"]["seq"])
        elif message["parent_header"].get("msg_id") == asked:
            return seen


def test_a_key_that_a_cell_prints_is_kept_nowhere(
    env: dict[str, str], model: ScriptedModel
) -> None:
    with running(**env) as kernel:
        kernel.client.run(f"print('{KEY}')")
        kernel.client.run("%ask the first question")
        kept = "".join(file.read_text() for file in files(env))
    assert "the first question" in kept
    assert KEY not in kept
    assert KEY not in json.dumps(model.requests[-1].body)


def test_forget_deletes_what_is_on_disk_and_what_is_sent(
    env: dict[str, str], model: ScriptedModel
) -> None:
    with running(**env) as kernel:
        kernel.client.run("%ask the first question")
        assert files(env)
        _, outputs = kernel.client.run("%beaker forget")
        assert "1 file deleted" in text(outputs)
        assert files(env) == []
        assert "Nothing was said yet." in text(kernel.client.run("%beaker replay")[1])
        kernel.client.run("%ask and now?")
        assert len(model.requests[-1].body["messages"]) == 2


def test_a_frontend_that_follows_hears_with_which_question_another_conversation_begins(
    env: dict[str, str],
) -> None:
    with running(**env) as kernel:
        before, _ = resumed(kernel.client)
        begun = begin_of(kernel.client, "%ask the first question")
        assert begun["conversation"] == before["conversation"]
        kernel.client.run("%beaker reset")
        begun = begin_of(kernel.client, "%ask and now?")
        assert begun["seq"] == 1
        after, events = resumed(kernel.client)
        assert begun["conversation"] == after["conversation"] != before["conversation"]
        assert events[0]["content"]["conversation"] == after["conversation"]


def begin_of(client: Client, code: str) -> Message:
    """Run a cell that asks, and return the content of the event that its question begins with."""
    _, outputs = client.run(code)
    (begun,) = [each["content"] for each in outputs if each["msg_type"] == "llm_asked"]
    return begun


def test_who_wants_no_journal_has_none(env: dict[str, str]) -> None:
    with running(BEAKER_JOURNAL="0", **env) as kernel:
        kernel.client.run("%ask the first question")
        assert files(env) == []


def test_a_full_disk_costs_the_journal_and_no_answer(env: dict[str, str]) -> None:
    Path(env["JUPYTER_DATA_DIR"]).mkdir()
    Path(env["JUPYTER_DATA_DIR"], "beaker").symlink_to("/dev/full")
    with running(**env) as kernel:
        reply, outputs = kernel.client.run("%ask the first question")
        assert reply["status"] == "ok"
        assert "The first answer." in text(outputs)
    assert os.path.islink(Path(env["JUPYTER_DATA_DIR"], "beaker"))


def test_earlier_conversations_of_the_notebook_are_listed_searched_and_read(
    env: dict[str, str],
) -> None:
    with running(**env) as kernel:
        answered(kernel.client, "llm_request", {"request": "the first question"})
    with running(**env) as kernel:
        answered(kernel.client, "llm_request", {"request": "and now?"})
        listed = answered(kernel.client, "conversations_request", {})["conversations"]
        assert [c["question"] for c in listed] == ["and now?", "the first question"]
        assert [c["questions"] for c in listed] == [1, 1]
        found = answered(kernel.client, "conversations_request", {"search": "FIRST ANSWER"})
        assert found["conversations"] == listed[1:]
        wanted = {"conversation": listed[1]["id"]}
        read = answered(kernel.client, "conversation_request", wanted)["messages"]
        assert [message["role"] for message in read] == ["user", "assistant"]
        refused = answered(kernel.client, "conversation_request", {"conversation": "unknown"})
        assert refused["ename"] == "ProtocolError"


def test_conversations_of_other_notebooks_are_not_listed(env: dict[str, str]) -> None:
    with running(**env) as kernel:
        answered(kernel.client, "llm_request", {"request": "the first question"})
    with running(**env | {"JPY_SESSION_NAME": "/work/other.ipynb"}) as kernel:
        listed = answered(kernel.client, "conversations_request", {})["conversations"]
        assert listed == []
