"""The live session over the link; the test answers for the subkernel."""

from __future__ import annotations

import asyncio
import json

import pytest

from beaker_kernel.agent.session import LiveSession
from beaker_kernel.errors import KernelDied, KernelSpecNotFound
from beaker_kernel.languages import Probe
from beaker_kernel.protocol.link import Verb

pytestmark = pytest.mark.anyio

OK = {"status": "ok", "execution_count": 7}
IDLE = (Verb.SUB_IOPUB, "status", {"execution_state": "idle"})
BUSY = (Verb.SUB_IOPUB, "status", {"execution_state": "busy"})
BEGINS = (Verb.SUB_IOPUB, "execute_input", {"code": "x"})


def replied(**content):
    return (Verb.SUB_SHELL, "execute_reply", OK | content)


def printed(text):
    return (Verb.SUB_IOPUB, "stream", {"text": text})


@pytest.fixture
async def session(link):
    """A live session, and the relay's end of its link."""
    async with link() as (ours, relay), asyncio.TaskGroup() as tasks:
        session = LiveSession(ours)

        async def receive():
            async for message in ours.messages():
                if message.verb is Verb.NOTE:
                    note(message.argument.decode(), message.content.decode())
                else:
                    session.receive(message)

        def note(name, content):
            match name:
                case "started":
                    session.started(**json.loads(content))
                case "dead":
                    session.died()
                case "refused":
                    session.refused(content)

        receiving = tasks.create_task(receive())
        relay.started("python")
        yield session, relay, tasks
        receiving.cancel()


async def test_code_runs_as_agreed_and_is_shown_under_its_question(session) -> None:
    live, relay, tasks = session
    running = tasks.create_task(live.execute("x", b'{"msg_id": "asked"}'))
    request = await relay.request()
    assert request.argument == b'{"msg_id": "asked"}'
    content = json.loads(request.content)
    assert content["code"] == "x"
    for name in ("silent", "store_history", "stop_on_error", "allow_stdin"):
        assert content[name] is False
    relay.answer(request, BUSY, BEGINS, printed("a"), replied(), printed("b"), IDLE)
    execution = await running
    assert (execution.outputs.text(9), execution.status) == ("ab", "ok")


async def test_outputs_after_the_reply_are_waited_for(session) -> None:
    live, relay, tasks = session
    running = tasks.create_task(live.execute("x", b"{}"))
    request = await relay.request()
    relay.answer(request, BUSY, replied())
    await asyncio.wait([running], timeout=0.05)
    assert not running.done()
    relay.answer(request, IDLE)
    await running


async def test_what_a_failing_cell_took_along_is_sent_again(session) -> None:
    live, relay, tasks = session
    running = tasks.create_task(live.execute("x", b"{}"))
    relay.answer(await relay.request(), BUSY, replied(status="aborted"), IDLE)
    relay.answer(await relay.request(), BUSY, replied(), IDLE)
    assert (await running).status == "ok"


async def test_a_death_ends_what_runs_and_the_next_waits_for_the_new_one(session) -> None:
    live, relay, tasks = session
    running = asyncio.create_task(live.execute("x", b"{}"))
    await relay.request()
    relay.note("dead")
    with pytest.raises(KernelDied):
        await running
    running = tasks.create_task(live.execute("y", b"{}"))
    await asyncio.wait([running], timeout=0.05)
    relay.started()
    relay.answer(await relay.request(), BUSY, replied(), IDLE)
    await running


async def test_the_count_is_what_the_subkernel_says(session) -> None:
    live, relay, tasks = session
    asking = tasks.create_task(live.execution_count())
    request = await relay.request()
    content = json.loads(request.content)
    assert (content["code"], content["silent"], request.argument) == ("", True, b"")
    relay.answer(request, BUSY, replied(), IDLE)
    assert await asking == 7


async def test_a_look_beside_a_running_cell_takes_a_subshell_and_removes_it(session) -> None:
    live, relay, tasks = session
    asking = tasks.create_task(live.execution_count())
    await relay.request()  # no answer: a cell runs
    created = await relay.request("create_subshell_request")
    assert created.verb is Verb.SUB_CONTROL
    reply = (Verb.SUB_CONTROL, "create_subshell_reply", {"status": "ok", "subshell_id": "s1"})
    relay.answer(created, BUSY, reply, IDLE)
    beside = await relay.request()
    assert json.loads(beside.header)["subshell_id"] == "s1"
    relay.answer(beside, BUSY, replied(), IDLE)
    deleted = await relay.request("delete_subshell_request")
    assert json.loads(deleted.content) == {"subshell_id": "s1"}
    assert await asking == 7


