"""A session with a kernel written down frame by frame, so that two kernels can be compared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import zmq

from tests.support.kernels import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.kernels import Client, Message

DELIMITER = b"<IDS|MSG>"
ONE_WAY = ("comm_open", "comm_msg", "comm_close")
Frames = list[bytes]
_VARIES = (
    (re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?"), b"<date>"),
    (re.compile(rb"0x[0-9a-f]{6,}"), b"<address>"),
    (re.compile(rb"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"), b"<id>"),
    (re.compile(rb'\[\d+, (\d+, ")'), rb"[<session>, \1"),  # of IPython's history
    (re.compile(rb"\\nTip: [^\"]*"), b""),  # a new one each time
    (re.compile(rb"ipykernel_\d+"), b"ipykernel_<pid>"),
    (re.compile(rb'"([a-z]+_port)": ?\d+'), rb'"\1": <port>'),
)
"""What differs between two runs of one kernel."""


OF_THE_RELAY = ("interrupt_reply", "connect_reply", "kernel_info_reply")
"""What the relay writes itself: equal as JSON, everything else byte for byte."""


@dataclass(frozen=True)
class Request:
    """One request of a frontend's, and whether a kernel answers it."""

    msg_type: str
    content: Message = field(default_factory=dict)
    channel: str = "shell"
    metadata: Message = field(default_factory=dict)
    buffers: tuple[bytes, ...] = ()
    header: Message = field(default_factory=dict)
    answered: bool = True


def cell(code: str, **more: Any) -> Request:
    """Return an execute_request as JupyterLab sends it."""
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    metadata = more.pop("metadata", {"cellId": "a-cell", "deletedCells": []})
    header = more.pop("header", {})
    return Request("execute_request", content | more, metadata=metadata, header=header)


class Transcript:
    """What one kernel answered: by channel, each message as the frames that matter."""

    def __init__(self, client: Client) -> None:
        self._client = client.channels
        self._names: dict[bytes, bytes] = {}

    def of(self, *requests: Request) -> dict[str, list[Frames]]:
        """Send requests, each when the one before is over, and return all that came."""
        came: dict[str, list[Frames]] = {"shell": [], "control": [], "iopub": []}
        for number, request in enumerate(requests):
            msg_id = self._send(request)
            self._names[msg_id] = b"<request %d>" % number
            if not request.answered:
                continue  # what comes for it stands before the next one's answer
            for channel, frames in self._until_over(msg_id, request):
                came[channel].append(self._normal(frames))
        return {channel: [m for m in messages if m] for channel, messages in came.items()}

    def _send(self, request: Request) -> bytes:
        session = self._client.session
        message = session.msg(request.msg_type, request.content, metadata=request.metadata)
        message["header"].update(request.header)
        socket = getattr(self._client, f"{request.channel}_channel").socket
        session.send(socket, message, buffers=list(request.buffers))
        return str(message["header"]["msg_id"]).encode()

    def _until_over(self, msg_id: bytes, request: Request) -> Iterator[tuple[str, Frames]]:
        """Yield what comes until the reply, if there is to be one, and the idle."""
        replied, idle = request.msg_type in ONE_WAY, False
        poller = zmq.Poller()
        sockets = {name: getattr(self._client, f"{name}_channel").socket for name in CHANNELS}
        for socket in sockets.values():
            poller.register(socket, zmq.POLLIN)
        while not (replied and idle):
            ready = dict(poller.poll(PATIENCE * 1000))
            assert ready, f"no answer to {request}"
            for channel, socket in sockets.items():
                if socket in ready:
                    frames = socket.recv_multipart()
                    at = frames.index(DELIMITER)
                    mine = msg_id in frames[at + 3]
                    replied |= mine and channel != "iopub"
                    idle |= mine and channel == "iopub" and b'"idle"' in frames[at + 5]
                    yield channel, frames

    def _normal(self, frames: Frames) -> Frames:
        """Return topic, type, parent, metadata, content and buffers, without what varies.

        What belongs to no request of ours, as the first handshake, is left out.
        """
        at = frames.index(DELIMITER)
        header, parent, metadata, content, *buffers = frames[at + 2 :]
        kind = str(json.loads(header)["msg_type"])
        parent_id = str(json.loads(parent).get("msg_id", "")).encode()
        if parent_id not in self._names:
            return []
        if kind in OF_THE_RELAY:
            content = json.dumps(json.loads(content), sort_keys=True).encode()
        parts = [*frames[:at], kind.encode(), parent_id, metadata, content, *buffers]
        return [self._without_names(part) for part in parts]

    def _without_names(self, part: bytes) -> bytes:
        for name, stands_for in self._names.items():
            part = part.replace(name, stands_for)
        for pattern, stands_for in _VARIES:
            part = pattern.sub(stands_for, part)
        return part


CHANNELS = ("shell", "control", "iopub")
