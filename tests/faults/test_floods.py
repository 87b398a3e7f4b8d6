"""Floods of output: the relay's memory stays bounded, and the cell ends well."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import zmq

from tests.support.kernels import PATIENCE, Kernel, running
from tests.support.memory import MB, peak

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTES = 600.0
AN_HOUR = 3600.0
"""A million updates take ipykernel a quarter of that."""
READ = 256.0
"""Megabytes of the relay in a flood that is read as it comes, whatever its length."""
UNREAD = 512.0
"""Megabytes of it if somebody doesn't read: the limit, and what comes in the second of grace."""
SMALL = 64
"""Megabytes of it afterwards."""
GIGABYTE = "for _ in range(1000): display({'text/plain': 'x' * 1_000_000}, raw=True)"
UPDATES = """
handle = display(0, display_id=True)
for number in range(1, 1_000_001):
    handle.update(number)
"""


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with running() as kernel:
        kernel.client.run("1")
        yield kernel


def run_reading_as_it_comes(kernel: Kernel, code: str) -> int:
    """Run a cell, and count what is published for it."""
    client = kernel.client
    iopub = client.channels.iopub_channel.socket
    msg_id = client.execute(code)
    count = 0
    while True:
        assert iopub.poll(PATIENCE * 1000)
        frames = iopub.recv_multipart()
        at = frames.index(b"<IDS|MSG>")
        if json.loads(frames[at + 3]).get("msg_id") == msg_id:
            count += 1
            if b'"idle"' in frames[at + 5] and b'"status"' in frames[at + 2]:
                assert client.reply(msg_id, timeout=MINUTES)["content"]["status"] == "ok"
                return count


@pytest.mark.long
@pytest.mark.timeout(MINUTES)
def test_a_gigabyte_of_output_passes_through_a_small_relay(kernel: Kernel) -> None:
    with peak(kernel.relay) as seen:
        assert run_reading_as_it_comes(kernel, GIGABYTE) == 1000 + 3
    print(f"at most {seen.megabytes:.0f} MB")
    assert seen.megabytes < READ


@pytest.mark.long
@pytest.mark.timeout(AN_HOUR)
def test_a_million_display_updates_pass(kernel: Kernel) -> None:
    with peak(kernel.relay) as seen:
        assert run_reading_as_it_comes(kernel, UPDATES) == 1_000_000 + 4
    print(f"at most {seen.megabytes:.0f} MB")
    assert seen.megabytes < READ


@pytest.mark.long
@pytest.mark.timeout(MINUTES)
def test_a_subscriber_that_sleeps_costs_others_nothing_and_connects_again(kernel: Kernel) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as sleeper, peak(kernel.relay) as seen:
        sleeper.linger = 0
        sleeper.rcvhwm = 1
        sleeper.subscribe(b"")
        sleeper.connect(f"tcp://127.0.0.1:{kernel.client.channels.iopub_port}")
        sleeper.recv_multipart()  # its welcome
        assert run_reading_as_it_comes(kernel, GIGABYTE) == 1000 + 3
        assert b'"iopub_welcome"' in next(m[3] for m in awake(sleeper) if m[0] == b"")
        kernel.client.run("'for both'")
        assert any(b"for both" in m[-1] for m in awake(sleeper))
    print(f"at most {seen.megabytes:.0f} MB")
    assert seen.megabytes < UNREAD
    end = time.monotonic() + PATIENCE
    while kernel.relay.memory_info().rss > SMALL * MB:
        assert time.monotonic() < end, f"{kernel.relay.memory_info().rss / MB:.0f} MB"
        kernel.client.run("1")  # after each cell, what is free goes back


def awake(sleeper: zmq.Socket[bytes]) -> Iterator[list[bytes]]:
    """Yield what a subscriber gets once it reads."""
    while sleeper.poll(PATIENCE * 1000):
        yield sleeper.recv_multipart()
