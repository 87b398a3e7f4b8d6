"""Kernels behind a server's websocket: Beaker's own, and a stock Jupyter Server's."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import websocket

from benchmarks.contestant import CELL, PATIENCE
from benchmarks.rows import BEAKER, CONTROL, PLAIN
from tests.support.ports import wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "benchmark"
SHOWN = {"Authorization": f"token {TOKEN}"}
STOCK = ("-m", "jupyter_server", "--ServerApp.open_browser=False")
OURS = (str(Path(__file__).parents[1] / "main.py"),)
PLAIN_SERVER = (STOCK, "--ServerApp.allow_origin", "python3")
SERVERS = {PLAIN: PLAIN_SERVER, CONTROL: PLAIN_SERVER, BEAKER: (OURS, "--origin", "beaker")}
"""The command, its option for a foreign page's origin, and the kernelspec."""


class Client:
    """One client of a kernel behind a server."""

    def __init__(self, port: int, path: str) -> None:
        address = f"ws://127.0.0.1:{port}{path}"
        self._socket = websocket.create_connection(address, timeout=PATIENCE, header=SHOWN)

    def close(self) -> None:
        """Close the websocket; the server ends the kernel when it ends."""
        self._socket.close()

    def run(self, code: str) -> float:
        """Run a cell and return the seconds until reply and idle are there."""
        began = time.perf_counter()
        message = cell(code)
        msg_id = message["header"]["msg_id"]
        self._socket.send(json.dumps(message))
        missing = {"execute_reply", "idle"}
        while missing:
            came = json.loads(self._socket.recv())
            if came["parent_header"].get("msg_id") == msg_id:
                missing -= {came["msg_type"], came["content"].get("execution_state")}
        return time.perf_counter() - began


class Session:
    """A session of our execution API, asked over one connection."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._id = self._ask("/sessions", {})["id"]

    def close(self) -> None:
        """Close the connection; the server ends the session when it ends."""
        self._http.close()

    def run(self, code: str) -> float:
        """Run code and return the seconds until all of its result is there."""
        began = time.perf_counter()
        assert self._ask("/executions", {"code": code, "session": self._id})["status"] == "ok"
        return time.perf_counter() - began

    def _ask(self, path: str, body: dict[str, str]) -> Any:  # noqa: ANN401 (JSON)
        headers = {**SHOWN, "Content-Type": "application/json"}
        self._http.request("POST", f"/beaker/api/v1{path}", json.dumps(body), headers)
        return json.load(self._http.getresponse())


def cell(code: str) -> dict[str, Any]:
    """Return an execute_request as a websocket carries it."""
    header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": uuid4().hex}
    return {
        "header": header | {"username": "", "version": "5.4", "date": "2026-01-01T00:00:00Z"},
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, **CELL},
        "channel": "shell",
        "buffers": [],
    }


@contextmanager
def servers(folder: Path, origin: str = "") -> Iterator[dict[str, tuple[int, str]]]:
    """Run a server and a kernel for each contestant; yield each one's port and channels' path."""
    with ExitStack() as stack:
        found = {}
        for name, (command, allow, kernelspec) in SERVERS.items():
            options = (*command, f"{allow}={origin}") if origin else command
            port = stack.enter_context(serving(folder / name, options))
            kernel = ask(port, "POST", "/api/kernels", {"name": kernelspec})["id"]
            found[name] = port, f"/api/kernels/{kernel}/channels"
        yield found


@contextmanager
def clients(folder: Path) -> Iterator[dict[str, Client]]:
    """Run the servers, and a warm client of each."""
    with servers(folder) as kernels, ExitStack() as stack:
        found = {name: Client(*kernel) for name, kernel in kernels.items()}
        for client in found.values():
            stack.callback(client.close)
            for _ in range(30):
                client.run("pass")
        yield found


@contextmanager
def executing(folder: Path) -> Iterator[dict[str, Client | Session]]:
    """Run the servers: ours is asked by its execution API, stock ones by their websockets."""
    with servers(folder) as kernels, ExitStack() as stack:
        found: dict[str, Client | Session] = {
            name: Session(kernel[0]) if name == BEAKER else Client(*kernel)
            for name, kernel in kernels.items()
        }
        for client in found.values():
            stack.callback(client.close)
            for _ in range(30):
                client.run("pass")
        yield found


@contextmanager
def serving(folder: Path, command: tuple[str, ...], **settings: str) -> Iterator[int]:
    """Run a server with a configuration of its own, and yield its port."""
    folder.mkdir(parents=True)
    own = {
        f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    log = folder / "log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, *command, "--ServerApp.port=0", "--allow-root"],
            cwd=folder,
            env={**os.environ, **own, "JUPYTER_TOKEN": TOKEN, **settings},
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        ) as server,
    ):
        try:
            yield _port(log, server)
        finally:
            server.terminate()


def _port(log: Path, server: subprocess.Popen[bytes]) -> int:
    """Wait until a server says where it listens, and does.

    Raises:
        TimeoutError: it says nothing.
        OSError: it doesn't listen.

    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        if found := re.search(r"http://(?:127\.0\.0\.1|localhost):(\d+)/", log.read_text()):
            wait_until_it_listens(f"http://127.0.0.1:{found[1]}")
            return int(found[1])
        time.sleep(0.05)
    raise TimeoutError(f"no server: {log.read_text()}")


def ask(port: int, method: str, path: str, body: dict[str, str]) -> Any:  # noqa: ANN401 (JSON)
    """Ask a server's REST API."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        client.request(method, path, body=json.dumps(body), headers=SHOWN)
        return json.load(client.getresponse())
    finally:
        client.close()
