"""What becomes of who speaks something else, or too much, or not at all."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.kernel import zmtp
from beaker_kernel.kernel.addresses import listen
from beaker_kernel.kernel.back_sockets import Dialer
from beaker_kernel.kernel.front_sockets import LONGEST_TOPIC
from beaker_kernel.kernel.peer import Peer
from tests.support.wire import LATER, READY, Peers, Turns, said, stranger

if TYPE_CHECKING:
    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.front_sockets import Publisher, Router

PING = b"\x04\x0a\x04PING\x00\x00abc"

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
    monkeypatch.setattr("beaker_kernel.kernel.peer.HANDSHAKE", LATER)
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


@pytest.mark.parametrize("size", [LONGEST_TOPIC + 1, 60_000, 70_000])
def test_a_topic_without_end_is_none(
    loop: Turns, where: Connection, publisher: Publisher, size: int
) -> None:
    subscribed: list[list[bytes]] = []
    publisher.serve(subscribed.append)
    with stranger(where, "iopub") as stream:
        words = zmtp.encode([b"\x01" + bytes(size)]) + zmtp.encode([b"\x01st"])
        stream.sendall(zmtp.GREETING + zmtp.ready(b"SUB", b"") + b"".join(words))
        loop.until(lambda: subscribed)
        assert subscribed == [[b"\x01st"]]
        publisher.send([b"stream" + bytes(size), b"!"])
        loop.a_while()
        assert b"stream" in stream.recv(1000)
        assert not any(peer.is_behind for peer in publisher.peers)


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
    peer = Peer(loop, ours, b"ROUTER", received=lambda _, f: got.append(f), **calls)
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
        thread = threading.Thread(target=flood.sendall, args=(b"\x00\x00" * 300_000,))
        thread.start()
        loop.until(lambda: len(got) > 100_000)
        before = len(got)
        other.sendall(b"\x00\x02hi")
        loop.until(lambda: len(got) == 300_001)
        thread.join()
        assert got.index(b"hi") - before < 10_000


def test_who_is_sent_away_by_its_own_message_does_not_come_back_by_the_next(loop: Turns) -> None:
    ours, theirs = socket.socketpair()
    opened: list[Peer] = []
    peer = Peer(
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
    gone: list[Peer] = []
    calls: dict[str, Any] = {"opened": lambda _: None, "received": lambda *_: None}
    peer = Peer(Turns(), ours, b"ROUTER", closed=gone.append, **calls)
    with theirs:
        theirs.sendall(zmtp.GREETING * greets + READY * is_ready + words)
        while peer.take_in():
            pass
        assert peer.is_closed is bool(gone)
        peer.close()
