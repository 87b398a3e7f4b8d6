"""``python -m benchmarks.idle_kernel FILE``: a kernel that does nothing, and so takes no time.

What a relay costs in front of it is the relay's time alone. It answers every request with busy, an
empty reply and idle, until it is shut down.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import zmq

from beaker_kernel.kernel import connection
from beaker_kernel.protocol.frames import DELIMITER, Composer, Signer

if TYPE_CHECKING:
    from pathlib import Path

NAME = "idle"
REPLIES: dict[str, dict[str, object]] = {
    "kernel_info_request": {
        "status": "ok",
        "protocol_version": "5.4",
        "implementation": NAME,
        "implementation_version": "1",
        "language_info": {"name": "none", "version": "1", "mimetype": "", "file_extension": ""},
        "banner": "",
    },
    "execute_request": {"status": "ok", "execution_count": 1, "user_expressions": {}},
    "shutdown_request": {"status": "ok", "restart": False},
}


class IdleKernel:
    """The sockets, and the one loop over those that are asked."""

    def __init__(self, front: connection.Connection) -> None:
        self._signer = Signer(front.key.encode())
        self._composer = Composer(os.urandom(8).hex())
        self._context = zmq.Context()
        self._iopub = self._bind(zmq.PUB, front.url("iopub"))
        self._asked = [self._bind(zmq.ROUTER, front.url(c)) for c in ("shell", "control", "stdin")]

    def _bind(self, kind: int, url: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.bind(url)
        return socket

    def run(self) -> None:
        """Answer until shut down."""
        poller = zmq.Poller()
        for socket in self._asked:
            poller.register(socket, zmq.POLLIN)
        while all(self._answer(socket) for socket, _ in poller.poll()):
            pass
        self._context.destroy(linger=100)

    def _answer(self, socket: zmq.Socket[bytes]) -> bool:
        """Answer one request, and tell whether to go on."""
        frames = socket.recv_multipart()
        at = frames.index(DELIMITER)
        header = frames[at + 2]
        kind = json.loads(header)["msg_type"]
        self._publish("busy", header)
        content = REPLIES.get(kind, {"status": "ok"})
        parts = self._composer.compose(kind.replace("_request", "_reply"), content, header)
        socket.send_multipart([*frames[:at], *self._signer.frames(parts)])
        self._publish("idle", header)
        return bool(kind != "shutdown_request")

    def _publish(self, state: str, header: bytes) -> None:
        parts = self._composer.compose("status", {"execution_state": state}, header)
        self._iopub.send_multipart([b"status", *self._signer.frames(parts)])


def install(folder: Path) -> dict[str, str]:
    """Write its kernelspec below a folder, and return the environment that finds it."""
    resources = folder / "kernels" / NAME
    resources.mkdir(parents=True)
    argv = [sys.executable, "-m", "benchmarks.idle_kernel", "{connection_file}"]
    spec = {"argv": argv, "display_name": NAME, "language": "none"}
    (resources / "kernel.json").write_text(json.dumps(spec))
    return {"JUPYTER_PATH": str(folder), "BEAKER_SUBKERNEL": NAME}


if __name__ == "__main__":
    IdleKernel(connection.read(sys.argv[1])).run()
