"""A kernel's messages as text."""

from __future__ import annotations

import io

import pytest

from beaker_kernel.agent.frontend.prose import OVERWRITE
from beaker_kernel.commands.transcript import Transcript, fenced


@pytest.fixture
def shown():
    return Shown()


class Shown:
    def __init__(self, *, colour: bool = False, status: bool = False) -> None:
        self.out, self.notes = io.StringIO(), io.StringIO()
        self.transcript = Transcript(self.out, self.notes, colour=colour, status=status)

    def show(self, *messages):
        for msg_type, content in messages:
            self.transcript.show(msg_type, content)
        self.transcript.end()
        return self.out.getvalue()


def test_reasoning_is_left_out(shown):
    pieces = [("llm_delta", {"text": "hm", "thought": True}), ("llm_delta", {"text": "Yes"})]
    assert shown.show(*pieces) == "Yes\n"


def test_an_answer_that_did_not_stream_is_shown_once(shown):
    whole = ("llm_response", {"name": "response_text", "text": "Yes"})
    assert shown.show(whole) == "Yes\n"


def test_an_answer_that_streamed_is_not_repeated(shown):
    whole = ("llm_response", {"name": "response_text", "text": "Yes"})
    assert shown.show(("llm_delta", {"text": "Yes"}), whole) == "Yes\n"


def test_a_block_begins_on_a_line_of_its_own(shown):
    cell = ("code_cell", {"language": "r", "code": "x"})
    assert shown.show(("llm_delta", {"text": "So:"}), cell) == "So:\n```r\nx\n```\n"


def test_an_image_is_named_beside_its_text(shown):
    data = {"image/png": "aGk=", "text/plain": "<Figure>"}
    assert shown.show(("display_data", {"data": data})) == "[image/png] <Figure>\n"


def test_the_terminal_is_not_driven_by_what_is_shown(shown):
    text = "a\x1b[2Jb\x1b]0;title\x07c\x1b[31mred\x1b[0m\x9b1m\n"
    assert shown.show(("stream", {"name": "stdout", "text": text})) == "ab]0;titlecred1m\n"


def test_colours_are_kept_for_a_terminal():
    text = "\x1b[31mred\x1b[0m\n"
    assert Shown(colour=True).show(("stream", {"name": "stdout", "text": text})) == text


def test_what_code_writes_to_standard_error_is_no_answer(shown):
    assert shown.show(("stream", {"name": "stderr", "text": "warning\n"})) == ""
    assert shown.notes.getvalue() == "warning\n"


def test_a_tool_that_fails_is_named(shown):
    tools = [{"tool_call_id": "1", "tool_name": "run_code", "tool_input": {}, "state": "running"}]
    ended = {"tool_call_id": "1", "state": "error", "error": "too long"}
    shown.show(("llm_thought", {"thought": "", "tool_calls": tools}), ("tool_call_update", ended))
    assert shown.notes.getvalue() == "… run_code: too long\n"


def test_a_refusal_that_was_told_already_is_not_told_again(shown):
    refusal = ("tool_call_update", {"tool_call_id": "1", "state": "error", "error": "not run: so"})
    other = ("tool_call_update", {"tool_call_id": "2", "state": "error", "error": "too long"})
    shown.transcript.not_asked()
    shown.show(other, refusal, refusal)
    assert shown.notes.getvalue() == "… a tool: too long\n… a tool: not run: so\n"


WAITING = ("llm_waiting", {"model": "gpt", "seconds": 3.0, "attempt": 1, "attempts": 5})
RETRY = ("llm_retry", {"seq": 1, "reason": "busy", "delay_s": 0.5, "attempt": 1})


def test_a_terminal_is_told_what_is_waited_for_until_something_comes():
    shown = Shown(status=True)
    assert shown.show(WAITING, RETRY, WAITING, ("llm_delta", {"text": "Yes"}), WAITING) == "Yes\n"
    line = "… waiting for gpt: 3 s (attempt 1 of 5)"
    assert shown.notes.getvalue() == f"{OVERWRITE}{line}{OVERWRITE}{line}{OVERWRITE}"


def test_notes_that_go_to_a_file_hold_no_word_of_waiting(shown):
    shown.show(WAITING, RETRY)
    assert shown.notes.getvalue() == "… busy; again in 0.5 s\n"


def test_messages_that_nobody_knows_are_passed_over(shown):
    assert shown.show(("note", {}), ("_write", {}), ("comm_open", {})) == ""


def test_code_can_not_close_its_fence():
    assert fenced("python", "'````'\n") == "`````python\n'````'\n`````"
