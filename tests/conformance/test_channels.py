"""Each channel does on beaker what it does on plain ipykernel."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import zmq

from tests.support.kernels import ENDLESS, PATIENCE, is_idle, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.kernels import Client, Kernel

QUEUED = 20
"""Cells of each client."""


@contextmanager
def connected(kernel: Kernel, kind: int, channel: str) -> Iterator[zmq.Socket[bytes]]:
    """Connect a bare socket to one channel."""
    channels = kernel.client.channels
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.linger = 0
        socket.rcvtimeo = int(PATIENCE * 1000)
        socket.connect(f"tcp://127.0.0.1:{getattr(channels, f'{channel}_port')}")
        yield socket


def test_a_new_subscription_is_welcomed(kernel: Kernel) -> None:
    topic = uuid4().hex.encode()
    with connected(kernel, zmq.SUB, "iopub") as socket:
        socket.subscribe(topic)
        came_under, _, _, header, parent, _, content = socket.recv_multipart()
    assert came_under == topic
    assert json.loads(header)["msg_type"] == "iopub_welcome"
    assert json.loads(content) == {"subscription": topic.decode()}
    assert json.loads(parent) == {}


def test_beaker_welcomes_each_subscriber_of_a_topic(beaker: Kernel) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            socket = stack.enter_context(connected(beaker, zmq.SUB, "iopub"))
            socket.subscribe(b"shared")
            assert socket.recv_multipart()[0] == b"shared"


def test_the_heartbeat_echoes_during_a_cell(kernel: Kernel) -> None:
    client = kernel.client
    msg_id = client.execute(ENDLESS)
    client.published(lambda m: m["msg_type"] == "stream")
    with connected(kernel, zmq.REQ, "hb") as socket:
        socket.send(b"\0 any bytes")
        assert socket.recv() == b"\0 any bytes"
    client.send("interrupt_request", channel="control")
    assert client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_the_kernel_sees_the_identity_of_the_client_that_asks(
    kernel: Kernel, second: Client
) -> None:
    for client in (kernel.client, second):
        _, outputs = client.run("get_ipython().kernel._parent_ident['shell']")
        assert text(outputs) == repr([client.channels.session.bsession])


def test_a_reply_goes_to_the_client_that_asked_alone(kernel: Kernel, second: Client) -> None:
    second.run("2")
    kernel.client.run("1")
    assert not second.channels.shell_channel.msg_ready()


def test_each_request_is_framed_by_busy_and_idle_among_many_clients(kernel: Kernel) -> None:
    clients = [kernel.another_client() for _ in range(3)]
    try:
        asked = [c.execute(f"{n}") for n in range(QUEUED) for c in clients]
        seen: list[tuple[str, str]] = []
        idles = 0
        while idles < len(asked):
            message = kernel.client.published(lambda m: m["parent_header"].get("msg_id") in asked)
            idles += is_idle(message)
            seen.append((message["parent_header"]["msg_id"], message["msg_type"]))
        framed = ("status", "execute_input", "execute_result", "status")
        ran = [msg_id for msg_id, kind in seen if kind == "execute_result"]
        assert seen == [(msg_id, kind) for msg_id in ran for kind in framed]
        for number in range(len(clients)):
            own = asked[number :: len(clients)]
            assert [msg_id for msg_id in ran if msg_id in own] == own
        for number, msg_id in enumerate(asked):
            client = clients[number % len(clients)]
            assert client.reply(msg_id)["content"]["status"] == "ok"
    finally:
        for client in clients:
            client.close()


def test_a_cell_that_stops_nothing_on_error_aborts_nothing(kernel: Kernel) -> None:
    codes = ("import time; time.sleep(.2); 1/0", "2", "3")
    ids = [kernel.client.execute(code, stop_on_error=False) for code in codes]
    states = [kernel.client.reply(msg_id)["content"]["status"] for msg_id in ids]
    assert states == ["error", "ok", "ok"]


def test_a_failing_cell_aborts_the_cells_of_other_clients_too(
    kernel: Kernel, second: Client
) -> None:
    failing = kernel.client.execute("print('on', flush=True); input()", allow_stdin=True)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    other = second.execute("2")
    second.reply(second.send("kernel_info_request", channel="control"), "control")
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(failing)["content"]["status"] == "error"
    assert second.reply(other)["content"]["status"] == "aborted"


def test_a_frontend_changes_a_widgets_image(kernel: Kernel) -> None:
    client = kernel.client
    _, outputs = client.run("import ipywidgets; image = ipywidgets.Image(value=b'old')")
    comms = [o["content"] for o in outputs if o["msg_type"] == "comm_open"]
    image = next(c for c in comms if c["data"]["state"].get("_model_name") == "ImageModel")
    data = {"method": "update", "state": {}, "buffer_paths": [["value"]]}
    sent = bytes(range(256)) * 100
    client.send("comm_msg", {"comm_id": image["comm_id"], "data": data}, buffers=[sent])
    _, outputs = client.run(f"image.value == {sent!r}")
    assert text(outputs) == "True"
