"""Messages in, three texts out."""

from __future__ import annotations

import pytest

from beaker_kernel.client.folding import Folding


def message(kind, parent="cell", **content):
    return {"msg_type": kind, "parent_header": {"msg_id": parent}, "content": content}


def folded(*messages):
    folding = Folding("cell")
    assert not any(folding.take(each) for each in messages)
    return folding.result().model_dump()


def test_streams_are_joined_as_they_come_and_stripped():
    parts = [message("stream", name=name, text=text) for name, text in STREAMS]
    assert folded(*parts) == {"stdout": "a\nb", "stderr": "e", "result": ""}


STREAMS = [("stdout", "\na"), ("stderr", "e"), ("stdout", "\nb\n")]


def test_results_and_displays_are_lines_and_an_image_is_a_data_url():
    both = {"image/png": "cG5n", "text/plain": "<Figure>"}
    messages = [message("display_data", data=both), message("execute_result", data=TEXT)]
    assert folded(*messages)["result"] == "data:image/png;base64,cG5n\n42"


TEXT = {"text/plain": "42", "text/html": "<b>42</b>"}


def test_a_traceback_follows_what_was_on_stderr():
    warned = message("stream", name="stderr", text="warned\n")
    failed = message("error", traceback=["\x1b[0;31mValueError\x1b[0m", "at line 1"])
    assert folded(warned, failed)["stderr"] == "warned\nValueError\nat line 1"


def test_what_belongs_to_other_requests_is_left_out():
    assert folded(message("stream", "another", name="stdout", text="x"))["stdout"] == ""


@pytest.mark.parametrize("strange", [{}, {"msg_type": "stream"}, message("stream"), {"content": 1}])
def test_a_strange_message_is_skipped(strange):
    assert folded(strange) == {"stdout": "", "stderr": "", "result": ""}


def test_idle_ends_it():
    assert Folding("cell").take(message("status", execution_state="idle"))
    assert not Folding("cell").take(message("status", execution_state="busy"))
    assert not Folding("cell").take(message("status", "another", execution_state="idle"))


@pytest.mark.parametrize("state", ["restarting", "autorestarting", "dead"])
def test_a_death_ends_it_whoever_the_message_is_for(state):
    folding = Folding("cell")
    assert folding.take({"msg_type": "status", "content": {"execution_state": state}})
    assert folding.result().stderr == "The kernel died."
