"""A real server in a process of its own, in folders of its own, on a free port."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAIN = Path(__file__).parents[2] / "main.py"
LOG = "server.log"
PATIENCE = 30.0
TOKEN = "a-token-for-tests-of-the-server"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
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
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER_", "JPY_", "BEAKER_", "OPENAI_"))
    }
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "RUNTIME")}
    return {**inherited, **own, **settings}


@contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[Server]:
    """Run `main.py` in a folder until the block ends; then nothing of it may be left."""
    log = folder / LOG
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, MAIN, "--ServerApp.port=0", "--allow-root", *options],
            cwd=folder,
            env=environment(folder, **settings),
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            text=True,
        )
    descendants: list[psutil.Process] = []
    try:
        yield listening(process, log)
    finally:
        if process.poll() is None:
            descendants = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
        process.wait(timeout=30)
        _, left = psutil.wait_procs(descendants, timeout=5)
    assert left == []


def listening(process: subprocess.Popen[str], log: Path) -> Server:
    """Read the log until the server says where it listens."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(r"Listening on https?://([^:/]+):(\d+)", log.read_text()):
            return Server(process, found[1], int(found[2]))
        time.sleep(0.05)
    pytest.fail("the server ended:\n" + log.read_text())
