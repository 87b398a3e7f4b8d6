"""A question that another frontend follows: what it sees, and the word that it gives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import Client, Kernel, Message, running, text
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    with ScriptedModel() as model:
        for question in ("compute", "once more"):
            model.when(question, call("run_code", code="print(6 * 7)"), say("It is 42."))
        keyed = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-canary"}
        codes = ("print('first')", "print('second')")
        model.when("two at once", *[call("run_code", code=code) for code in codes], say("Done."))
        with running(JUPYTER_DATA_DIR=str(tmp_path), **keyed) as kernel:
            yield kernel


@pytest.fixture
def follower(kernel: Kernel) -> Iterator[Client]:
    """Another frontend, which follows the conversation."""
    client = kernel.another_client()
    try:
        client.reply(client.send("resume_request", {"since": 0}))
        yield client
    finally:
        client.close()


def asking(kernel: Kernel, code: str = "%ask compute") -> tuple[str, Message]:
    """Run a cell that asks on stdin, and return its id and the question."""
    cell = kernel.client.execute(code, allow_stdin=True)
    return cell, kernel.client.channels.get_stdin_msg(timeout=30)


def awaited(client: Client) -> Message:
    """Return the approval that a frontend is shown."""
    shown: Message = client.published(lambda m: m["msg_type"] == "approval_request")["content"]
    return shown


def given(client: Client, approval: Message, decision: str, **more: Any) -> str:
    """Give a word on an approval, and return what the kernel says to that."""
    word = {key: approval[key] for key in ("approval_id", "sha256")} | {"decision": decision}
    content = client.reply(client.send("approve_request", word | more))["content"]
    return str(content.get("ename", content["status"]))


def test_a_second_client_sees_the_question_as_events_under_its_cell(
    kernel: Kernel, follower: Client
) -> None:
    cell = kernel.client.execute("%ask --auto compute")
    seen = [m["msg_type"] for m in follower.told(cell) if "seq" in m["content"]]
    assert (seen[0], seen[-1]) == ("llm_asked", "llm_ended")
    assert {"llm_delta", "tool_call_update", "add_child_codecell", "llm_response"} <= set(seen)


def test_a_client_that_comes_while_a_cell_asks_is_sent_the_rest(kernel: Kernel) -> None:
    cell, _ = asking(kernel)
    late = kernel.another_client()
    try:
        missed = late.outputs(late.send("resume_request", {"since": 0}))
        assert [m["msg_type"] for m in missed][-1] == "approval_request"
        kernel.client.channels.input("y")
        seen = [m["content"]["seq"] for m in late.told(cell) if "seq" in m["content"]]
        first = missed[-1]["content"]["seq"] + 1
        assert seen == list(range(first, first + len(seen)))
    finally:
        late.close()


def test_nobody_is_sent_events_who_follows_none(kernel: Kernel) -> None:
    _, outputs = kernel.client.run("%ask --auto compute")
    assert {m["msg_type"] for m in outputs} <= {
        "execute_input", "display_data", "update_display_data", "stream",
    }  # fmt: skip


def test_an_approval_of_a_page_is_given_by_a_client_that_came_after_it(kernel: Kernel) -> None:
    can = {"beaker": {"capabilities": ["approval"]}}
    asked = kernel.client.send("llm_request", {"request": "compute"}, metadata=can)
    awaited(kernel.client)
    late = kernel.another_client()
    try:
        missed = late.outputs(late.send("resume_request", {"since": 0}))
        approval = next(m["content"] for m in missed if m["msg_type"] == "approval_request")
        assert given(late, approval, "run") == "ok"
        assert kernel.client.reply(asked)["content"]["status"] == "ok"
        assert "42" in text(kernel.client.outputs(asked))
        assert given(late, approval, "run") == "ProtocolError"
    finally:
        late.close()


def test_the_word_of_a_second_client_counts(kernel: Kernel, follower: Client) -> None:
    cell, _ = asking(kernel)
    approval = awaited(follower)
    assert (approval["code"], given(follower, approval, "run")) == ("print(6 * 7)", "ok")
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    shown = kernel.client.outputs(cell)
    assert "42\n" in [m["content"].get("text") for m in shown]
    recorded = [m["content"].get("metadata", {}).get("beaker") for m in shown]
    assert "the person" in [beaker["approved_by"] for beaker in recorded if beaker]
    assert given(follower, approval, "run") == "ProtocolError"


def test_what_a_second_client_makes_of_the_code_runs_instead(
    kernel: Kernel, follower: Client
) -> None:
    cell, _ = asking(kernel)
    assert given(follower, awaited(follower), "edit", code="print('mine')") == "ok"
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert "mine\n" in [m["content"].get("text") for m in kernel.client.outputs(cell)]


def test_a_word_on_stdin_ends_the_approval_of_the_others(kernel: Kernel, follower: Client) -> None:
    cell, _ = asking(kernel)
    approval = awaited(follower)
    kernel.client.channels.input("n")
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert given(follower, approval, "run") == "ProtocolError"
    assert "42\n" not in text(kernel.client.outputs(cell))


def test_a_late_answer_on_stdin_counts_for_no_other_question(
    kernel: Kernel, follower: Client
) -> None:
    """Its box still stands there after the other client's word; JupyterLab names the question."""
    cell, withdrawn = asking(kernel)
    given(follower, awaited(follower), "reject")
    kernel.client.reply(cell)
    again, asked = asking(kernel, "%ask once more")
    for question, value in ((withdrawn, "y"), (asked, "n")):
        header = question["header"] | {"date": question["header"]["date"].isoformat()}
        kernel.client.send("input_reply", {"value": value}, channel="stdin", parent=header)
    assert kernel.client.reply(again)["content"]["status"] == "ok"
    assert "42\n" not in text(kernel.client.outputs(again))


