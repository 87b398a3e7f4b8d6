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

import psutil
import pytest
from running_server import LISTENING, MAIN, TOKEN, Server, environment, serving

from tests.support.leftovers import until

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


def start_dying_kernel(server: Server) -> str:
    """Start a kernel, end its process, and return its id when it is about to be started anew."""
    kernel_id = server.start_kernel()
    (relay,) = psutil.Process(server.process.pid).children()
    relay.kill()
    until(lambda: any("restarting kernel" in line for line in server.log.lines))
    return kernel_id


@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_a_server_that_starts_a_dead_kernel_anew_ends_and_leaves_none(
    tmp_path: Path, pause: float
) -> None:
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN) as server:
        start_dying_kernel(server)
        time.sleep(pause)
        assert server.stop() == 0


def test_a_kernel_that_is_just_started_anew_can_be_deleted(tmp_path: Path) -> None:
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN) as server:
        kernel_id = start_dying_kernel(server)
        assert server.ask("DELETE", f"/api/kernels/{kernel_id}").status == 204
        assert psutil.Process(server.process.pid).children() == []