async def test_without_subshells_a_running_cell_is_waited_for_within_two_seconds(session) -> None:
    live, relay, tasks = session
    live.language = _Listing()
    asking = tasks.create_task(live.variables())
    await relay.request()
    created = await relay.request("create_subshell_request")
    error = (Verb.SUB_CONTROL, "create_subshell_reply", {"status": "error"})
    relay.answer(created, BUSY, error, IDLE)
    began = asyncio.get_running_loop().time()
    assert await asking is None
    assert asyncio.get_running_loop().time() - began < 2


class _Listing:
    """A language whose variables can be asked for."""

    def variables(self, limit):
        return Probe(code="list")


async def test_a_stop_interrupts_only_the_code_of_its_own_question(session) -> None:
    live, relay, tasks = session
    running = tasks.create_task(live.execute("x", b'{"msg_id": "one"}'))
    request = await relay.request()
    relay.answer(request, BUSY, BEGINS)
    looking = tasks.create_task(live.execution_count())
    probe = await relay.request()
    live.interrupt((b'{"msg_id": "two"}',))
    live.interrupt((b'{"msg_id": "one"}',))
    noted = await relay.hear(lambda m: m.verb is Verb.NOTE)
    assert noted.argument == b"interrupt"
    relay.answer(request, replied(status="error"), IDLE)
    relay.answer(probe, BUSY, replied(), IDLE)
    await asyncio.gather(running, looking)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await relay.hear(lambda m: m.verb is Verb.NOTE)


async def test_code_whose_question_was_stopped_while_it_waited_is_interrupted_as_it_begins(
    session,
) -> None:
    live, relay, tasks = session
    running = tasks.create_task(live.execute("x", b'{"msg_id": "one"}'))
    request = await relay.request()
    live.interrupt((b'{"msg_id": "one"}',))
    running.cancel()
    await asyncio.wait([running])
    relay.answer(request, BUSY, BEGINS)
    assert (await relay.hear(lambda m: m.verb is Verb.NOTE)).argument == b"interrupt"
    relay.answer(request, replied(status="error"), IDLE)


async def test_the_subkernel_is_exchanged_once_the_new_one_is_up(session) -> None:
    live, relay, tasks = session
    replacing = tasks.create_task(live.replace("ir"))
    noted = await relay.hear(lambda m: m.verb is Verb.NOTE)
    assert (noted.argument, noted.content) == (b"subkernel", b"ir")
    relay.note("dead")
    relay.note("started", {"kernelspec": "ir", "language": "R"})
    await replacing
    assert (live.kernelspec, live.language.name) == ("ir", "r")


async def test_a_subkernel_that_is_not_there_is_refused_in_words(session) -> None:
    live, relay, tasks = session
    replacing = asyncio.create_task(live.replace("cobol"))
    await relay.hear(lambda m: m.verb is Verb.NOTE)
    relay.note("refused", "no kernelspec named 'cobol'")
    with pytest.raises(KernelSpecNotFound, match="cobol"):
        await replacing
    running = tasks.create_task(live.execute("still there", b"{}"))
    relay.answer(await relay.request(), BUSY, replied(), IDLE)
    await running


async def test_code_that_puts_out_too_much_is_interrupted_once(session) -> None:
    live, relay, tasks = session
    running = tasks.create_task(live.execute("x", b"{}", most=100))
    request = await relay.request()
    flood = [printed("much " * 20)] * 3
    relay.answer(request, BUSY, BEGINS, *flood, replied(status="error"), IDLE)
    assert (await running).size > 300
    assert (await relay.hear(lambda m: m.verb is Verb.NOTE)).argument == b"interrupt"
    last = tasks.create_task(live.execute("z", b"{}"))
    heard = await relay.hear(lambda _: True)
    assert heard.msg_type == "execute_request"
    relay.answer(heard, BUSY, replied(), IDLE)
    await last
