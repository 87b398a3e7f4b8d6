"""The relay's own sockets beside libzmq's."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing

import pytest
import zmq

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel import zmtp
from beaker_kernel.kernel.addresses import connect, listen
from beaker_kernel.kernel.back_sockets import Dialer
from beaker_kernel.kernel.connection import Connection
from beaker_kernel.kernel.front_sockets import LINGER, FrontSockets, Publisher, Router
from beaker_kernel.kernel.loop import Loop
from tests.support.kernels import PATIENCE
from tests.support.wire import LATER, Peers, Turns

SIZES = (0, 1, 255, 256, 65_535, 65_536, 3_000_000)
MESSAGE = [os.urandom(size) for size in SIZES]
MANY = [b"%d" % number for number in range(3000)]


@pytest.mark.parametrize("message", [MESSAGE, MANY, [b""]], ids=["sizes", "many", "empty"])
def test_each_byte_comes_back_from_a_router(
    loop: Turns,
    peers: Peers,
    where: Connection,
    router: Router,
    message: list[bytes],
) -> None:
    router.serve(router.send)
    client = peers.dealer(where)
    for _ in range(3):
        client.send_multipart(message)
    for _ in range(3):
        loop.until(lambda: client.poll(0))
        assert client.recv_multipart() == message


@pytest.mark.parametrize("message", [MESSAGE, MANY, [b""]], ids=["sizes", "many", "empty"])
def test_each_byte_comes_back_from_libzmqs_router(
    loop: Turns, peers: Peers, where: Connection, message: list[bytes]
) -> None:
    kernel, got = peers.new(zmq.ROUTER), []
    kernel.bind(where.url("shell"))
    client = Dialer(loop, where, "shell", got.append, b"me")
    for _ in range(3):
        client.send(message)
    for _ in range(3):
        loop.until(lambda: kernel.poll(0))
        frames = kernel.recv_multipart()
        assert frames == [b"me", *message]
        kernel.send_multipart(frames)
    loop.until(lambda: len(got) == 3)
    assert got == [message] * 3
    client.close()


def test_a_dialer_waits_for_its_kernel_and_finds_the_next(
    loop: Turns, peers: Peers, where: Connection
) -> None:
    client = Dialer(loop, where, "shell", lambda _: None, b"me")
    lost: list[bool] = []
    client.lost = lambda: lost.append(True)
    for name in (b"first", b"second"):
        client.send([name, b"1"])
        client.send([name, b"2"])
        loop.a_while()
        kernel = peers.new(zmq.ROUTER)
        kernel.bind(where.url("shell"))
        for number in (b"1", b"2"):
            loop.until(lambda kernel=kernel: kernel.poll(0))
            assert kernel.recv_multipart() == [b"me", name, number]
        kernel.close(linger=0)
        loop.until(lambda: lost)
        lost.clear()
    client.close()


def test_what_waits_for_a_kernel_outlives_the_connection(
    loop: Turns, peers: Peers, where: Connection
) -> None:
    with closing(listen(where, "shell")) as deaf:
        client = Dialer(loop, where, "shell", lambda _: None, b"me")
        loop.a_while()
        with deaf.accept()[0] as stream:
            stream.sendall(zmtp.GREETING + zmtp.ready(b"ROUTER", b""))
            loop.a_while()
            for number in range(30):
                client.send([b"%d" % number, bytes(1_000_000)])
    kernel = peers.new(zmq.ROUTER)
    if where.path("shell"):
        os.unlink(where.path("shell"))
    kernel.bind(where.url("shell"))
    got: list[int] = []
    while got[-1:] != [29]:
        loop.until(lambda: kernel.poll(0))
        got.append(int(kernel.recv_multipart()[1]))
    assert len(got) > 10
    assert got == list(range(30))[-len(got) :]
    client.close()


def test_all_that_a_kernel_publishes_is_heard_and_its_end(
    loop: Turns, peers: Peers, where: Connection
) -> None:
    kernel, got = peers.new(zmq.XPUB), []
    kernel.set_hwm(0)
    kernel.bind(where.url("iopub"))
    client = Dialer(loop, where, "iopub", got.append)
    loop.until(lambda: kernel.poll(0))
    assert kernel.recv() == b"\x01"
    for number in range(1000):
        kernel.send_multipart([b"stream", b"%d" % number, bytes(10_000)])
    kernel.close(linger=PATIENCE * 1000)
    lost: list[int] = []
    client.lost = lambda: lost.append(len(got))
    loop.until(lambda: lost)
    assert lost == [1000]
    assert [int(frames[1]) for frames in got] == list(range(1000))
    client.close()


def test_a_publisher_sends_to_who_has_subscribed(
    loop: Turns, peers: Peers, where: Connection, publisher: Publisher
) -> None:
    said: list[list[bytes]] = []
    publisher.serve(said.append)
    all_of_it, some = peers.new(zmq.SUB), peers.new(zmq.XSUB)
    for client in (all_of_it, some):
        client.connect(where.url("iopub"))
    all_of_it.subscribe(b"")
    some.send(b"\x01st")
    some.send(b"\x01err")
    some.send(b"\x00err")
    some.send(b"no subscription")
    loop.until(lambda: len(said) == 5)
    for topic in (b"stream", b"status", b"error", b""):
        publisher.send([topic, b"!"])
    assert [all_of_it.recv_multipart()[0] for _ in range(4)] == [
        b"stream",
        b"status",
        b"error",
        b"",
    ]
    assert [some.recv_multipart()[0] for _ in range(2)] == [b"stream", b"status"]
    assert not some.poll(LATER * 1000)


def test_clients_with_one_identity_are_all_answered_and_the_last_one_has_it(
    loop: Turns, peers: Peers, where: Connection, router: Router
) -> None:
    router.serve(router.send)
    clients = []
    for _ in range(3):
        clients.append(peers.dealer(where, b"me"))
        clients[-1].send(b"first")
        loop.until(lambda: clients[-1].poll(0))
        assert clients[-1].recv() == b"first"
    loop.a_while()
    for client in clients:
        client.send(b"second")
        loop.until(lambda client=client: client.poll(0))
        assert client.recv() == b"second"
    router.send([b"me", b"to the last"])
    assert clients[-1].recv() == b"to the last"
    assert [client.poll(LATER * 1000) for client in clients] == [0, 0, 0]


def test_who_names_no_identity_gets_one_of_its_own(
    loop: Turns, peers: Peers, where: Connection, router: Router
) -> None:
    got: list[bytes] = []
    router.serve(lambda frames: got.append(frames[0]))
    for _ in range(3):
        peers.dealer(where).send(b"?")
    loop.until(lambda: len(got) == 3)
    assert len(set(got)) == 3
    assert all(name[0] == 0 for name in got)


def test_a_request_socket_hears_its_heart_beat(
    loop: Turns, peers: Peers, where: Connection, router: Router
) -> None:
    router.serve(router.send)
    client = peers.new(zmq.REQ)
    client.heartbeat_ivl = 10
    client.connect(where.url("shell"))
    for _ in range(3):
        client.send(b"ping")
        loop.until(lambda: client.poll(0))
        assert client.recv() == b"ping"
        loop.a_while()
    assert len(router.peers) == 1


def test_who_reads_slowly_loses_nothing(
    loop: Turns, peers: Peers, where: Connection, publisher: Publisher
) -> None:
    publisher.serve(lambda _: None)
    client = peers.new(zmq.SUB)
    client.rcvhwm = 1
    client.subscribe(b"")
    client.connect(where.url("iopub"))
    loop.until(lambda: any(peer.is_open for peer in publisher.peers))
    loop.a_while()
    for number in range(50):
        publisher.send([b"", b"%d" % number, bytes(1_000_000)])
    assert any(peer.is_behind for peer in publisher.peers)
    for number in range(50):
        loop.until(lambda: client.poll(0))
        assert client.recv_multipart() == [b"", b"%d" % number, bytes(1_000_000)]
    assert not any(peer.is_behind for peer in publisher.peers)


@pytest.mark.parametrize(
    ("transport", "ip", "port"), [("ipc", "/tmp/" + "x" * 200, 1), ("tcp", "127.0.0.1", 70_000)]
)
def test_an_address_that_cannot_be_is_said_so(
    loop: Turns, transport: str, ip: str, port: int
) -> None:
    nowhere = Connection(
        transport=transport, ip=ip, key="", signature_scheme="", ports=range(port, port + 5)
    )
    with pytest.raises(ConfigurationError, match=r"can't listen on .*: (?!None)"):
        listen(nowhere, "shell")
    assert connect(nowhere, "shell") is None


def test_what_waits_at_the_end_is_sent_while_somebody_reads(
    loop: Turns, peers: Peers, where: Connection
) -> None:
    sockets = FrontSockets(loop, where)
    sockets.iopub.serve(lambda _: None)
    sleeper, reader = peers.new(zmq.SUB), peers.new(zmq.SUB)
    for client in (sleeper, reader):
        client.rcvhwm = 1
        client.subscribe(b"")
        client.connect(where.url("iopub"))
    loop.until(lambda: sum(peer.is_open for peer in sockets.iopub.peers) == 2)
    loop.a_while()
    for _ in range(30):
        sockets.iopub.send([b"", bytes(1_000_000)])
    read: list[bytes] = []
    thread = threading.Thread(
        target=lambda: read.extend(reader.recv_multipart()[1] for _ in range(30))
    )
    thread.start()
    began = time.monotonic()
    at_last = Loop()
    sockets.close(at_last)
    at_last.call_later(LATER, at_last.stop)
    at_last.run()
    assert read, "what waits is sent while the subkernel ends"
    sockets.linger(at_last)
    took = time.monotonic() - began
    thread.join(PATIENCE)
    assert len(read) == 30
    assert LINGER <= took < 2 * LINGER, "the sleeper was waited for"
    assert not where.path("iopub") or not os.path.exists(where.path("iopub"))
