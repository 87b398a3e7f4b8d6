"""Answers from a file: which call is the same, which is not, and what the file holds."""

from __future__ import annotations

import json
import os
import stat
import threading

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


async def test_a_file_that_is_missing_is_told_from_one_without_the_answer(tmp_path) -> None:
    tape = tmp_path / "tape.jsonl"
    with pytest.raises(NotRecorded, match=r"^there is no file .*tape\.jsonl: BEAKER_REPLAY=record"):
        await events(ReplayModel(Tape(tape, records=False), None, afresh=False), "say")
    tape.touch()
    with pytest.raises(NotRecorded, match=r"tape\.jsonl has no answer to this question"):
        await events(ReplayModel(Tape(tape, records=False), None, afresh=False), "say")


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


@pytest.mark.parametrize("there", [True, False])
async def test_a_file_that_is_a_link_is_neither_read_nor_written(tmp_path, there) -> None:
    target = tmp_path / "private"
    if there:
        target.write_text('{"approved": "abc"}\n')
    path = tmp_path / "tape.jsonl"
    path.symlink_to(target)
    with pytest.raises(ConfigurationError, match=r"can't be read.*is a link.*tape\.jsonl"):
        Tape(path, records=False).word("abc")
    with pytest.raises(ConfigurationError, match="is a link"):
        Tape(path, records=True).keep_word("x", WORDS[0])
    assert target.exists() == there
    assert not there or target.read_text().count("\n") == 1


async def test_a_link_that_is_made_between_reading_and_writing_is_not_followed(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    tape.keep_word("abc", WORDS[0])
    tape.path.unlink()
    tape.path.symlink_to(tmp_path / "private")
    with pytest.raises(ConfigurationError, match=r"can't be recorded.*is a link"):
        tape.keep_word("x", WORDS[0])
    assert not (tmp_path / "private").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
async def test_what_is_no_file_is_refused_and_waits_for_nobody(tmp_path, make) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    assert tape.word("x") is None
    make(tape.path)
    refused = []

    def use():
        with pytest.raises(ConfigurationError, match="can't be recorded") as writing:
            tape.keep_word("x", WORDS[0])
        with pytest.raises(ConfigurationError, match="can't be read") as reading:
            Tape(tape.path, records=False).word("x")
        refused.extend([reading, writing])

    using = threading.Thread(target=use, daemon=True)
    using.start()
    using.join(5)
    assert len(refused) == 2


async def test_the_folder_of_the_file_may_be_a_link(tmp_path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    Tape(tmp_path / "link" / "tape.jsonl", records=True).keep_word("abc", WORDS[0])
    kept = tmp_path / "there" / "tape.jsonl"
    assert Tape(kept, records=False).word("abc") == WORDS[0]
    assert stat.S_IMODE(kept.stat().st_mode) & 0o111 == 0


@pytest.mark.parametrize("end", ["\u2028", "\u0085", "\x0b", "\x1c", "\r", "\n", "\r\n"])
async def test_what_ends_a_line_elsewhere_may_stand_in_a_text(tmp_path, end) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    tape.place("abc", f"one{end}two")
    tape.place("abd", "another")
    again = Tape(tape.path, records=False)
    assert (again.placed("abc"), again.placed("abd")) == (f"one{end}two", "another")


async def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_bytes(b'{"approved": "abc"}\r\n{"approved": "\xff"}\n')
    with pytest.raises(ConfigurationError, match="line 2"):
        Tape(path, records=False).word("abc")
