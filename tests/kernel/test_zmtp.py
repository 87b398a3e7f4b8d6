"""The relay's own sockets beside libzmq's, and beside strangers who speak something else."""

from __future__ import annotations

import os
import resource
import socket
import struct
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.kernel import zmtp
from beaker_kernel.kernel.addresses import listen
from beaker_kernel.kernel.back_sockets import Dialer
from beaker_kernel.kernel.connection import Connection
from beaker_kernel.kernel.front_sockets import LINGER, FrontSockets, Listener, Publisher, Router
from beaker_kernel.kernel.loop import Loop
from tests.support.kernels import PATIENCE
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Socket = zmq.Socket[bytes]

SIZES = (0, 1, 255, 256, 65_535, 65_536, 3_000_000)
MESSAGE = [os.urandom(size) for size in SIZES]
MANY = [b"%d" % number for number in range(3000)]
READY = zmtp.ready(b"DEALER", b"")
PING = b"\x04\x0a\x04PING\x00\x00abc"
LATER = 0.2
"""Seconds in which something would have come."""


class Turns(Loop):
    """A loop that can be left and entered again."""

    def until(self, is_done: Callable[[], object]) -> None:
        """Serve until something is so."""
        end = time.monotonic() + PATIENCE
        self._running = True

        def look() -> None:
            assert time.monotonic() < end, "it never came so far"
            if is_done():
                self.stop()
            else:
                self.call_later(0.005, look)

        look()
        self.run()

    def a_while(self) -> None:
        """Serve for as long as something would have come."""
        end = time.monotonic() + LATER
        self.until(lambda: time.monotonic() > end)


@pytest.fixture
def loop() -> Turns:
    return Turns()


class Peers:
    """Sockets of libzmq."""

    def __init__(self) -> None:
        self._context: zmq.Context[Socket] = zmq.Context()
        self._made: list[Socket] = []

    def new(self, kind: int) -> Socket:
        made = self._context.socket(kind)
        self._made.append(made)
        return made

    def dealer(self, where: Connection, name: bytes = b"") -> Socket:
        made = self.new(zmq.DEALER)
        if name:
            made.identity = name
        made.connect(where.url("shell"))
        return made

    def close(self) -> None:
        self._context.destroy(linger=0)


@pytest.fixture
def peers() -> Iterator[Peers]:
    made = Peers()
    yield made
    made.close()


