"""The relay's own sockets, over TCP and ipc."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.kernel.connection import Connection
from beaker_kernel.kernel.front_sockets import Listener, Publisher, Router
from tests.support.ports import free_port
from tests.support.wire import Peers, Turns

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def loop() -> Turns:
    return Turns()


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
