"""The conversation that a notebook keeps, where its person wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = {"messages": [{"role": "user", "content": "how many?"}]}


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


def obey(page, command) -> None:
    cell = page.add(f"%beaker {command}")
    page.ask_in_cell(cell["source"], cell["id"])


def kept(page) -> list[str]:
    return [m["content"] for m in page.metadata["beaker"]["conversation"]["messages"]]


def test_a_conversation_that_the_notebook_keeps_comes_back_as_data_after_a_restart(
    model, open_page
) -> None:
    model.when("how many", say("Seven."))
    page = open_page(keep="1")
    page.run(page.add("secret = 'not to be shared'"))
    page.ask("how many?")
    kept = page.metadata["beaker"]["conversation"]
    assert [m["content"] for m in kept["messages"]] == ["how many?", "Seven."]
    after = open_page(keep="1")
    after.metadata = page.metadata
    _, published = after.ask("and now?")
    told = model.requests[-1].body["messages"][1]["content"]
    assert "its variables are gone; where they are needed, offer to make them again" in told
    assert told.endswith("⟦session\nuser: how many?\n\nassistant: Seven.\nsession⟧")
    assert "an earlier conversation" in str(published)
    assert [m["content"] for m in after.metadata["beaker"]["conversation"]["messages"]] == [
        "user: how many?\n\nassistant: Seven.",
        "and now?",
        "I don't know.",
    ]


def test_forget_deletes_what_the_notebook_keeps(model, open_page) -> None:
    page = open_page(keep="1")
    asking, forgetting = page.add("%ask why?"), page.add("%beaker forget")
    page.ask_in_cell(asking["source"], asking["id"])
    assert page.metadata["beaker"]["conversation"]["messages"]
    page.ask_in_cell(forgetting["source"], forgetting["id"])
    assert page.metadata["beaker"]["conversation"]["messages"] == []
    page.ask("why?")
    assert len(model.requests[-1].body["messages"]) == 2


def test_a_person_has_the_notebook_keep_the_conversation_and_nothing_of_it_again(open_page) -> None:
    page = open_page()
    page.ask("why?")
    assert page.metadata == {}
    for switch, kept in (("on", ["why?", "I don't know."]), ("off", [])):
        cell = page.add(f"%beaker keep {switch}")
        page.ask_in_cell(cell["source"], cell["id"])
        messages = page.metadata["beaker"]["conversation"]["messages"]
        assert [message["content"] for message in messages] == kept


def test_a_notebook_that_keeps_a_conversation_goes_on_after_a_restart(model, open_page) -> None:
    page = open_page()
    page.metadata = {"beaker": {"conversation": KEPT}}
    page.ask("and now?")
    assert model.requests[-1].holds("user: how many?")
    assert kept(page) == ["user: how many?", "and now?", "I don't know."]


def test_to_keep_a_conversation_again_loses_nothing_of_it(model, open_page) -> None:
    page = open_page()
    page.metadata = {"beaker": {"conversation": KEPT}}
    obey(page, "keep on")
    assert kept(page) == ["user: how many?"]
    page.ask("and now?")
    assert kept(page) == ["user: how many?", "and now?", "I don't know."]
    assert model.requests[-1].holds("user: how many?")


@pytest.mark.parametrize("command", ["keep off", "forget"])
def test_what_a_notebook_keeps_of_before_a_restart_is_deleted(model, open_page, command) -> None:
    page = open_page()
    page.metadata = {"beaker": {"conversation": KEPT}}
    obey(page, command)
    assert kept(page) == []
    page.ask("and now?")
    assert not model.requests[-1].holds("how many?")
    assert kept(page) == []


@pytest.mark.parametrize("said", ["text", {"messages": "text"}, {"messages": [5, {}]}])
def test_nothing_is_kept_or_read_back_unless_it_is_wanted(model, open_page, said) -> None:
    page = open_page()
    page.metadata = {"beaker": {"conversation": said}}
    page.ask("why?")
    assert page.metadata == {"beaker": {"conversation": said}}
    assert len(model.requests[-1].body["messages"]) == 2
