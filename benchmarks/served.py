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

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "benchmark"
SHOWN = {"Authorization": f"token {TOKEN}"}
STOCK = ("-m", "jupyter_server", "--ServerApp.open_browser=False")
OURS = (str(Path(__file__).parents[1] / "main.py"),)
SERVERS = {PLAIN: (STOCK, "python3"), CONTROL: (STOCK, "python3"), BEAKER: (OURS, "beaker")}


class Page:
    """One client of a kernel behind a server."""

    def __init__(self, port: int, kernelspec: str) -> None:
        kernel = _ask(port, "POST", "/api/kernels", {"name": kernelspec})["id"]
        address = f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels"
        self._session = uuid4().hex
        self._socket = websocket.create_connection(address, timeout=PATIENCE, header=SHOWN)

    def close(self) -> None:
        """Close the websocket; the server ends the kernel when it ends."""
        self._socket.close()

    def run(self, code: str) -> float:
        """Run a cell and return the seconds until reply and idle are there."""
        began = time.perf_counter()
        msg_id = self._execute(code)
        missing = {"execute_reply", "idle"}
        while missing:
            message = json.loads(self._socket.recv())
            if message["parent_header"].get("msg_id") == msg_id:
                missing -= {message["msg_type"], message["content"].get("execution_state")}
        return time.perf_counter() - began

    def _execute(self, code: str) -> str:
        header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": self._session}
        message = {
            "header": header | {"username": "", "version": "5.4", "date": "2026-01-01T00:00:00Z"},
            "parent_header": {},
            "metadata": {},
            "content": {"code": code, **CELL},
            "channel": "shell",
            "buffers": [],
        }
        self._socket.send(json.dumps(message))
        return header["msg_id"]


@contextmanager
def pages(folder: Path) -> Iterator[dict[str, Page]]:
    """Run a server for each contestant, and a warm page at each."""
    with ExitStack() as stack:
        found = {}
        for name, (command, kernelspec) in SERVERS.items():
            port = stack.enter_context(_serving(folder / name, command))
            page = found[name] = Page(port, kernelspec)
            stack.callback(page.close)
            for _ in range(30):
                page.run("pass")
        yield found


@contextmanager
def _serving(folder: Path, command: tuple[str, ...]) -> Iterator[int]:
    """Run a server with a configuration of its own, and yield its port."""
    folder.mkdir()
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "RUNTIME")}
    log = folder / "log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, *command, "--ServerApp.port=0", "--allow-root"],
            cwd=folder,
            env={**os.environ, **own, "JUPYTER_TOKEN": TOKEN},
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        ) as server,
    ):
        try:
            yield _port(log, server)
        finally:
            server.terminate()


def _port(log: Path, server: subprocess.Popen[bytes]) -> int:
    """Wait until a server says where it listens.

    Raises:
        TimeoutError: it doesn't.

    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        if found := re.search(r"http://(?:127\.0\.0\.1|localhost):(\d+)/", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise TimeoutError(f"no server: {log.read_text()}")


def _ask(port: int, method: str, path: str, body: dict[str, str]) -> Any:  # noqa: ANN401 (JSON)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        client.request(method, path, body=json.dumps(body), headers=SHOWN)
        return json.load(client.getresponse())
    finally:
        client.close()
