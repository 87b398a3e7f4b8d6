"""Answers from a file: which call is the same, which is not, and what the file holds."""

from __future__ import annotations

import json

import pytest

from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.provider.openai_model import OpenAIModel
from beaker_kernel.agent.provider.replay import ReplayModel, Tape, Word, fingerprint
from beaker_kernel.errors import ConfigurationError, NotRecorded
from tests.support.built_in_tools import SPECS as TOOLS
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio


def asked(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "s"}, {"role": "user", "content": text}]


@pytest.fixture
def server():
    with ScriptedModel() as server:
        server.when("compute", call("run_code", code="1 + 1"))
        server.when("say", say("It is two."))
        yield server


@pytest.fixture
async def live(server):
    model = OpenAIModel(endpoint=Endpoint(base_url=server.base_url, model="m"))
    yield model
    await model.close()


async def events(model: ReplayModel, text: str) -> list[object]:
    return [event async for event in model.stream(asked(text), TOOLS)]


@pytest.mark.parametrize("text", ["compute", "say"])
async def test_a_recorded_answer_comes_again_without_a_model(live, tmp_path, text) -> None:
    tape = tmp_path / "tape.jsonl"
    first = await events(ReplayModel(Tape(tape, records=True), live, afresh=True), text)
    again = await events(ReplayModel(Tape(tape, records=False), None, afresh=False), text)
    assert again[-1] == first[-1]
    assert "".join(e.text for e in again[:-1]) == "".join(e.text for e in first[:-1])


async def test_a_call_that_was_never_seen_is_refused_where_nobody_may_be_asked(tmp_path) -> None:
    model = ReplayModel(Tape(tmp_path / "none.jsonl", records=False), None, afresh=False)
    with pytest.raises(NotRecorded, match=r"none\.jsonl.*BEAKER_REPLAY=record"):
        await events(model, "say")


async def test_a_call_that_is_known_is_not_asked_again(live, server, tmp_path) -> None:
    model = ReplayModel(Tape(tmp_path / "tape.jsonl", records=True), live, afresh=False)
    for text in ("say", "say", "compute"):
        await events(model, text)
    assert len(server.requests) == 2


async def test_recording_asks_anew_and_the_later_answer_counts(live, server, tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    await events(ReplayModel(tape, live, afresh=True), "something")
    server.when("something", say("Else."))
    await events(ReplayModel(tape, live, afresh=True), "something")
    (*_, last) = await events(
        ReplayModel(Tape(tape.path, records=False), None, afresh=False), "something"
    )
    assert last.text == "Else."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<A at 0x7f3a5c0d1e90>", "<A at 0x7fffffffffff>"),
        ("at 2026-11-21T08:30:01.5Z", "at 2027-01-01T00:00:00Z"),
        ("took until 12:30:01", "took until 12:30:02"),
        ("/home/ann/x/data.csv", "/builds/1/data.csv"),
        ("/tmp/ipykernel_123/4.py", "/tmp/ipykernel_9/4.py"),
        ("id 6f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "id 00000000-0000-0000-0000-000000000000"),
    ],
)
async def test_what_differs_from_run_to_run_makes_no_other_call(one, other) -> None:
    assert fingerprint(asked(one), TOOLS) == fingerprint(asked(other), TOOLS)


async def test_another_question_or_another_tool_is_another_call() -> None:
    prints = {
        fingerprint(asked("a"), TOOLS),
        fingerprint(asked("b"), TOOLS),
        fingerprint(asked("a"), TOOLS[:1]),
    }
    assert len(prints) == 3


async def test_the_file_holds_no_image_that_was_shown(live, tmp_path) -> None:
    shown = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
    messages = [{"role": "user", "content": [*shown, {"type": "text", "text": "what is it?"}]}]
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    model = ReplayModel(tape, live, afresh=True)
    assert [event async for event in model.stream(messages, TOOLS)]
    assert json.loads(tape.path.read_text())["question"] == "what is it?"


async def test_the_file_shows_the_question_and_none_of_the_session(live, tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    await events(ReplayModel(tape, live, afresh=True), "x" * 5000 + " please say it")
    line = json.loads(tape.path.read_text())
    assert line["question"].endswith("please say it")
    assert len(line["question"]) == 200


async def test_a_damaged_file_is_named_with_its_line(tmp_path) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_text('{"approved": "abc"}\n{"call": 1}\n')
    with pytest.raises(ConfigurationError, match="line 2"):
        Tape(path, records=False).find("x")


@pytest.mark.parametrize(
    "line",
    [
        '{"edited": "abc"}',
        '{"refused": "abc"}',
        '{"placed": "abc"}',
        '"approved"',
        '["approved"]',
        "7",
    ],
)
async def test_a_word_that_lacks_something_is_named_with_its_line(tmp_path, line) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_text(line)
    with pytest.raises(ConfigurationError, match="line 1"):
        Tape(path, records=False).word("x")


WORDS = [Word("approved"), Word("refused", "do without"), Word("edited", "x + 1")]


@pytest.mark.parametrize("word", WORDS)
async def test_a_persons_word_is_kept_once(tmp_path, word) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    tape.keep_word("abc", word)
    tape.keep_word("abc", word)
    assert tape.path.read_text().count("abc") == 1
    assert Tape(tape.path, records=False).word("abc") == word
    assert Tape(tape.path, records=False).word("abd") is None


async def test_of_two_words_on_the_same_code_the_later_counts(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    for word in (*WORDS, *WORDS):
        tape.keep_word("abc", word)
        assert Tape(tape.path, records=False).word("abc") == word


async def test_an_approval_that_was_recorded_before_there_were_other_words_is_read(
    tmp_path,
) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_text('{"approved": "abc"}\n')
    assert Tape(path, records=False).word("abc") == Word("approved")


async def test_code_that_became_a_cell_is_known_but_where_it_is_recorded_afresh(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    assert tape.placed("x") == ""
    tape.place("x", "It is in the notebook.")
    tape.place("x", "It is in the notebook.")
    assert tape.path.read_text().count("placed") == 1
    again = Tape(tape.path, records=True, afresh=True)
    assert again.placed("x") == ""
    again.place("x", "")
    assert Tape(tape.path, records=False).placed("x") == ""


async def test_a_file_that_records_nothing_is_not_made(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=False)
    tape.keep_word("x", WORDS[0])
    tape.place("x", "")
    assert not tape.path.exists()
