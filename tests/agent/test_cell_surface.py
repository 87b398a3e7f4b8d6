"""An `%ask` cell's output area: what is shown, how often, and never after the end."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from beaker_kernel.agent.frontend.cell_surface import CellSurface
from beaker_kernel.agent.frontend.prose import REFRESH
from beaker_kernel.agent.frontend.stdin import Stdin
from beaker_kernel.agent.model import Retry
from beaker_kernel.execution.terminal import folded
from beaker_kernel.protocol.link import Verb
from beaker_kernel.protocol.messages import LlmWaiting
from tests.support.kernels import NOTEBOOK

pytestmark = pytest.mark.anyio
WAITING = LlmWaiting(model="gpt", seconds=2.0, attempt=1, attempts=5)


class Cell:
    """The request of an asking cell, in a notebook unless its metadata say otherwise."""

    identity = b"frontend"
    header = b'{"msg_id": "asked"}'

    def __init__(self, metadata=NOTEBOOK, **content):
        self.content = content
        self.metadata = metadata


@pytest.fixture
def surface(link):
    """A surface on a link, its stdin, and the messages that were published when it is over."""

    @asynccontextmanager
    async def make(**content):
        async with link() as (ours, relay):
            stdin = Stdin(ours)
            shown: list[dict] = []
            surface = CellSurface(ours, stdin, Cell(**content), "python")
            yield surface, stdin, relay, shown
            ours.publish("the_end", {}, b"{}")
            while True:
                message = await relay.hear(lambda m: m.verb is Verb.IOPUB)
                if message.msg_type == "the_end":
                    break
                shown.append({"type": message.msg_type, **json.loads(message.content)})

    return make


def markdown(shown):
    return [message["data"].get("text/markdown") for message in shown]


async def test_the_first_piece_is_shown_at_once_and_the_rest_in_updates(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            for piece in ("a", "b", "c"):
                cell.delta(piece)
            await asyncio.sleep(2 * REFRESH)
            cell.delta("d")
    assert markdown(shown) == ["a", "abc", "abcd"]
    assert [m["type"] for m in shown] == ["display_data", *["update_display_data"] * 2]
    assert len({m["transient"]["display_id"] for m in shown}) == 1


async def test_a_thousand_pieces_are_a_handful_of_messages(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            for _ in range(1000):
                cell.delta("x")
    assert len(shown) == 2
    assert markdown(shown)[-1] == "x" * 1000


async def test_nothing_is_shown_after_the_end(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            cell.delta("a")
            cell.delta("b")
        await asyncio.sleep(2 * REFRESH)
    assert markdown(shown) == ["a", "ab"]


async def test_a_terminal_which_takes_no_updates_is_sent_the_pieces_as_text(surface) -> None:
    async with surface(metadata={}) as (cell, *_, shown):
        with cell:
            for piece in ("a", "b"):
                cell.delta(piece)
            cell.code("x", {})
            cell.delta("c\n")
    texts = [m.get("text") or m["data"]["text/plain"] for m in shown]
    assert texts == ["a", "b", "\n", "x", "c\n"]
    assert {m["type"] for m in shown} == {"stream", "display_data"}


async def test_where_nobody_watches_the_text_comes_in_one_piece(surface) -> None:
    async with surface(metadata={}, allow_stdin=False) as (cell, *_, shown):
        with cell:
            cell.delta("a")
            cell.delta("b")
    assert markdown(shown) == ["ab"]


async def test_thoughts_are_left_out(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            cell.delta("hm", thought=True)
    assert shown == []


async def test_text_after_a_tool_begins_a_display_of_its_own(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            cell.delta("before")
            cell.code("x", {"author": "model"})
            cell.delta("after")
    assert markdown(shown) == ["before", "```python\nx\n```", "after"]
    assert shown[1]["metadata"] == {"beaker": {"author": "model"}}
    assert shown[1]["data"]["text/plain"] == "x"


async def test_code_cannot_close_its_own_fence(surface) -> None:
    async with surface() as (cell, *_, shown):
        cell.code("a = '''\n````\n'''", {})
    assert markdown(shown)[0].startswith("`````python\n")
    assert markdown(shown)[0].endswith("\n`````")


async def test_one_line_tells_of_all_that_is_waited_for(surface) -> None:
    async with surface() as (cell, *_, shown):
        cell.waiting(WAITING)
        cell.retry(Retry(reason="busy", delay=1.1, attempt=1))
        cell.waiting(replace(WAITING, attempt=2, reason="busy", again_in_s=1.1))
    assert [m["type"] for m in shown] == ["display_data", "update_display_data"]
    assert markdown(shown) == [
        "*waiting for gpt: 2 s (attempt 1 of 5)*",
        "*busy; asking gpt again in 1.1 s (attempt 2 of 5)*",
    ]


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (lambda cell: cell.delta("words"), "words"),
        (lambda cell: cell.code("x", {}), "```python\nx\n```"),
        (lambda cell: cell.placed("x"), "<details>"),
        (lambda cell: cell.notice("by the way"), "*by the way*"),
    ],
)
async def test_what_comes_takes_the_place_of_what_was_waited_for(surface, say, expected) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            cell.waiting(WAITING)
            say(cell)
            cell.code("y", {})
    assert [m["type"] for m in shown] == ["display_data", "update_display_data", "display_data"]
    assert shown[0]["transient"] == shown[1]["transient"]
    assert markdown(shown)[1].startswith(expected)
    assert shown[2]["transient"] == {}


async def test_words_that_falter_are_kept_without_the_line_below_them(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            cell.delta("Well")
            cell.waiting(WAITING)
    assert "waiting" in markdown(shown)[1]
    assert markdown(shown)[::2] == ["Well", "Well"]
    assert len({m["transient"]["display_id"] for m in shown}) == 1


async def test_a_question_that_fails_leaves_nothing_of_what_was_waited_for(surface) -> None:
    async with surface() as (cell, *_, shown):
        cell.waiting(WAITING)
        cell.__exit__(ValueError)
    assert shown[-1]["data"] == {"text/plain": ""}
    assert shown[-1]["transient"] == shown[0]["transient"]


async def test_a_terminal_prints_over_what_was_waited_for(surface) -> None:
    async with surface(metadata={}) as (cell, *_, shown):
        with cell:
            cell.waiting(WAITING)
            cell.waiting(WAITING)
            cell.delta("one")
            cell.waiting(WAITING)
            cell.delta(" two")
    printed = "".join(message["text"] for message in shown)
    assert printed.count("waiting for gpt: 2 s") == 2
    assert folded(printed) == "one two\n"


async def test_where_nobody_watches_nothing_is_said_of_waiting(surface) -> None:
    async with surface(metadata={}, allow_stdin=False) as (cell, *_, shown):
        with cell:
            cell.waiting(WAITING)
            cell.retry(Retry(reason="busy", delay=1.1, attempt=1))
            cell.delta("a")
    assert markdown(shown) == ["a"]


async def test_the_first_cell_is_a_payload_and_the_others_are_buttons(surface) -> None:
    async with surface() as (cell, *_, shown):
        with cell:
            cell.cell("a")
            cell.cell("b < \"c\" & 'd'")
    assert cell.payload == [{"source": "set_next_input", "text": "a", "replace": False}]
    button = shown[-1]["data"]["text/html"]
    assert "&lt; \\&quot;c\\&quot; &amp; &#x27;d&#x27;" in button


async def test_in_vs_code_every_cell_is_a_payload_the_last_one_first(surface) -> None:
    async with surface(metadata={"cellId": "vscode-notebook-cell:/x.ipynb#W0"}) as (
        cell,
        *_,
        shown,
    ):
        with cell:
            cell.cell("a")
            cell.cell("b")
    assert [payload["text"] for payload in cell.payload] == ["b", "a"]
    assert not any("text/html" in message["data"] for message in shown)


async def test_a_cell_is_not_lost_when_the_question_fails(surface) -> None:
    async with surface() as (cell, *_, shown):
        cell.cell("a")
        cell.__exit__(ValueError)
    assert "text/html" in shown[-1]["data"]


@pytest.mark.parametrize(
    ("word", "code", "refusal", "payload"),
    [
        ("y", "x", "", 0),
        ("Yes ", "x", "", 0),
        ("n", "", "refused", 0),
        ("", "", "refused", 0),
        ("what?", "", "refused", 0),
        ("e", "", "edits", 1),
    ],
)
async def test_only_a_yes_runs_the_code(surface, word, code, refusal, payload) -> None:
    async with surface() as (cell, stdin, relay, _shown), asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(cell.approve("x", untrusted=False))
        question = await relay.hear(lambda m: m.verb is Verb.STDIN)
        stdin.receive(question._replace(content=json.dumps({"value": word}).encode()))
        verdict = await asking
    assert verdict.code == code
    assert refusal in verdict.refusal
    assert len(cell.payload) == payload


async def test_what_is_to_be_approved_is_shown_before_the_question(surface) -> None:
    async with surface() as (cell, stdin, relay, _), asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(cell.approve("x # \u202e", untrusted=True))
        shown = await relay.published("display_data")
        question = await relay.hear(lambda m: m.verb is Verb.STDIN)
        stdin.receive(question._replace(content=b'{"value": "y"}'))
        assert (await asking).code == "x # \u202e"
    assert "x # ⟨U+202E⟩" in shown["data"]["text/markdown"]
    assert "has read outputs" in shown["data"]["text/plain"]


async def test_code_that_was_approved_is_not_shown_again(surface) -> None:
    async with surface() as (cell, stdin, relay, shown):
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(cell.approve("x", untrusted=False))
            await relay.published("display_data")
            question = await relay.hear(lambda m: m.verb is Verb.STDIN)
            stdin.receive(question._replace(content=b'{"value": "y"}'))
            await asking
        cell.code("x", {"approved_by": "person"})
        cell.code("y", {})
    assert [m["type"] for m in shown] == ["update_display_data", "display_data"]
    assert shown[0]["metadata"] == {"beaker": {"approved_by": "person"}}


@pytest.mark.parametrize(("word", "left"), [("n", "it has not run"), ("e", "in a new cell")])
async def test_code_that_was_not_approved_does_not_stand_there_as_if_it_were_asked_about(
    surface, word, left
) -> None:
    async with surface() as (cell, stdin, relay, shown):
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(cell.approve("x", untrusted=False))
            asked = await relay.published("display_data")
            question = await relay.hear(lambda m: m.verb is Verb.STDIN)
            stdin.receive(question._replace(content=json.dumps({"value": word}).encode()))
            await asking
        cell.code("x", {})  # as another part of the answer may have it run
    assert shown[0]["transient"] == asked["transient"]
    assert left in shown[0]["data"]["text/plain"]
    assert [m["type"] for m in shown] == ["update_display_data", "display_data"]


async def test_where_stdin_is_forbidden_nobody_can_be_asked(surface) -> None:
    async with surface(allow_stdin=False) as (cell, *_):
        assert not cell.can_approve
        assert not cell.takes_cells
        assert await cell.ask("Who?") == ""
