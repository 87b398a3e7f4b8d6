"""Clients that come in crowds, by detours, or with requests that the subkernel never answers."""

from __future__ import annotations

import json
import resource
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import zmq

from beaker_kernel.kernel.back_sockets import CLIENTS
from beaker_kernel.protocol.frames import DELIMITER, Composer, Signer
from tests.support.kernels import text
from tests.support.memory import peak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.kernels import Kernel

CELL = {"silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}


class Peer:
    """A client of one socket, that sends frames as it likes."""

    def __init__(self, kernel: Kernel, context: zmq.Context[Any], key: bytes = b"") -> None:
        self._signer = Signer(key or kernel.manager.session.key)
        self._composer = Composer(uuid.uuid4().hex)
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(f"tcp://{kernel.manager.ip}:{kernel.manager.shell_port}")

    def send(
        self, msg_type: str, content: dict[str, Any], *detours: bytes, **header: object
    ) -> None:
        parts = self._composer.compose(msg_type, content)
        parts[0] = json.dumps(json.loads(parts[0]) | header).encode()
        self.socket.send_multipart([*detours, *self._signer.frames(parts)])

    def reply(self, timeout: int = 10_000) -> tuple[list[bytes], dict[str, Any]]:
        """Return what stands before a reply, and its content."""
        assert self.socket.poll(timeout), "there is no reply"
        frames = self.socket.recv_multipart()
        at = frames.index(DELIMITER)
        return frames[:at], json.loads(frames[at + 5])


@contextmanager
def peers(kernel: Kernel) -> Iterator[Any]:
    context: zmq.Context[Any] = zmq.Context()
    yield lambda **more: Peer(kernel, context, **more)
    context.destroy(linger=0)


def test_a_crowd_of_clients_takes_no_reply_from_one_that_waits(kernel: Kernel) -> None:
    with peers(kernel) as new:
        waiting = new()
        waiting.send("execute_request", CELL | {"code": "import time; time.sleep(2); 1"})
        crowd = [new() for _ in range(CLIENTS + 2)]
        for peer in crowd:
            peer.send("comm_info_request", {})
        assert waiting.reply()[1]["status"] == "ok"
        assert {peer.reply()[1]["status"] for peer in crowd} == {"ok"}


def test_the_relay_may_open_more_files_than_what_it_starts(kernel: Kernel) -> None:
    first, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    relay = resource.prlimit(kernel.pid, resource.RLIMIT_NOFILE)
    subkernel = resource.prlimit(kernel.subkernel.pid, resource.RLIMIT_NOFILE)
    assert (relay, subkernel) == ((most, most), (first, most))


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [
        ("kernel_info_request", {}),
        ("connect_request", {}),
        ("execute_request", CELL | {"code": "1"}),
        ("execute_request", CELL | {"code": "%beaker help"}),
    ],
)
def test_a_reply_goes_back_the_way_of_its_request(
    kernel: Kernel, msg_type: str, content: dict[str, Any]
) -> None:
    with peers(kernel) as new:
        peer = new()
        peer.send(msg_type, content, b"a device", b"another")
        detours, reply = peer.reply()
        assert detours == [b"a device", b"another"]
        assert reply.get("status", "ok") == "ok"


@pytest.mark.parametrize("content", [{"code": None}, {}])
def test_a_cell_that_gets_no_reply_keeps_no_question_waiting(
    kernel: Kernel, content: dict[str, Any]
) -> None:
    kernel.client.send("execute_request", CELL | content)
    assert kernel.client.run("%beaker help")[0]["status"] == "ok"
    assert kernel.client.run("6 * 7")[0]["status"] == "ok"


def test_a_header_may_be_long(kernel: Kernel) -> None:
    with peers(kernel) as new, zmq.Context() as context, context.socket(zmq.SUB) as iopub:
        iopub.subscribe(b"")
        iopub.connect(f"tcp://{kernel.manager.ip}:{kernel.manager.iopub_port}")
        iopub.recv_multipart()  # its welcome
        peer = new()
        peer.send("execute_request", CELL | {"code": "print('here')"}, note="long" * 50_000)
        assert peer.reply()[1]["status"] == "ok"
        seen = ""
        while "idle" not in seen:
            assert iopub.poll(10_000), f"only {seen}"
            frames = iopub.recv_multipart()
            assert "long" in json.loads(frames[4])["note"]
            seen += frames[6].decode()
        assert "here" in seen


def test_a_message_id_may_be_a_number(kernel: Kernel) -> None:
    with peers(kernel) as new:
        peer = new()
        peer.send("execute_request", CELL | {"code": "1"}, msg_id=5)
        assert peer.reply()[1]["status"] == "ok"
    assert kernel.client.run("%beaker help")[0]["status"] == "ok"


def test_who_reads_no_heartbeat_costs_no_memory(kernel: Kernel) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger, client.rcvhwm, client.sndhwm = 0, 1, 1
        client.connect(f"tcp://{kernel.manager.ip}:{kernel.manager.hb_port}")
        with peak(kernel.relay) as seen:
            for _ in range(3000):
                client.send(bytes(100_000))
            assert text(kernel.client.run("6 * 7")[1]) == "42"
        assert seen.megabytes < 64


def test_a_stranger_brings_nobody_behind(kernel: Kernel) -> None:
    def behind() -> int:
        return len([c for c in kernel.subkernel.net_connections("unix") if "/k1-" in c.laddr])

    kernel.client.run("1")
    before = behind()
    with peers(kernel) as new:
        stranger = new(key=b"another")
        stranger.send("comm_msg", {"comm_id": "c", "data": {}})
        stranger.send("kernel_info_request", {})
        assert not stranger.socket.poll(500)
        assert text(kernel.client.run("6 * 7")[1]) == "42"
        assert behind() == before
        friend = new()
        friend.send("comm_msg", {"comm_id": "c", "data": {}})
        friend.send("kernel_info_request", {})
        assert friend.reply()[1]["status"] == "ok"


@pytest.mark.parametrize("code", ["%as", "%ask x", "%x", "x"])
def test_who_completes_without_a_cursor_is_answered(kernel: Kernel, code: str) -> None:
    with peers(kernel) as new:
        client = new()
        client.send("complete_request", {"code": code, "cursor_pos": None})
        assert client.reply()[1]["status"] in {"ok", "error"}
