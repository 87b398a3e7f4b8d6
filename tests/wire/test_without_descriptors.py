"""What the relay does while the system gives it no descriptor: it goes on as soon as it does.

Each case has a process of its own: libzmq, which other tests use in this one, would abort it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.kernel import zmtp
from beaker_kernel.kernel.addresses import listen
from beaker_kernel.kernel.back_sockets import Dialer
from beaker_kernel.kernel.connection import Connection
from beaker_kernel.kernel.front_sockets import Router
from beaker_kernel.kernel.sleepers import INTERVAL, Sleepers
from tests.support.kernels import PATIENCE
from tests.support.wire import READY, Turns, stranger

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Have this process open nothing."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@contextmanager
def somewhere() -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as folder:
        yield Connection(
            transport="ipc",
            ip=f"{folder}/k",
            key="k",
            signature_scheme="hmac-sha256",
            ports=range(5),
        )


def a_frontend_is_let_in_later() -> None:
    loop = Turns()
    with somewhere() as where:
        router = Router(loop, where, "shell")
        router.serve(router.send)
        with stranger(where) as client:
            client.sendall(zmtp.GREETING + READY + b"\x00\x01?")
            with no_descriptors():
                loop.a_while()
            assert not router.peers
            loop.until(lambda: any(peer.is_open for peer in router.peers))
            expected = zmtp.GREETING + zmtp.ready(b"ROUTER", b"") + b"\x00\x01?"
            loop.a_while()
            assert client.recv(1000) == expected


def a_kernel_is_dialed_later() -> None:
    loop = Turns()
    with somewhere() as where, closing(listen(where, "shell")) as kernel:
        with no_descriptors():
            client = Dialer(loop, where, "shell", lambda _: None, b"me")
            client.send([b"?"])
            loop.a_while()
        loop.a_while()
        with kernel.accept()[0] as stream:
            stream.settimeout(PATIENCE)
            stream.sendall(zmtp.GREETING + zmtp.ready(b"ROUTER", b""))
            loop.a_while()
            assert stream.recv(1000).endswith(b"\x00\x01?")


def who_sleeps_is_looked_for_later() -> None:
    loop = Turns()
    sleepers = Sleepers(loop, port=1, limit=0)
    sleepers.look_later()
    with no_descriptors():
        loop.call_later(2 * INTERVAL, loop.stop)
        loop.run()
    sleepers.look_later()
    loop.call_later(2 * INTERVAL, loop.stop)
    loop.run()


CASES = (a_frontend_is_let_in_later, a_kernel_is_dialed_later, who_sleeps_is_looked_for_later)


@pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_without_a_descriptor(case: object) -> None:
    name = getattr(case, "__name__", "")
    code = f"from tests.wire.test_without_descriptors import {name} as case; case(); print('done')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stdout == "done\n", done.stderr
    assert done.stderr.count("can't let a frontend in") < 10
