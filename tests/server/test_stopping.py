"""SIGTERM ends the server, whatever it is doing."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from running_server import LISTENING, MAIN, TOKEN, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STILL = 2.0
"""Seconds without an answer, after which a server that answered at once stands still."""
REQUEST = (
    "GET /api/kernels/00000000-0000-0000-0000-000000000000 HTTP/1.1\r\n"
    f"Host: 127.0.0.1\r\nAuthorization: token {TOKEN}\r\n\r\n"
)


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a server whose log nobody reads but the test."""
    command = [sys.executable, MAIN, "--ServerApp.port=0", "--allow-root"]
    env = environment(folder, JUPYTER_TOKEN=TOKEN)
    env.pop("PYTHONUNBUFFERED", None)  # a log that is buffered can't be written within itself
    with subprocess.Popen(
        command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def ask_until_it_stands_still(port: int) -> None:
    """Ask for what is not there, which is logged, until the log's pipe is full."""
    with socket.create_connection(("127.0.0.1", port), timeout=STILL) as client:
        while True:
            client.sendall(REQUEST.encode())
            try:
                assert client.recv(65_536).startswith(b"HTTP/1.1 404")
            except TimeoutError:
                return


@pytest.mark.long
def test_a_server_that_is_writing_its_log_is_stopped_by_the_first_sigterm(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        assert server.stderr
        found = next(filter(None, (re.search(LISTENING, line) for line in server.stderr)))
        ask_until_it_stands_still(int(found[2]))
        server.send_signal(signal.SIGTERM)
        time.sleep(STILL)  # so that it comes while the log is being written
        server.stderr.read()
        assert server.wait(30) == 0
