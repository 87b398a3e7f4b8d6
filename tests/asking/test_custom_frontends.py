"""Questions by `llm_request`, natively and over the comm, and all that can be asked besides."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import Kernel, Message, running, text
from tests.support.replies import call
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.scripted_model import ScriptedModel


def test_llm_request_tells_everything_as_numbered_events(
    kernel: Kernel, model: ScriptedModel
) -> None:
    code = call("run_code", code="x + 1")
    model.when("by event", code, call("insert_cell", code="x"), say("It is 42."))
    metadata = {"beaker": {"capabilities": ["approval", "cells"]}}
    msg_id = kernel.client.send("llm_request", {"request": "by event"}, metadata=metadata)
    seen = []
    for event in kernel.client.told(msg_id):
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
    shown = [e for e in kernel.client.told(msg_id) if e["msg_type"] == "code_cell"]
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


PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def folder(model: ScriptedModel, tmp_path: Path) -> Iterator[tuple[Kernel, Path]]:
    """A kernel in a folder of its own, which keeps its conversations beside it."""
    folder = tmp_path / "session"
    folder.mkdir()
    kept = {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "BEAKER_POLICY": "guarded"}
    with running(cwd=str(folder), OPENAI_BASE_URL=model.base_url, **kept) as kernel:
        yield kernel, folder


def ask_about(kernel: Kernel, question: str, *attachments: str) -> Message:
    content = {"request": question, "attachments": attachments}
    answer: Message = kernel.client.reply(kernel.client.send("llm_request", content))["content"]
    return answer


def test_attached_files_reach_the_model_and_only_their_texts_are_kept(
    folder: tuple[Kernel, Path], model: ScriptedModel
) -> None:
    kernel, there = folder
    (there / "notes.txt").write_text("The cheapest is Lyon; the key is sk-0123456789abcdefghij.")
    (there / "photo").write_bytes(PIXEL)
    assert ask_about(kernel, "of both", "notes.txt", "photo") == {"status": "ok"}
    image, told = model.requests[-1].body["messages"][-1]["content"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert "The cheapest is Lyon; the key is [redacted]" in told["text"]
    assert told["text"].endswith("# Question\nof both")
    assert ask_about(kernel, "and now?") == {"status": "ok"}
    assert model.requests[-1].holds("photo: image/png, 28 bytes")
    assert model.requests[-1].holds("The cheapest is Lyon")
    assert not model.requests[-1].holds("base64")
    (journal,) = there.parent.glob("data/beaker/conversations/*.jsonl")
    assert "base64" not in journal.read_text()


def test_who_has_read_an_attached_file_may_not_run_code_unasked(
    folder: tuple[Kernel, Path], model: ScriptedModel
) -> None:
    kernel, there = folder
    (there / "photo").write_bytes(PIXEL)
    may_run = call("run_code", code="print(6 * 7)")
    model.when(lambda request: request.holds("unasked"), may_run, say("So it is."), may_run)
    assert ask_about(kernel, "unasked") == {"status": "ok"}
    kernel.client.reply(kernel.client.send("reset_request"))
    assert ask_about(kernel, "unasked", "photo")["ename"] == "ApprovalRequired"


def test_what_cannot_be_attached_is_an_error_and_nothing_is_asked(
    folder: tuple[Kernel, Path], model: ScriptedModel
) -> None:
    kernel, there = folder
    (there / "photo").write_bytes(PIXEL)
    asked = len(model.requests)
    reply = ask_about(kernel, "of what?", "missing.csv")
    assert (reply["ename"], "'missing.csv'" in reply["evalue"]) == ("ProtocolError", True)
    choice = {"model_config": {"model_name": "tiny-0.5b"}}
    kernel.client.reply(kernel.client.send("set_agent_model", choice))
    reply = ask_about(kernel, "of what?", "photo")
    assert (reply["ename"], "'photo'" in reply["evalue"]) == ("ConfigurationError", True)
    assert len(model.requests) == asked


def test_a_question_about_an_image_is_answered_again_from_the_file(
    model: ScriptedModel, tmp_path: Path
) -> None:
    (tmp_path / "photo").write_bytes(PIXEL)
    model.when(lambda request: request.holds("on tape?"), say("A cat."))
    for replay in ("record", "strict"):
        with running(
            cwd=str(tmp_path), OPENAI_BASE_URL=model.base_url, BEAKER_REPLAY=replay
        ) as kernel:
            assert ask_about(kernel, "on tape?", "photo") == {"status": "ok"}
            (tmp_path / "photo").write_bytes(PIXEL[:-1] + b"1")
    (tmp_path / "beaker-replay.jsonl").read_text().index("on tape?")
    assert "base64" not in (tmp_path / "beaker-replay.jsonl").read_text()


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


def test_an_unknown_subkernel_is_refused_and_the_present_one_stays(kernel: Kernel) -> None:
    asked = kernel.client.send(
        "context_setup_request", {"context": "default", "context_info": {}, "subkernel": "cobol"}
    )
    assert kernel.client.reply(asked)["content"]["ename"] == "KernelSpecNotFound"
    assert text(kernel.client.run("x")[1]) == "41"
