"""What was said, on disk: whose it is, what comes back, what is deleted, what may break."""

from __future__ import annotations

import os
import stat
from collections import deque

import pytest

from beaker_kernel.agent import journal
from beaker_kernel.agent.briefing import Redactor
from beaker_kernel.agent.conversation import EARLIER, Conversation
from beaker_kernel.agent.journal import Journal


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}, {"role": "assistant", "content": f"{text}!"}]


def without_canary(text: str) -> str:
    return text.replace("canary", "[redacted]")


@pytest.fixture
def make(tmp_path):
    made = []

    def make(session="one", notebook="a.ipynb", folder=tmp_path / "kept", redact=without_canary):
        made.append(Journal(folder, session, notebook, redact))
        return made[-1]

    yield make
    for each in made:
        each.close()


def keep(conversation: Conversation, *texts: str) -> None:
    for text in texts:
        conversation.record("llm_delta", {"seq": conversation.next_event(), "text": text})
        conversation.keep([{"role": "system", "content": "s"}, *said(text)])


def test_a_conversation_comes_back_with_its_events_its_turns_and_its_number(make) -> None:
    first = Conversation(make())
    keep(first, "a", "b")
    second = Conversation.resumed(make())
    assert (second.id, second.last) == (first.id, 2)
    assert second.messages == [*said("a"), *said("b")]
    assert second.since(1) == [("llm_delta", {"seq": 2, "text": "b"})]


@pytest.mark.parametrize("since", [0, 1, 4, 5, 6, 9, 10])
def test_events_that_memory_holds_no_more_come_from_disk_without_gap_or_repeat(
    make, monkeypatch, since
) -> None:
    monkeypatch.setattr(journal, "FILE", 600)
    conversation = Conversation(make(), events=deque(maxlen=5))
    for number in range(1, 11):
        conversation.record("llm_delta", {"seq": conversation.next_event(), "text": f"{number}"})
    events = conversation.since(since)
    assert [content["seq"] for _, content in events] == list(range(since + 1, 11))
    assert [content["text"] for _, content in events] == [f"{n}" for n in range(since + 1, 11)]


def test_only_events_of_the_conversation_that_is_asked_for_come_from_disk(make) -> None:
    kept = make()
    keep(Conversation(kept), "before the reset")
    conversation = Conversation(kept, events=deque(maxlen=1))
    keep(conversation, "a", "b")
    assert [content["text"] for _, content in conversation.since(0)] == ["a", "b"]


def test_secrets_are_taken_out_of_strings_so_that_every_line_can_be_read_again(make) -> None:
    first = Conversation(make(redact=Redactor({"A_PASSWORD": 'quo"ted-1', "A_TOKEN": '"limit":'})))
    content = {"seq": first.next_event(), "limit": 10, "said": ['it is quo"ted-1']}
    first.record("llm_usage", content)
    (kept,) = Conversation.resumed(make()).since(0)
    assert kept == ("llm_usage", content | {"said": ["it is [redacted]"]})


def test_a_summary_comes_back_in_place_of_the_turns_it_stands_for(make) -> None:
    first = Conversation(make())
    keep(first, "a", "b")
    first.fit(0, at_least=1)
    first.summed_up(first.take_overflow(), "a was said")
    keep(first, "c")
    second = Conversation.resumed(make())
    assert second.ask("s", "?") == first.ask("s", "?")
    assert second.messages == [*said("b"), *said("c")]
    assert second.in_short == f"{EARLIER}\n\na was said"


def test_turns_without_a_summary_come_back_as_their_questions(make) -> None:
    first = Conversation(make())
    keep(first, "a", "b")
    first.fit(0, at_least=0)
    first.summed_up(first.take_overflow(), "")
    second = Conversation.resumed(make())
    assert second.ask("s", "?") == first.ask("s", "?")
    assert "- a\n- b" in second.in_short


def test_what_a_notebook_had_kept_comes_back_with_its_heading(make) -> None:
    first = Conversation(make())
    first.restore("before")
    keep(first, "a")
    assert Conversation.resumed(make()).ask("s", "?") == first.ask("s", "?")


def test_only_the_last_conversation_of_a_session_comes_back(make) -> None:
    kept = make()
    keep(Conversation(kept), "old")
    keep(Conversation(kept), "new")
    assert Conversation.resumed(make()).messages == said("new")


def test_another_session_begins_anew_but_finds_what_was_said_in_its_notebook(make) -> None:
    keep(Conversation(make("one")), "a")
    other = make("two")
    assert Conversation.resumed(other).messages == []
    assert [line["turn"] for line in other.previous()[1] if "turn" in line] == [said("a")]
    assert make("three", notebook="b.ipynb").previous() == ("", [])
    assert make("four", notebook="").previous() == ("", [])


def test_files_and_folder_are_the_persons_alone(make, tmp_path) -> None:
    keep(Conversation(make()), "a")
    (file,) = (tmp_path / "kept").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_secrets_are_not_kept(make, tmp_path) -> None:
    keep(Conversation(make()), "the canary sings")
    (file,) = (tmp_path / "kept").iterdir()
    assert "canary" not in file.read_text()


def test_what_is_forgotten_is_deleted_for_the_whole_notebook_and_for_no_other(
    make, tmp_path
) -> None:
    for session, notebook in (("one", "a.ipynb"), ("two", "a.ipynb"), ("three", "b.ipynb")):
        keep(Conversation(make(session, notebook)), "x")
    assert make("two").forget() == 2
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["three.jsonl"]


def test_a_line_that_a_crash_has_cut_costs_no_other(make, tmp_path) -> None:
    keep(Conversation(make()), "a")
    (file,) = (tmp_path / "kept").iterdir()
    with file.open("a") as end:
        end.write('{"seq": 2, "type": "llm_de')
    resumed = Conversation.resumed(make())
    assert resumed.messages == said("a")
    keep(resumed, "b")
    assert Conversation.resumed(make()).messages == [*said("a"), *said("b")]


def test_a_full_file_goes_on_in_a_new_one_and_the_oldest_files_go(
    make, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(journal, "FILE", 2_000)
    monkeypatch.setattr(journal, "FOLDER", 6_000)
    keep(Conversation(make("old")), "x")
    os.utime(tmp_path / "kept" / "old.jsonl", (0, 0))
    for session in range(4):
        keep(Conversation(make(f"s{session}")), *["y" * 300] * 4)
    names = {path.name for path in (tmp_path / "kept").iterdir()}
    assert "old.jsonl" not in names
    assert {"s3.jsonl", "s3.1.jsonl"} <= names
    assert Conversation.resumed(make("s3")).messages


def test_where_nothing_can_be_written_the_conversation_goes_on(make, tmp_path, caplog) -> None:
    (tmp_path / "file").write_text("")
    conversation = Conversation(make(folder=tmp_path / "file" / "no"))
    keep(conversation, "a", "b")
    assert len(conversation.messages) == 4
    assert caplog.text.count("not kept on disk") == 1
