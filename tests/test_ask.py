"""The whole way: a question in a cell, a model over real HTTP, code in the live session."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from papermill.exceptions import PapermillExecutionError

from tests.support.kernels import Kernel, Message, is_idle, running, text
from tests.support.replies import Reply, call, calls, chunk, cut, garbage, hang, refusal
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "sk-canary-0123456789abcdef"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def kernel(model: ScriptedModel) -> Iterator[Kernel]:
    env = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}
    with running(**env) as kernel:
        kernel.client.run("x = 41")
        kernel.client.run("%ask hello")  # starts the agent, which then lives as long as the kernel
        yield kernel


def markdown(outputs: list[Message]) -> list[str]:
    """Return the Markdown shown, each display in its last state."""
    displays: dict[str, str] = {}
    for number, output in enumerate(outputs):
        data = output["content"].get("data", {})
        name = output["content"].get("transient", {}).get("display_id", str(number))
        if "text/markdown" in data:
            displays[name] = data["text/markdown"]
    return list(displays.values())


# In a cell ------------------------------------------------------------------------------------


def test_an_answer_streams_as_markdown(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("stream this", say("one two three four five six", pause=0.04))
    reply, outputs = kernel.client.run("%ask stream this")
    assert reply["status"] == "ok"
    updates = [o for o in outputs if o["msg_type"] == "update_display_data"]
    assert len(updates) >= 2
    assert markdown(outputs) == ["one two three four five six"]


def test_in_a_terminal_an_answer_streams_as_text(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("stream there", say("one two three", pause=0.01))
    _, outputs = kernel.client.run("%ask stream there", metadata={}, allow_stdin=True)
    pieces = [o["content"]["text"] for o in outputs if o["msg_type"] == "stream"]
    assert len(pieces) >= 3
    assert "".join(pieces) == "one two three\n"


def test_code_lands_in_the_next_cell_and_further_code_behind_a_button(
    kernel: Kernel, model: ScriptedModel
) -> None:
    two = calls(("insert_cell", {"code": "x * 2"}), ("insert_cell", {"code": "x * 3"}))
    model.when("two cells", two, say("There."))
    reply, outputs = kernel.client.run("%%ask\ntwo cells", allow_stdin=True)
    assert reply["payload"] == [{"source": "set_next_input", "text": "x * 2", "replace": False}]
    button = next(o for o in outputs if "text/html" in o["content"].get("data", {}))
    assert "data-commandlinker-command" in button["content"]["data"]["text/html"]
    assert "x * 3" in button["content"]["data"]["text/html"]
    folded, shown, *_ = (o["content"]["data"] for o in outputs if "data" in o["content"])
    assert folded["text/markdown"].startswith("<details>")
    assert folded["text/plain"] == "x * 2"
    assert shown["text/markdown"] == "```python\nx * 3\n```"


def test_code_that_runs_shows_its_outputs_under_the_asking_cell(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("run it", call("run_code", code="print('see'); x + 1"), say("It is 42."))
    msg_id = kernel.client.execute("%ask --auto run it")
    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    outputs = kernel.client.outputs(msg_id)
    kinds = [o["msg_type"] for o in outputs]
    assert kinds[:4] == ["execute_input", "display_data", "stream", "execute_result"]
    assert outputs[3]["content"]["data"]["text/plain"] == "42"
    record = outputs[1]["content"]["metadata"]["beaker"]
    assert (record["author"], record["approved_by"]) == ("model", "policy auto")
    told = model.requests[-1].body["messages"][-1]
    assert told["role"] == "tool"
    assert "42" in told["content"]


def test_the_model_is_told_of_the_cells_the_variables_and_the_errors(
    kernel: Kernel, model: ScriptedModel
) -> None:
    kernel.client.run("prices = {'Lyon': 3}; print('printed')")
    kernel.client.run("prices['Nice']", stop_on_error=False)
    kernel.client.run("%ask what happened?")
    question = model.requests[-1].question
    for expected in ("prices: dict", "printed", "KeyError: 'Nice'", "what happened?"):
        assert expected in question


def test_an_image_goes_to_the_model_as_an_image(kernel: Kernel, model: ScriptedModel) -> None:
    draw = (
        "from IPython.display import Image, display; display(Image(data=b'\\x89PNG', format='png'))"
    )
    model.when("draw", call("run_code", code=draw), say("Nice."))
    kernel.client.run("%ask --auto draw")
    shown = model.requests[-1].body["messages"][-1]["content"]
    assert shown[1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_a_question_changes_no_count_and_no_history(kernel: Kernel, model: ScriptedModel) -> None:
    before = kernel.client.run("1")[0]["execution_count"]
    model.when("count", call("run_code", code="5"), say("Five."))
    asked, _ = kernel.client.run("%ask --auto count")
    assert asked["execution_count"] == before
    reply, outputs = kernel.client.run("In[-2:], 'ask' in ''.join(In), sorted(Out)[-1:]")
    assert reply["execution_count"] == before + 1
    assert "%ask" not in text(outputs)


def test_a_question_takes_its_turn_among_the_cells(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("turn", call("run_code", code="order.append('model')"), say("Done."))
    kernel.client.run("order = []")
    ids = [
        kernel.client.execute(code)
        for code in (
            "import time; time.sleep(.3); order.append('before')",
            "%ask --auto turn",
            "order.append('after'); order",
        )
    ]
    assert [kernel.client.reply(i)["content"]["status"] for i in ids] == ["ok", "ok", "ok"]
    assert text(kernel.client.outputs(ids[-1])) == "['before', 'model', 'after']"


def test_a_failed_cell_aborts_the_question_behind_it(kernel: Kernel, model: ScriptedModel) -> None:
    asked = len(model.requests)
    ids = [kernel.client.execute(c) for c in ("import time; time.sleep(.2); 1/0", "%ask a", "2")]
    states = [kernel.client.reply(i)["content"]["status"] for i in ids]
    assert states == ["error", "aborted", "aborted"]
    assert len(model.requests) == asked


def test_a_failed_question_aborts_the_cells_behind_it(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("refused", refusal(400, "no such thing"))
    ids = [kernel.client.execute(c) for c in ("%ask refused", "2")]
    states = [kernel.client.reply(i)["content"]["status"] for i in ids]
    assert states == ["error", "aborted"]


def test_llm_request_holds_up_no_cell(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("hold up", hang())
    asked = kernel.client.send("llm_request", {"request": "hold up"})
    model.wait_for_requests(len(model.requests) + 1) if not model.requests else None
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"
    stopped = kernel.client.send("llm_cancel_request", {}, channel="control")
    assert kernel.client.reply(stopped, "control")["content"]["cancelled"] == [asked]
    assert kernel.client.reply(asked)["content"]["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("answer", "seen"),
    [("y", "42"), ("n", "refused"), ("e", "in a new cell")],
    ids=["yes", "no", "edit"],
)
def test_under_policy_ask_the_persons_word_decides(
    answer: str, seen: str, kernel: Kernel, model: ScriptedModel
) -> None:
    model.when(f"may I {answer}", call("run_code", code="x + 1"), say("Well."))
    msg_id = kernel.client.execute(f"%ask may I {answer}", allow_stdin=True)
    assert "Run it?" in kernel.client.answer_input(answer)["content"]["prompt"]
    reply = kernel.client.reply(msg_id)["content"]
    assert seen in model.requests[-1].body["messages"][-1]["content"]
    ran = [o for o in kernel.client.outputs(msg_id) if o["msg_type"] == "execute_result"]
    assert bool(ran) == (answer == "y")
    assert bool(reply["payload"]) == (answer == "e")


def test_hidden_characters_are_visible_in_what_is_approved(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("trojan", call("run_code", code="x = 1 \u202e# \u200bok"), say("Well."))
    msg_id = kernel.client.execute("%ask trojan", allow_stdin=True)
    kernel.client.answer_input("n")
    shown = "".join(markdown(kernel.client.outputs(msg_id)))
    assert "⟨U+202E⟩" in shown
    assert "⟨U+200B⟩" in shown


def test_policy_never_runs_nothing(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("never", call("run_code", code="x = 'changed'"), say("Well."))
    kernel.client.run("%beaker policy never")
    kernel.client.run("%ask --auto never")
    kernel.client.run("%beaker policy ask")
    assert text(kernel.client.run("x")[1]) == "41"


def test_code_taken_to_a_cell_for_editing_is_not_lost_behind_another(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when(
        "edit later",
        call("insert_cell", code="first"),
        call("run_code", code="second"),
        say("Well."),
    )
    msg_id = kernel.client.execute("%ask edit later", allow_stdin=True)
    kernel.client.answer_input("e")
    assert [p["text"] for p in kernel.client.reply(msg_id)["content"]["payload"]] == ["first"]
    html = [
        o["content"].get("data", {}).get("text/html", "") for o in kernel.client.outputs(msg_id)
    ]
    assert any("second" in button for button in html)


def test_a_look_at_the_variables_beside_a_running_cell_leaves_its_input_alone(
    kernel: Kernel, model: ScriptedModel
) -> None:
    slow = "print('on', flush=True); import time; time.sleep(.8); name = input('name? '); name"
    cell = kernel.client.execute(slow, allow_stdin=True)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    reply = kernel.client.reply(kernel.client.send("variables_request"))["content"]
    assert "x" in [variable["name"] for variable in reply["variables"]]
    kernel.client.answer_input("Ada")
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert text(kernel.client.outputs(cell)).endswith("'Ada'")


def test_code_of_the_models_outlives_a_failing_cell_before_it(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("meanwhile", call("run_code", code="'survived'"), say("Yes."))
    capable = {"beaker": {"capabilities": ["approval"]}}
    asked = kernel.client.send("llm_request", {"request": "meanwhile"}, metadata=capable)
    word = kernel.client.published(lambda m: m["msg_type"] == "approval_request")["content"]
    kernel.client.execute("import time; time.sleep(.3); 1 / 0")
    decision = {k: word[k] for k in ("approval_id", "sha256")} | {"decision": "run"}
    kernel.client.reply(kernel.client.send("approve_request", decision))
    assert kernel.client.reply(asked)["content"]["status"] == "ok"
    assert model.requests[-1].holds("survived")


def test_the_key_is_not_in_the_subkernels_environment(kernel: Kernel) -> None:
    code = "import os; open(f'/proc/{os.getpid()}/environ').read() + str(os.environ)"
    assert "canary" not in text(kernel.client.run(code)[1])


def test_status_names_what_is_behind_the_kernel(kernel: Kernel, model: ScriptedModel) -> None:
    shown = text(kernel.client.run("%beaker status")[1])
    for expected in ("python3 (python)", f"scripted-1 at {model.base_url}", "policy     ask"):
        assert expected in shown
    assert "```" not in text(kernel.client.run("%beaker help")[1])


# What goes wrong ------------------------------------------------------------------------------


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
    shown = markdown(outputs)
    assert "429" in shown[0]
    assert shown[-1] == "Now."


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
    slow = "print('on', flush=True); import time; time.sleep(60)"
    model.when("slow code", call("run_code", code=slow), say("Never said."))
    msg_id = kernel.client.execute("%ask --auto slow code")
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"


def test_a_cancelled_question_stops_its_code_and_no_other(
    kernel: Kernel, model: ScriptedModel
) -> None:
    slow = "try:\n    print('on', flush=True); import time; time.sleep(60)\nfinally: print('off')"
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


# Code that is to be changed -------------------------------------------------------------------


def test_fix_explains_the_last_error_and_offers_the_corrected_cell_as_a_diff(
    kernel: Kernel, model: ScriptedModel
) -> None:
    fixed = "values = [1, 2]\nvalues[1]"
    model.when("has failed", call("insert_cell", code=fixed), say("There are two values."))
    kernel.client.run("values = [1, 2]\nvalues[2]", stop_on_error=False)
    kernel.client.run("'another cell, and another question'")
    kernel.client.run("%ask hello")
    reply, outputs = kernel.client.run("%fix", allow_stdin=True)
    question = model.requests[-2].question
    assert "values[2]" in question
    assert "IndexError" in question
    assert reply["payload"][0]["text"] == fixed
    assert markdown(outputs) == [
        "```diff\n@@ -1,2 +1,2 @@\n values = [1, 2]\n-values[2]\n+values[1]\n```",
        "There are two values.",
    ]


def test_where_no_cell_has_failed_there_is_nothing_to_fix(model: ScriptedModel) -> None:
    with running(OPENAI_BASE_URL=model.base_url) as kernel:
        reply, _ = kernel.client.run("%fix")
        assert (reply["ename"], "no cell has failed" in reply["evalue"]) == (
            "ConfigurationError",
            True,
        )


def test_edit_changes_the_code_below_it_by_an_instruction(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when(
        "as a loop", call("insert_cell", code="for i in (1, 2):\n    print(i)"), say("Done.")
    )
    reply, outputs = kernel.client.run("%%edit as a loop\nprint(1)\nprint(2)", allow_stdin=True)
    assert "print(1)\nprint(2)" in model.requests[-2].question
    assert reply["payload"][0]["text"].startswith("for i")
    assert markdown(outputs)[0].startswith("```diff\n@@ -1,2 +1,2 @@\n-print(1)")
    assert "stream" not in {o["msg_type"] for o in outputs}, "the code below ran"


# Rules of the folder --------------------------------------------------------------------------


def test_the_folders_rules_join_the_prompt_and_the_person_is_told_once(
    model: ScriptedModel, tmp_path: Path
) -> None:
    rules = tmp_path / "AGENTS.md"
    rules.write_text(f"Plot with seaborn. {KEY}")
    env = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}
    with running(cwd=str(tmp_path), **env) as kernel:
        _, first = kernel.client.run("%ask hello")
        _, second = kernel.client.run("%ask hello")
        _, shown = kernel.client.run("%beaker context")
    system = model.requests[-1].body["messages"][0]["content"]
    assert "Plot with seaborn." in system
    assert KEY not in system
    assert "The rules in AGENTS.md of this folder are followed." in text(first)
    assert "AGENTS.md" not in text(second)
    assert "Plot with seaborn." in text(shown)


# Completion and help --------------------------------------------------------------------------


def test_magics_complete_beside_the_subkernels_own(kernel: Kernel) -> None:
    def matches(code: str) -> list[str]:
        content = {"code": code, "cursor_pos": len(code)}
        asked = kernel.client.send("complete_request", content)
        found: list[str] = kernel.client.reply(asked)["content"]["matches"]
        return found

    assert {"%beaker", "%bookmark"} <= set(matches("%b"))
    assert {"%ask", "%%ask", "%time"} <= set(matches("%"))
    assert "%fix" in matches("%f")
    assert matches("%ask --m") == ["--model"]
    assert "status" in matches("%beaker st")
    assert matches("%beaker policy a") == ["ask", "auto"]


def test_a_completion_tells_the_type_of_each_match(kernel: Kernel) -> None:
    asked = kernel.client.send("complete_request", {"code": "%b", "cursor_pos": 2})
    types = kernel.client.reply(asked)["content"]["metadata"]["_jupyter_types_experimental"]
    assert {"%beaker", "%bookmark"} <= {match["text"] for match in types}


def test_completion_help_and_completeness_of_our_cells_need_no_agent() -> None:
    with running() as kernel:
        client = kernel.client
        completed = client.reply(client.send("complete_request", {"code": "%beaker st"}))
        asked = client.send("inspect_request", {"code": "%ask", "cursor_pos": 4})
        inspected = client.reply(asked)["content"]
        complete = client.reply(client.send("is_complete_request", {"code": "%%ask\nwhy"}))
        assert completed["content"]["matches"] == ["status"]
        assert "--auto" in inspected["data"]["text/plain"]
        assert complete["content"] == {"status": "complete"}
        commands = [process.cmdline() for process in kernel.relay.children()]
        assert not any("beaker_kernel.agent" in command for command in commands)


@pytest.mark.parametrize("code", ["%ask?", "?%ask", "%beaker help", "%beaker"])
def test_help_names_every_command(code: str, kernel: Kernel) -> None:
    _, outputs = kernel.client.run(code)
    assert all(word in markdown(outputs)[0] for word in ("--auto", "status", "policy", "%%ask"))


# Custom frontends -----------------------------------------------------------------------------


def events(kernel: Kernel, msg_id: str) -> Iterator[Message]:
    while True:
        message = kernel.client.published(lambda m: m["parent_header"].get("msg_id") == msg_id)
        if is_idle(message):
            return
        yield message


def test_llm_request_tells_everything_as_numbered_events(
    kernel: Kernel, model: ScriptedModel
) -> None:
    code = call("run_code", code="x + 1")
    model.when("by event", code, call("insert_cell", code="x"), say("It is 42."))
    metadata = {"beaker": {"capabilities": ["approval", "cells"]}}
    msg_id = kernel.client.send("llm_request", {"request": "by event"}, metadata=metadata)
    seen = []
    for event in events(kernel, msg_id):
        seen.append(event)
        if event["msg_type"] == "approval_request":
            wanted = {k: event["content"][k] for k in ("approval_id", "sha256")}
            wrong = kernel.client.send(
                "approve_request", wanted | {"sha256": "0", "decision": "run"}
            )
            right = kernel.client.send("approve_request", wanted | {"decision": "run"})
            again = kernel.client.send("approve_request", wanted | {"decision": "run"})
            states = [kernel.client.reply(i)["content"]["status"] for i in (wrong, right, again)]
            assert states == ["error", "ok", "error"]
    assert kernel.client.reply(msg_id)["content"] == {"status": "ok"}
    kinds = {event["msg_type"] for event in seen}
    assert {
        "llm_thought", "tool_call_update", "approval_request", "add_child_codecell",
        "execute_result", "code_cell", "llm_delta", "llm_usage", "llm_response",
    } <= kinds  # fmt: skip
    numbers = [event["content"]["seq"] for event in seen if "seq" in event["content"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_without_anybody_to_ask_the_reply_says_how_to_allow_it(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("alone", call("run_code", code="x = 0"), say("Never said."))
    msg_id = kernel.client.send("llm_request", {"request": "alone"})
    reply = kernel.client.reply(msg_id)["content"]
    assert reply["ename"] == "ApprovalRequired"
    assert "BEAKER_POLICY=auto" in reply["evalue"]
    shown = [e for e in events(kernel, msg_id) if e["msg_type"] == "code_cell"]
    assert shown[0]["content"]["code"] == "x = 0"


def test_the_comm_carries_the_same_requests_and_events(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("by comm", say("Hello."))
    comm = {"comm_id": "c-beaker"}
    kernel.client.send("comm_open", comm | {"target_name": "beaker", "data": {}})
    envelope = {"type": "llm_request", "content": {"request": "by comm"}, "id": "7"}
    kernel.client.send("comm_msg", comm | {"data": envelope})
    seen = []
    while "llm_reply" not in seen:
        message = kernel.client.published(lambda m: m["msg_type"] == "comm_msg")
        assert message["content"]["data"]["id"] == "7"
        seen.append(message["content"]["data"]["type"])
    assert {"llm_delta", "llm_response"} <= set(seen)


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [("llm_request", {}), ("llm_request", {"request": 5}), ("approve_request", {"sha256": 1})],
)
def test_wrong_content_is_an_error_reply_and_the_kernel_lives(
    msg_type: str, content: Message, kernel: Kernel
) -> None:
    reply = kernel.client.reply(kernel.client.send(msg_type, content))["content"]
    assert (reply["status"], reply["ename"]) == ("error", "ProtocolError")
    assert kernel.client.run("1")[0]["status"] == "ok"


def test_variables_conversation_and_context_are_there_for_the_asking(kernel: Kernel) -> None:
    def ask(msg_type: str, **content: Any) -> Message:
        answer: Message = kernel.client.reply(kernel.client.send(msg_type, content))["content"]
        return answer

    assert "x" in [v["name"] for v in ask("variables_request")["variables"]]
    assert ask("conversation_request")["messages"][0]["role"] == "user"
    assert ask("beaker_session_info_request")["subkernel"] == "python3"
    assert ask("context_info_request") == {"status": "ok"}
    assert ask("resume_request", since=0)["seq"] > 0
    assert ask("reset_request") == {"status": "ok"}
    assert ask("conversation_request")["messages"] == []


def test_another_language_takes_the_subkernels_place(model: ScriptedModel, tmp_path: Path) -> None:
    folder = tmp_path / "kernels" / "bash"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Bash", "language": "bash", "env": {"PS1": "$"}}
    (folder / "kernel.json").write_text(json.dumps(spec))
    env = {
        "OPENAI_BASE_URL": model.base_url,
        "BEAKER_SUBKERNEL": "bash",
        "JUPYTER_PATH": str(tmp_path),
    }
    model.when("in bash", call("run_code", code="echo $((x + 1))"), say("Done."))
    with running(**env) as kernel:
        kernel.client.run("x=41")
        reply, outputs = kernel.client.run("%ask --auto in bash")
        assert reply["status"] == "ok"
        assert "42" in text(outputs)


# Notebooks without a person -------------------------------------------------------------------


def notebook(*cells: str) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "beaker", "display_name": "Beaker", "language": "python"}
    return made


@pytest.fixture
def asking(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    model.when("double it", call("insert_cell", code="y = 2 * x\ny"), say("Doubled."))
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    return notebook("x = 21", "%%ask\ndouble it", "assert y == 42")


def test_nbclient_runs_questions_under_policy_auto(
    asking: nbformat.NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAKER_POLICY", "auto")
    done = NotebookClient(asking, timeout=60).execute()
    outputs = done.cells[1].outputs
    assert any(o.get("metadata", {}).get("beaker") for o in outputs)
    assert any(o.get("data", {}).get("text/plain") == "42" for o in outputs)


def test_nbclient_is_told_that_an_approval_is_missing(asking: nbformat.NotebookNode) -> None:
    with pytest.raises(CellExecutionError, match="ApprovalRequired"):
        NotebookClient(asking, timeout=60).execute()


def test_code_that_nobody_could_approve_is_kept_in_the_notebook(
    asking: nbformat.NotebookNode,
) -> None:
    client = NotebookClient(asking, timeout=60, allow_errors=True)
    outputs = client.execute().cells[1].outputs
    withheld = next(o for o in outputs if o.get("metadata", {}).get("beaker"))
    assert withheld["metadata"]["beaker"]["approved_by"] is None
    assert "y = 2 * x" in withheld["data"]["text/markdown"]


def test_papermill_is_told_that_an_approval_is_missing(
    asking: nbformat.NotebookNode, tmp_path: Path
) -> None:
    nbformat.write(asking, tmp_path / "in.ipynb")
    with pytest.raises(PapermillExecutionError, match="ApprovalRequired"):
        papermill.execute_notebook(
            str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False
        )


def test_papermill_runs_questions_under_policy_auto(
    asking: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAKER_POLICY", "auto")
    nbformat.write(asking, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False
    )
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert done.cells[-1].outputs == []


def test_a_recorded_notebook_runs_again_without_a_model_or_a_key(
    asking: nbformat.NotebookNode,
    model: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def outputs() -> list[Any]:
        client = NotebookClient(asking, timeout=60, resources={"metadata": {"path": tmp_path}})
        return [cell.outputs for cell in client.execute().cells]

    monkeypatch.setenv("BEAKER_POLICY", "auto")
    monkeypatch.setenv("BEAKER_REPLAY", "record")
    recorded = outputs()
    monkeypatch.setenv("BEAKER_REPLAY", "strict")
    monkeypatch.delenv("OPENAI_BASE_URL")
    asked = len(model.requests)
    assert without_names(outputs()) == without_names(recorded)
    asking.cells[1].source += " twice"
    with pytest.raises(CellExecutionError, match="NotRecorded"):
        outputs()
    assert len(model.requests) == asked


def without_names(outputs: list[Any]) -> str:
    """Return outputs as text, without the name of the model that was asked."""
    return re.sub(r'"model": "[^"]*"', "", json.dumps(outputs))


def test_what_a_person_allowed_while_it_was_recorded_runs_where_nobody_can_be_asked(
    model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.when("compute it", call("run_code", code="y = 2 * x"), say("Done."))
    env = {"OPENAI_BASE_URL": model.base_url, "BEAKER_REPLAY": "record"}
    with running(cwd=str(tmp_path), **env) as kernel:
        kernel.client.run("x = 21")
        asked = kernel.client.execute("%ask compute it", allow_stdin=True)
        kernel.client.answer_input("y")
        assert kernel.client.reply(asked)["content"]["status"] == "ok"
    monkeypatch.setenv("BEAKER_REPLAY", "strict")
    cells = notebook("x = 21", "%ask compute it", "assert y == 42")
    done = NotebookClient(cells, timeout=60, resources={"metadata": {"path": tmp_path}}).execute()
    record = next(o.metadata.beaker for o in done.cells[1].outputs if o.get("metadata"))
    assert record["approved_by"] == "the person, as recorded"


def test_an_unknown_subkernel_is_refused_and_the_present_one_stays(kernel: Kernel) -> None:
    asked = kernel.client.send(
        "context_setup_request", {"context": "default", "context_info": {}, "subkernel": "cobol"}
    )
    assert kernel.client.reply(asked)["content"]["ename"] == "KernelSpecNotFound"
    assert text(kernel.client.run("x")[1]) == "41"


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
    code = "import time; time.sleep(1); print('x' * 200_000)"
    model.when("much at once", call("run_code", code=code))
    settings = {"BEAKER_MAX_OUTPUT": "100000", "BEAKER_POLICY": "auto"}
    with running(OPENAI_BASE_URL=model.base_url, **settings) as kernel:
        asked = kernel.client.send("llm_request", {"request": "print much at once"})
        kernel.client.published(lambda m: m["msg_type"] == "add_child_codecell")
        cell = kernel.client.execute("time.sleep(1); 'unharmed'")
        assert kernel.client.reply(asked)["content"]["ename"] == "BudgetExceeded"
        assert kernel.client.reply(cell)["content"]["status"] == "ok"
        assert text(kernel.client.outputs(cell)) == "'unharmed'"
