"""What a custom frontend is sent, and what counts as a person's word."""

from __future__ import annotations

import asyncio
import json
from itertools import count

import pytest

from beaker_kernel.agent.budget import Budget
from beaker_kernel.agent.frontend.event_surface import Approvals, EventSurface
from beaker_kernel.agent.model import Retry, ToolCall, Usage
from beaker_kernel.agent.policy import digest
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.codec import decode, encode
from beaker_kernel.protocol.requests import ApproveRequest

pytestmark = pytest.mark.anyio
CALL = ToolCall(id="1", name="run_code", arguments={"code": "x"})


class Frontend:
    """A surface and all that it emits."""

    def __init__(self, *capabilities, answers=()):
        self.events = []
        self.asked = []
        self.approvals = Approvals()
        answers = iter(answers)

        async def ask(prompt):
            self.asked.append(prompt)
            return next(answers)

        self.surface = EventSurface(
            header=json.dumps({"msg_id": "asked"}).encode(),
            emit=self.events.append,
            number=count(1).__next__,
            approvals=self.approvals,
            capabilities=capabilities,
            ask_on_stdin=ask if "stdin" in capabilities else None,
            language="python",
        )

    @property
    def kinds(self):
        return [event.msg_type for event in self.events]

    def decide(self, decision="run", **changed):
        asked = self.events[-1]
        word = {"approval_id": asked.approval_id, "sha256": asked.sha256, "decision": decision}
        self.approvals.decide(ApproveRequest(**word | changed))


async def approving(frontend, code="x"):
    """Begin to ask for a word on code."""
    task = asyncio.create_task(frontend.surface.approve(code, untrusted=True))
    await asyncio.sleep(0)
    return task


async def test_every_event_is_numbered_and_one_of_the_vocabulary() -> None:
    frontend = Frontend("approval")
    surface = frontend.surface
    surface.delta("a")
    surface.delta("hm", thought=True)
    surface.retry(Retry(reason="busy", delay=1.5, attempt=1))
    surface.usage(Usage(prompt_tokens=1, completion_tokens=2), Budget(tokens=3), 0.01)
    surface.notice("It goes to x.")
    surface.tool_started(CALL)
    surface.tool_ended(CALL, "done", "out" * 5_000)
    surface.cell("x")
    surface.code("x", {"author": "model"})
    surface.finish("a")
    assert [event.seq for event in frontend.events] == list(range(1, 12))
    for event in frontend.events:
        assert decode(event.msg_type, encode(event)) == event


async def test_a_tool_is_told_as_thought_start_and_end() -> None:
    frontend = Frontend()
    frontend.surface.tool_started(CALL)
    frontend.surface.tool_ended(CALL, "done", "out" * 5_000)
    thought, running, done = frontend.events
    assert (thought.tool_name, thought.tool_input) == ("run_code", {"code": "x"})
    assert (running.state, done.state) == ("running", "done")
    assert running.started_at == done.started_at <= done.ended_at
    assert done.output_truncated
    assert len(done.output_preview) <= 2_000


async def test_code_that_runs_names_the_request_whose_outputs_are_its_own() -> None:
    frontend = Frontend()
    frontend.surface.code("x", {"author": "model"})
    header = frontend.events[0].execute_request_msg.header
    assert header == {"msg_id": "asked", "author": "model"}


async def test_a_word_counts_for_exactly_the_code_it_names() -> None:
    frontend = Frontend("approval")
    asking = await approving(frontend)
    request = frontend.events[0]
    assert (request.code, request.sha256, request.untrusted) == ("x", digest("x"), True)
    with pytest.raises(ProtocolError, match="sha256"):
        frontend.decide(sha256=digest("y"))
    frontend.decide()
    assert (await asking).code == "x"


async def test_a_word_counts_once() -> None:
    frontend = Frontend("approval")
    asking = await approving(frontend)
    frontend.decide()
    with pytest.raises(ProtocolError, match="nothing waits"):
        frontend.decide()
    await asking
    with pytest.raises(ProtocolError, match="nothing waits"):
        frontend.decide()


async def test_a_word_on_nothing_is_refused() -> None:
    frontend = Frontend("approval")
    asking = await approving(frontend)
    with pytest.raises(ProtocolError, match="nothing waits"):
        frontend.decide(approval_id="another")
    frontend.decide("reject")
    assert "refused" in (await asking).refusal


async def test_a_person_can_change_the_code() -> None:
    frontend = Frontend("approval")
    asking = await approving(frontend)
    with pytest.raises(ProtocolError, match="needs `code`"):
        frontend.decide("edit")
    frontend.decide("edit", code="y")
    assert (await asking).code == "y"


async def test_a_stopped_question_waits_for_no_word() -> None:
    frontend = Frontend("approval")
    asking = await approving(frontend)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(ProtocolError):
        frontend.decide()


@pytest.mark.parametrize(("word", "code"), [("y", "x\u202e"), ("n", ""), ("", "")])
async def test_without_the_capability_stdin_is_asked_with_all_characters_visible(
    word, code
) -> None:
    frontend = Frontend("stdin", answers=[word])
    assert frontend.surface.can_approve
    assert (await frontend.surface.approve("x\u202e", untrusted=False)).code == code
    assert frontend.asked[0].startswith("x⟨U+202E⟩\n")
    assert frontend.kinds == []


async def test_with_neither_nobody_can_be_asked() -> None:
    surface = Frontend().surface
    assert not surface.can_approve
    assert await surface.ask("Who?") == ""


async def test_code_that_nobody_can_allow_is_sent_as_a_cell() -> None:
    frontend = Frontend()
    frontend.surface.withheld("x", {})
    assert frontend.kinds == ["code_cell"]
