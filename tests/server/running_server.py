"""A real server in a process of its own, in folders of its own, on a free port."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.leftovers import running_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAIN = Path(__file__).parents[2] / "main.py"
TOKEN = "a-token-for-tests-of-the-server"
LISTENING = r"Listening on https?://([^:/]+):(\d+)"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Log(threading.Thread):
    """Reads what a server says until it ends; else the pipe would fill, and the server stand."""

    def __init__(self, process: subprocess.Popen[str], says: str = LISTENING) -> None:
        super().__init__()
        self._process = process
        self._says = re.compile(says)
        self._address: Queue[tuple[str, int] | None] = Queue()
        self.lines: list[str] = []
        self.start()

    def run(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if found := self._says.search(line):
                self._address.put((found[1], int(found[2])))
        self._address.put(None)

    def address(self) -> tuple[str, int]:
        """Wait until the server has said where it listens."""
        found = self._address.get(timeout=60)
        if found is None:
            pytest.fail("the server ended:\n" + "".join(self.lines))
        return found


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    log: Log
    host: str
    port: int

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        token: str | None = TOKEN,
    ) -> Reply:
        shown = {"Authorization": f"token {token}"} if token else {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers={**shown, **(headers or {})})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def start_kernel(self) -> str:
        return self.ask("POST", "/api/kernels").json()["id"]

    def stop(self) -> int:
        """Stop it, and return its exit code; its log is complete then."""
        self.process.send_signal(signal.SIGTERM)
        self.log.join(30)
        return self.process.wait(30)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER_", "JPY_", "BEAKER_", "OPENAI_"))
    }
    kinds = ("CONFIG", "DATA", "RUNTIME")
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in kinds}
    return {**inherited, **own, "BEAKER_WARM_KERNELS": "0", **settings}


@contextmanager
def serving(folder: Path, *options: str, port: int = 0, **settings: str) -> Iterator[Server]:
    """Run `main.py` in a folder until the block ends; then nothing of it may be left."""
    process = subprocess.Popen(
        [sys.executable, MAIN, f"--ServerApp.port={port}", "--allow-root", *options],
        cwd=folder,
        env=environment(folder, **settings),
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    log = Log(process)
    descendants: list[psutil.Process] = []
    try:
        yield Server(process, log, *log.address())
    finally:
        if process.poll() is None:
            descendants = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            log.join(30)
            pytest.fail("the server did not end:\n" + "".join(log.lines))
        log.join(30)
        process.stderr.close()
        left = running_after(descendants, 5)
    assert left == []
