"""A stock Jupyter Server, into which our extension is loaded, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
from jupyter_server.auth import passwd

from tests.server.running_server import Log, environment
from tests.support.leftovers import GLANCE
from tests.support.ports import wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "a password"
TOKEN = "a-token-of-a-stock-server"
OPTIONS = ("--port=0", "--allow-root", "--no-browser", "--ServerApp.base_url=/lab/")


@dataclass(frozen=True)
class Address:
    """Where a server is, and how one gets in."""

    process: psutil.Process
    base_url: str
    token: str = ""
    password: str = ""

    def kernels(self) -> list[psutil.Process]:
        """Return the processes that the server has started."""
        return self.process.children(recursive=True)

    def files(self) -> int:
        """Return how many files and sockets the server holds open."""
        return self.process.num_fds()

    def files_within(self, most: int, patience: float) -> bool:
        """Tell whether so few are left in time: a server closes its end of a dead kernel later.

        Jupyter Server looks each half second whether a websocket that it still greets is needed.
        """
        end = time.monotonic() + patience
        while self.files() > most and time.monotonic() < end:
            time.sleep(GLANCE)
        return self.files() <= most


@contextmanager
def stock(folder: Path, *, password: str = "") -> Iterator[Address]:
    """Run a stock server in a folder, with a password or else with a token."""
    hashed = passwd(password) if password else ""
    token = "" if password else TOKEN
    options = (*OPTIONS, f"--PasswordIdentityProvider.hashed_password={hashed}")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyter_server", *options],
        cwd=folder,
        env=environment(folder, JUPYTER_TOKEN=token),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = Log(process, r"http://(127\.0\.0\.1):(\d+)/lab/")
    try:
        host, port = log.address()
        url = f"http://{host}:{port}/lab"
        wait_until_it_listens(url)
        yield Address(psutil.Process(process.pid), url, token, password)
    finally:
        process.terminate()
        process.wait(30)
        log.join(30)
        assert process.stderr is not None
        process.stderr.close()
