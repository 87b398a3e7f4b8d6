"""Stop, restart, interrupt and kill at every stage: nothing is lost, and the next cell works."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
import zmq

from tests.support.kernels import PATIENCE, Kernel, running, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUEUED = 1000


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with running() as kernel:
        yield kernel


def asks(kernel: Kernel) -> str:
    """Let a cell wait for an answer on stdin."""
    msg_id = kernel.client.execute("input('? ')", allow_stdin=True)
    kernel.client.channels.get_stdin_msg(timeout=PATIENCE)
    return msg_id


def floods(kernel: Kernel) -> str:
    """Let a cell print without an end."""
    msg_id = kernel.client.execute("while True: print('x' * 1000, flush=True)")
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    return msg_id


def stands_still(kernel: Kernel) -> str:
    """Let a cell stop in the debugger."""
    client = kernel.client

    def ask(command: str, **arguments: object) -> dict[str, dict[str, object]]:
        content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
        asked = client.send("debug_request", content, channel="control")
        return dict(client.reply(asked, "control")["content"])

    ask("initialize", clientID="test", adapterID="", pathFormat="path")
    ask("attach")
    source = {"path": ask("dumpCell", code="x = 1\ny = 2")["body"]["sourcePath"]}
    ask("setBreakpoints", source=source, breakpoints=[{"line": 2}], sourceModified=False)
    ask("configurationDone")
    msg_id = client.execute("x = 1\ny = 2")
    client.published(lambda m: m["content"].get("event") == "stopped")
    return msg_id


STAGES = pytest.mark.parametrize("stage", [asks, floods, stands_still])


@STAGES
def test_a_restart_gives_a_fresh_session(kernel: Kernel, stage: Callable[[Kernel], str]) -> None:
    stage(kernel)
    kernel.manager.restart_kernel()
    kernel.client.channels.wait_for_ready(timeout=PATIENCE)
    assert text(kernel.client.run("'x' in dir()")[1]) == "False"


@STAGES
def test_an_interrupt_ends_the_cell(kernel: Kernel, stage: Callable[[Kernel], str]) -> None:
    msg_id = stage(kernel)
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    kernel.client.outputs(msg_id)
    assert text(kernel.client.run("6 * 7")[1]) == "42"


@STAGES
def test_a_crash_is_told_at_once(kernel: Kernel, stage: Callable[[Kernel], str]) -> None:
    msg_id = stage(kernel)
    began = time.monotonic()
    os.kill(kernel.subkernel.pid, signal.SIGKILL)
    reply = kernel.client.reply(msg_id)["content"]
    assert time.monotonic() - began < 4
    assert reply["ename"] == "KernelDied"
    assert kernel.client.run("1")[0]["status"] == "ok"


def test_an_interrupt_before_the_subkernel_is_up_ends_what_waits() -> None:
    with running(ready=False) as kernel:
        msg_id = kernel.client.execute("1")
        asked = kernel.client.send("interrupt_request", channel="control")
        assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
        status = kernel.client.reply(msg_id)["content"]["status"]
        assert status in {"error", "ok"}  # whichever came first, over two sockets
        assert kernel.client.run("1")[0]["status"] == "ok"


@pytest.mark.long
def test_a_thousand_queued_cells_run_in_their_order(kernel: Kernel) -> None:
    client = kernel.client
    client.run("seen = []")
    ids = [client.execute(f"seen.append({number})") for number in range(QUEUED)]
    assert {client.reply(msg_id)["content"]["status"] for msg_id in ids} == {"ok"}
    client.outputs(ids[-1])
    assert text(client.run(f"seen == [*range({QUEUED})]")[1]) == "True"


def test_a_thousand_queued_cells_are_told_of_a_crash(kernel: Kernel) -> None:
    client = kernel.client
    ids = [asks(kernel), *(client.execute(str(number)) for number in range(QUEUED))]
    client.reply(client.send("beaker_session_info_request"))  # behind them: all have arrived
    began = time.monotonic()
    os.kill(kernel.subkernel.pid, signal.SIGKILL)
    enames = {client.reply(msg_id)["content"]["ename"] for msg_id in ids}
    assert time.monotonic() - began < 8
    assert enames == {"KernelDied"}


@pytest.mark.parametrize("seconds", [0, pytest.param(60, marks=pytest.mark.long)])
def test_nothing_is_lost_while_the_subkernel_stands_still(kernel: Kernel, seconds: int) -> None:
    client = kernel.client
    subkernel = kernel.subkernel
    subkernel.suspend()
    ids = [client.execute(f"{number}") for number in range(10)]
    with zmq.Context() as context, context.socket(zmq.REQ) as heart:
        heart.linger = 0
        heart.connect(f"tcp://127.0.0.1:{client.channels.hb_port}")
        heart.send(b"alive?")
        assert heart.poll(PATIENCE * 1000)
    time.sleep(seconds)  # the fault itself
    subkernel.resume()
    for number, msg_id in enumerate(ids):
        assert client.reply(msg_id)["content"]["status"] == "ok"
        assert text(client.outputs(msg_id)) == str(number)