def test_an_answer_to_code_that_was_refused_elsewhere_allows_no_other(
    kernel: Kernel, follower: Client
) -> None:
    """A console's prompt stands until it is answered, and its answer names no question."""
    cell, _ = asking(kernel, "%ask two at once")
    given(follower, awaited(follower), "reject")
    second = awaited(follower)
    kernel.client.channels.get_stdin_msg(timeout=30)
    kernel.client.channels.input("y")
    kernel.client.channels.input("n")
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert second["code"] == "print('second')"
    assert "second\n" not in [m["content"].get("text") for m in kernel.client.outputs(cell)]


def test_of_two_words_at_once_the_one_counts_that_was_taken(
    kernel: Kernel, follower: Client
) -> None:
    cell, _ = asking(kernel)
    approval = awaited(follower)
    kernel.agent.suspend()
    word = {key: approval[key] for key in ("approval_id", "sha256")} | {"decision": "reject"}
    sent = follower.send("approve_request", word)
    kernel.client.channels.input("y")
    time.sleep(0.2)
    kernel.agent.resume()
    assert follower.reply(sent)["content"]["status"] == "ok"
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert "42\n" not in [m["content"].get("text") for m in kernel.client.outputs(cell)]


def test_an_agent_that_died_leaves_no_question_open_and_its_follower_goes_on(
    kernel: Kernel, follower: Client
) -> None:
    cell, _ = asking(kernel)
    awaited(follower)
    kernel.agent.kill()
    assert kernel.client.reply(cell)["content"]["ename"] == "AgentDied"
    again = kernel.client.execute("%ask --auto once more")
    seen = [m["msg_type"] for m in follower.told(again) if "seq" in m["content"]]
    assert (seen[0], seen[-1]) == ("llm_asked", "llm_ended")
    kept = follower.outputs(follower.send("resume_request", {"since": 0}))
    ended = {m["content"]["question"]: m["content"] for m in kept if m["msg_type"] == "llm_ended"}
    assert (ended[cell]["ename"], ended[again]["status"]) == ("AgentDied", "ok")
