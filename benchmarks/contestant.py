"""A kernel under measurement and its clients: raw sockets, so that little but the kernel counts."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import psutil
import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import KernelSpecManager

from beaker_kernel.protocol.frames import DELIMITER, Composer, Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_client.connect import KernelConnectionInfo

PATIENCE = 60.0
CELL = {
    "silent": False,
    "store_history": True,
    "user_expressions": {},
    "allow_stdin": False,
    "stop_on_error": True,
}


class Client:
    """One frontend of a kernel."""

    def __init__(self, name: str, connection: KernelConnectionInfo) -> None:
        self.name = name
        self._composer = Composer(os.urandom(8).hex())
        self._signer = Signer(str(connection["key"]).encode())
        self._context = zmq.Context()
        self._shell = self._connect(zmq.DEALER, connection["shell_port"])
        self._iopub = self._connect(zmq.SUB, connection["iopub_port"])
        self._iopub.subscribe(b"")
        self._poller = zmq.Poller()
        self._poller.register(self._shell, zmq.POLLIN)
        self._poller.register(self._iopub, zmq.POLLIN)

    def _connect(self, kind: int, port: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.set_hwm(0)
        socket.reconnect_ivl = 5  # ms; the default of 100 would blur the start
        socket.connect(f"tcp://127.0.0.1:{port}")
        return socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets."""
        self._context.destroy(linger=0)

    def send(self, msg_type: str, content: dict[str, Any]) -> bytes:
        """Send a request on shell and return its id."""
        parts = self._composer.compose(msg_type, content)
        self._shell.send_multipart(self._signer.frames(parts))
        return str(json.loads(parts[0])["msg_id"]).encode()

    def execute(self, code: str) -> bytes:
        """Send a cell and return its id."""
        return self.send("execute_request", {"code": code, **CELL})

    def meet(self) -> None:
        """Ask until something published comes: before that, a quick kernel's idle may be lost.

        Raises:
            TimeoutError: nothing came in a while.

        """
        end = time.monotonic() + PATIENCE
        while not self._iopub.poll(100):
            self.send("kernel_info_request", {})
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} has published nothing")

    def finish(self, msg_id: bytes, msg_type: bytes = b"status") -> float:
        """Wait until a request has its reply and its idle.

        Returns:
            When the first message of that type was published for it, on the monotonic clock.

        Raises:
            TimeoutError: nothing came in a while.

        """
        mark, first = b'"' + msg_type + b'"', 0.0
        replied = idle = False
        while not (replied and idle):
            for socket in self._ready():
                for frames in _drain(socket):
                    at = frames.index(DELIMITER)
                    if msg_id in frames[at + 3]:
                        replied |= socket is self._shell
                        idle |= socket is self._iopub and b'"idle"' in frames[at + 5]
                        if not first and mark in frames[at + 2]:
                            first = time.monotonic()
        return first

    def reply(self, msg_id: bytes) -> None:
        """Wait for the reply to a request alone."""
        while True:
            self._ready()
            for frames in _drain(self._shell):
                if msg_id in frames[frames.index(DELIMITER) + 3]:
                    return
            _drain(self._iopub)

    def published(self) -> Iterator[list[bytes]]:
        """Yield what is published, message by message, for as long as something comes."""
        while True:
            self._ready()
            _drain(self._shell)
            yield from _drain(self._iopub)

    def wait_for(self, msg_type: bytes) -> None:
        """Wait until a message of that type is published.

        Raises:
            TimeoutError: none came in a while.

        """
        mark, end = b'"' + msg_type + b'"', time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._ready()
            _drain(self._shell)
            if any(mark in part for frames in _drain(self._iopub) for part in frames):
                return
        raise TimeoutError(f"{self.name} has published no {msg_type.decode()}")

    def run(self, code: str) -> float:
        """Run a cell and return the seconds until reply and idle are there."""
        began = time.perf_counter()
        self.finish(self.execute(code))
        return time.perf_counter() - began

    def run_many(self, code: str, number: int) -> float:
        """Send so many cells at once and return the seconds until the last one is done."""
        began = time.perf_counter()
        self.finish([self.execute(code) for _ in range(number)][-1])
        return time.perf_counter() - began

    def _ready(self) -> list[zmq.Socket[bytes]]:
        ready = self._poller.poll(round(PATIENCE * 1000))
        if not ready:
            raise TimeoutError(f"{self.name} has sent nothing for {PATIENCE:.0f} s")
        return [socket for socket, _ in ready]


class Contestant(Client):
    """One kernel process, started from its kernelspec, and its first client.

    Attributes:
        name: what it is called in the report.
        process: the kernel's; for Beaker, the relay.

    """

    def __init__(
        self, name: str, kernelspec: str, folder: Path, env: dict[str, str] | None = None
    ) -> None:
        path = str(folder / f"{name}-{os.urandom(4).hex()}.json")
        key = os.urandom(16).hex().encode()
        _, self._connection = write_connection_file(path, ip="127.0.0.1", key=key)
        super().__init__(name, self._connection)
        own = {"JPY_PARENT_PID": str(os.getpid()), "JUPYTER_DATA_DIR": str(folder)}
        self.process = psutil.Popen(
            _command(kernelspec, path, (env or {}).get("JUPYTER_PATH", "")),
            env={**os.environ, **own, **(env or {})},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if kernelspec == "python3" else None,  # it warns of tcp
        )

    def another_client(self) -> Client:
        """Return one more frontend of this kernel."""
        return Client(self.name, self._connection)

    def cpu(self) -> float:
        """Return the seconds of CPU that the kernel's own process has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def shut_down(self) -> float:
        """Ask the kernel to end and return the seconds until its process has."""
        ended = select.poll()
        descriptor = os.pidfd_open(self.process.pid)
        ended.register(descriptor)
        began = time.perf_counter()
        self.send("shutdown_request", {"restart": False})
        ended.poll(PATIENCE * 1000)
        took = time.perf_counter() - began
        os.close(descriptor)
        return took

    def stop(self) -> None:
        """End the process and close the sockets."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except psutil.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.close()


def _drain(socket: zmq.Socket[bytes]) -> list[list[bytes]]:
    messages = []
    try:
        while True:
            messages.append(socket.recv_multipart(zmq.NOBLOCK))
    except zmq.Again:
        return messages


def _command(kernelspec: str, connection_file: str, folder: str) -> list[str]:
    specs = KernelSpecManager()
    specs.kernel_dirs.insert(0, os.path.join(folder, "kernels"))
    spec = specs.get_kernel_spec(kernelspec)
    known = {"{connection_file}": connection_file, "{resource_dir}": spec.resource_dir}
    words = [known.get(word, word) for word in spec.argv]
    return [sys.executable if words[0] == "python" else words[0], *words[1:]]
