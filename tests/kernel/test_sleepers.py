"""Who is cut off for not reading, and who isn't."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import zmq

from beaker_kernel.kernel.libzmq import CurveSocket, ZmqPoller
from beaker_kernel.kernel.loop import Loop
from beaker_kernel.kernel.sleepers import ASLEEP, Sleepers
from tests.support.kernels import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    Socket = zmq.Socket[bytes]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's tcp_info")
LARGE = b"x" * 1_000_000


@pytest.fixture
def publisher() -> Iterator[Socket]:
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.linger = 0
        socket.xpub_verbose = 1
        socket.bind("tcp://127.0.0.1:*")
        yield socket


@contextmanager
def subscriber(publisher: Socket) -> Iterator[Socket]:
    """Subscribe to everything, and wait until the publisher knows."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.rcvhwm = 1
        socket.subscribe(b"")
        socket.connect(publisher.last_endpoint)
        publisher.recv()
        yield socket


@contextmanager
def disconnections(publisher: Socket) -> Iterator[Socket]:
    """Tell by a socket when a subscriber's connection ends."""
    with publisher.get_monitor_socket(zmq.EVENT_DISCONNECTED) as monitor:
        yield monitor
        publisher.disable_monitor()


def publish(publisher: Socket, loop: Loop, limit: int, until: Socket) -> None:
    """Publish at each turn of a loop until a socket has something to tell, or for some time."""
    sleepers = Sleepers(loop, int(publisher.last_endpoint.rpartition(b":")[2]), limit)

    def send() -> None:
        publisher.send(LARGE)
        sleepers.look_later()
        loop.call_later(0.05, send)

    loop.add(until, loop.stop)
    send()
    loop.run()


def test_who_reads_stays_and_who_sleeps_is_cut_off(
    publisher: Socket, capfd: pytest.CaptureFixture[str]
) -> None:
    loop = Loop(ZmqPoller())
    with (
        subscriber(publisher) as sleeper,
        subscriber(publisher) as reader,
        disconnections(publisher) as left,
    ):
        CurveSocket(reader, loop).serve(lambda frames: None)
        began = time.monotonic()
        publish(publisher, loop, limit=0, until=left)
        assert time.monotonic() - began >= ASLEEP
        while reader.poll(100):
            reader.recv()
        publisher.send(b"last")
        assert reader.poll(PATIENCE * 1000)
        assert reader.recv() == b"last"
        assert sleeper.recv() == LARGE
    assert capfd.readouterr().err.count("cut a subscriber off") == 1


def test_nobody_is_cut_off_while_there_is_memory(publisher: Socket) -> None:
    loop = Loop(ZmqPoller())
    with subscriber(publisher), disconnections(publisher) as left:
        loop.call_later(2 * ASLEEP, loop.stop)
        publish(publisher, loop, limit=2**40, until=left)
        assert not left.poll(0)
