"""`BeakerClient` runs code on a Beaker server, and its synchronous face does the same."""

from __future__ import annotations

import asyncio
import doctest
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.client import BeakerClient, SyncBeakerClient, beaker_client, synchronous
from beaker_kernel.errors import Conflict, InvalidRequest, NotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import ModuleType

    from tests.client.stock_server import Address

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(beaker: Address) -> AsyncIterator[BeakerClient]:
    async with BeakerClient(beaker.base_url, beaker.token) as client:
        yield client
        for session in await client.sessions():
            with suppress(NotFound):  # an execution's own session ends by itself
                await client.delete_session(session.id)


async def test_code_is_run_and_the_callbacks_are_told_as_it_goes(client: BeakerClient) -> None:
    told: list[object] = []
    execution = await client.run_code(
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\ndisplay(1)\n1/0",
        on_stdout=told.append,
        on_stderr=lambda text: told.append(("stderr", text)),
        on_result=lambda result: told.append(result.text),
        on_error=lambda error: told.append(error.name),
    )
    assert sorted(map(str, told)) == sorted(["a\n", "('stderr', 'b\\n')", "1", "ZeroDivisionError"])
    assert (execution.status, execution.stdout, execution.error.line) == ("error", "a\n", 5)


async def test_a_session_keeps_variables_and_files(client: BeakerClient) -> None:
    session = (await client.create_session(id="mine")).id
    await client.write_file(session, "a folder/ä.txt", "hello")
    with pytest.raises(Conflict):
        await client.write_file(session, "a folder/ä.txt", "again")
    await client.run_code("x = open('a folder/ä.txt').read()", session)
    execution = await client.run_code("x", session)
    assert execution.results[0].text == "'hello'"
    assert [f.path for f in await client.list_files(session, "a folder")] == ["a folder/ä.txt"]
    assert await client.read_file(session, "a folder/ä.txt") == b"hello"
    await client.delete_file(session, "a folder/ä.txt")
    with pytest.raises(NotFound):
        await client.read_file(session, "a folder/ä.txt")


async def test_leaving_early_interrupts_the_run(client: BeakerClient) -> None:
    session = (await client.create_session()).id
    begun = asyncio.Event()
    code = "print('on', flush=True)\nimport time; time.sleep(60)"
    running = asyncio.create_task(client.run_code(code, session, on_stdout=lambda _: begun.set()))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await client.run_code("6 * 7", session)).results[0].text == "42"


async def test_an_execution_in_the_background_is_followed_from_any_event(
    client: BeakerClient,
) -> None:
    session = (await client.create_session()).id
    started = await client.start_code("print(1)", session)
    events = [event async for event in client.events(started.id)]
    assert [event.type for event in events] == ["started", "stdout", "done"]
    assert [e.id async for e in client.events(started.id, since=2)] == [3]
    assert (await client.execution(started.id)).stdout == "1\n"
    found = await client.history(session=session)
    assert [execution.id for execution in found.executions] == [started.id]


async def test_what_the_server_refuses_is_raised_as_what_it_is(
    client: BeakerClient, beaker: Address
) -> None:
    with pytest.raises(NotFound, match="no session 'nobody'"):
        await client.run_code("1", "nobody")
    with pytest.raises(InvalidRequest, match="no language 'cobol'"):
        await client.create_session(language="cobol")
    async with BeakerClient(beaker.base_url, "wrong") as stranger:
        with pytest.raises(NotAllowed):
            await stranger.sessions()


async def test_a_command_runs_in_the_session_s_folder(client: BeakerClient) -> None:
    session = (await client.create_session()).id
    await client.write_file(session, "folder/a.txt", "hello")
    found = await client.run_command("cat a.txt; echo no >&2; exit 3", session, cwd="folder")
    assert (found.stdout, found.stderr, found.exit_code) == ("hello", "no\n", 3)
    assert (await client.run_command("sleep 600", timeout=1)).timed_out
    with pytest.raises(NotFound, match="no session 'nobody'"):
        await client.run_command("true", "nobody")


def test_code_that_does_not_await_has_the_same(beaker: Address) -> None:
    with SyncBeakerClient(beaker.base_url, beaker.token) as client:
        session = client.create_session().id
        client.run_code("x = 41", session)
        assert client.run_code("x + 1", session).results[0].text == "42"
        assert client.run_command("echo 42", session).stdout == "42\n"
        client.delete_session(session)
        assert client.sessions() == []


@pytest.mark.parametrize("module", [beaker_client, synchronous])
def test_the_examples_run(beaker: Address, module: ModuleType) -> None:
    known = {"asyncio": asyncio, "BASE_URL": beaker.base_url, "TOKEN": beaker.token}
    failed, attempted = doctest.testmod(module, extraglobs=known)
    assert (failed, attempted > 0) == (0, True)