@pytest.fixture(params=["tcp", "ipc"])
def where(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as folder:
        is_tcp = request.param == "tcp"
        yield Connection(
            transport=request.param,
            ip="127.0.0.1" if is_tcp else f"{folder}/k",
            key="k",
            signature_scheme="hmac-sha256",
            ports=[free_port() for _ in range(5)] if is_tcp else range(5),
        )


@pytest.fixture
def router(loop: Turns, where: Connection) -> Iterator[Router]:
    made = Router(loop, where, "shell")
    yield made
    leave(made)


@pytest.fixture
def publisher(loop: Turns, where: Connection) -> Iterator[Publisher]:
    made = Publisher(loop, where, "iopub")
    yield made
    leave(made)


def leave(listener: Listener) -> None:
    listener.close()
    for peer in listener.peers:
        peer.close()


@contextmanager
def stranger(where: Connection, channel: str = "shell") -> Iterator[socket.socket]:
    """Connect without a word."""
    path = where.path(channel)
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as made:
        made.connect(path or (where.ip, where.ports[channel]))
        made.settimeout(PATIENCE)
        yield made


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Have this process open nothing."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def said(stream: socket.socket) -> bytes:
    """Return all that is said until the connection ends."""
    with closing(stream.makefile("rb")) as file:
        try:
            return file.read()
        except ConnectionError:
            return b""


# -------------------------------------------------------------------------- beside libzmq


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


# -------------------------------------------------------------------------- strangers


STRANGERS = {
    "http": b"GET / HTTP/1.1\r\n\r\n",
    "an old libzmq": b"\xff" + bytes(8) + b"\x7f\x01\x05\x00\x00",
    "encryption": zmtp.GREETING.replace(b"NULL\0", b"CURVE"),
    "a message too early": zmtp.GREETING + b"\x00\x02hi",
    "another command": zmtp.GREETING + b"\x04\x06\x05HELLO",
    "an empty command": zmtp.GREETING + b"\x04\x00",
    "no socket": zmtp.GREETING + b"\x04\x06\x05READY",
    "a wrong socket": zmtp.GREETING + zmtp.ready(b"PUSH", b""),
    "half a property": zmtp.GREETING + b"\x04\x0c\x05READY\xffSocke",
    "a name too long": zmtp.GREETING + zmtp.ready(b"DEALER", bytes(256)),
    "a handshake without end": zmtp.GREETING + b"\x06" + struct.pack(">Q", 2**63) + b"\x05READY",
    "a command later": zmtp.GREETING + READY + b"\x04\x06\x05HELLO",
    "a second handshake": zmtp.GREETING + READY + READY,
}


@pytest.mark.parametrize("words", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_is_sent_away_and_others_are_served(
    loop: Turns,
    peers: Peers,
    where: Connection,
    router: Router,
    words: bytes,
    capfd: pytest.CaptureFixture[str],
) -> None:
    got: list[list[bytes]] = []
    router.serve(got.append)
    with stranger(where) as stream:
        loop.until(lambda: router.peers)
        stream.sendall(words)
        loop.until(lambda: not router.peers)
        assert said(stream).startswith(zmtp.GREETING)
    assert "closed a connection" in capfd.readouterr().err
    peers.dealer(where, b"me").send(b"?")
    loop.until(lambda: got)
    assert got == [[b"me", b"?"]]


def test_who_never_ends_its_handshake_is_sent_away(
    loop: Turns, where: Connection, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zmtp, "HANDSHAKE", LATER)
    router.serve(router.send)
    with stranger(where) as silent, stranger(where) as slow:
        slow.sendall(zmtp.GREETING)
        loop.until(lambda: len(router.peers) == 2)
        loop.until(lambda: not router.peers)
        assert said(silent) == said(slow)


def test_a_large_claim_takes_no_memory(loop: Turns, where: Connection, router: Router) -> None:
    router.serve(router.send)
    with stranger(where) as stream:
        stream.sendall(zmtp.GREETING + READY + b"\x02" + struct.pack(">Q", 2**40) + bytes(1000))
        loop.until(lambda: any(peer.is_open for peer in router.peers))
        loop.a_while()
        with stranger(where) as other:
            other.sendall(zmtp.GREETING + READY + b"\x00\x02hi")
            expected = zmtp.GREETING + zmtp.ready(b"ROUTER", b"") + b"\x00\x02hi"
            loop.a_while()
            assert other.recv(1000) == expected


def test_who_asks_whether_we_are_there_is_told(
    loop: Turns, where: Connection, router: Router
) -> None:
    router.serve(router.send)
    with stranger(where) as stream:
        stream.sendall(zmtp.GREETING + READY + PING)
        loop.a_while()
        assert stream.recv(1000).endswith(b"\x04\x08\x04PONGabc")


def test_who_resets_its_connection_is_forgotten(
    loop: Turns, where: Connection, router: Router
) -> None:
    router.serve(router.send)
    with stranger(where) as stream:
        stream.sendall(zmtp.GREETING + READY + b"\x01\x02hi")
        loop.until(lambda: any(peer.is_open for peer in router.peers))
        if not where.path("shell"):
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    loop.until(lambda: not router.peers)


@given(st.lists(st.lists(st.binary(max_size=600), min_size=1, max_size=4), max_size=4), st.data())
def test_wherever_a_stream_is_cut_the_messages_are_the_same(
    messages: list[list[bytes]], data: st.DataObject
) -> None:
    loop, got = Turns(), []
    stream = zmtp.GREETING + READY + b"".join(b for m in messages for b in zmtp.encode(m))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    ours, theirs = socket.socketpair()
    calls: dict[str, Any] = {"opened": lambda _: None, "closed": lambda _: None}
    peer = zmtp.Peer(loop, ours, b"ROUTER", received=lambda _, f: got.append(f), **calls)
    with theirs:
        for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            theirs.sendall(stream[start:stop])
            while peer.take_in():
                pass
        assert got == messages
        peer.close()


def test_who_floods_lets_others_have_their_turn(
    loop: Turns, where: Connection, router: Router
) -> None:
    got: list[bytes] = []
    router.serve(lambda frames: got.append(frames[1]))
    with stranger(where) as flood, stranger(where) as other:
        for stream in (flood, other):
            stream.sendall(zmtp.GREETING + READY)
        loop.until(lambda: sum(peer.is_open for peer in router.peers) == 2)
        flood.sendall(b"\x00\x00" * 30_000)
        other.sendall(b"\x00\x02hi")
        loop.until(lambda: len(got) == 30_001)
        assert got.index(b"hi") < 10_000


def test_who_is_sent_away_by_its_own_message_does_not_come_back_by_the_next(loop: Turns) -> None:
    ours, theirs = socket.socketpair()
    opened: list[zmtp.Peer] = []
    peer = zmtp.Peer(
        loop,
        ours,
        b"ROUTER",
        opened=opened.append,
        received=lambda peer, _: peer.close(),
        closed=lambda _: None,
    )
    with theirs:
        theirs.sendall(zmtp.GREETING + READY + b"".join(zmtp.encode([bytes(100_000)])) + READY)
        while peer.take_in():
            pass
    assert opened == [peer]
    assert peer.is_closed


def test_a_kernel_that_speaks_something_else_is_asked_again_after_a_pause(
    loop: Turns, where: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(listen(where, "shell")) as listener:
        client = Dialer(loop, where, "shell", lambda _: None)
        loop.a_while()
        with listener.accept()[0] as stream:
            stream.sendall(b"HTTP/1.1 400 Bad Request\r\n")
            loop.a_while()
        loop.a_while()
        assert capfd.readouterr().err.count("closed a connection") == 1
        with pytest.raises(BlockingIOError):
            listener.accept()
        client.close()


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_whatever_a_stranger_says_is_taken_in_or_ends_its_connection(
    words: bytes, greets: bool, is_ready: bool
) -> None:
    ours, theirs = socket.socketpair()
    gone: list[zmtp.Peer] = []
    calls: dict[str, Any] = {"opened": lambda _: None, "received": lambda *_: None}
    peer = zmtp.Peer(Turns(), ours, b"ROUTER", closed=gone.append, **calls)
    with theirs:
        theirs.sendall(zmtp.GREETING * greets + READY * is_ready + words)
        while peer.take_in():
            pass
        assert peer.is_closed is bool(gone)
        peer.close()


def test_where_there_is_no_descriptor_left_who_waits_is_let_in_later(
    loop: Turns,
    peers: Peers,
    where: Connection,
    router: Router,
    capfd: pytest.CaptureFixture[str],
) -> None:
    router.serve(router.send)
    client = peers.dealer(where)
    client.send(b"?")
    time.sleep(LATER)
    with no_descriptors():
        loop.a_while()
    assert 1 <= capfd.readouterr().err.count("can't let a frontend in") < 10
    loop.until(lambda: client.poll(0))


def test_without_a_descriptor_a_dialer_waits(loop: Turns, peers: Peers, where: Connection) -> None:
    kernel = peers.new(zmq.ROUTER)
    kernel.bind(where.url("shell"))
    with no_descriptors():
        client = Dialer(loop, where, "shell", lambda _: None, b"me")
        client.send([b"?"])
        loop.a_while()
    loop.until(lambda: kernel.poll(0))
    assert kernel.recv_multipart() == [b"me", b"?"]
    client.close()


# -------------------------------------------------------------------------- the end


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
