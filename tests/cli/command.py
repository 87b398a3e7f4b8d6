"""The command `beaker` as a process, in folders of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
from jupyter_client.manager import KernelManager

from tests.support.leftovers import running_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_client.blocking.client import BlockingKernelClient

BEAKER = [sys.executable, "-m", "beaker_kernel.cli"]


@dataclass
class Command:
    """Runs `beaker`; `settings` are its environment's, on top of a clean one."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        foreign = ("JUPYTER_", "JPY_", "BEAKER_", "OPENAI_")
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(foreign)}
        own = {
            f"JUPYTER_{kind}_DIR": str(self.folder / kind.lower())
            for kind in ("CONFIG", "DATA", "RUNTIME")
        }
        return {**inherited, **own, **self.settings}

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run to the end, with a pipe as standard input."""
        return subprocess.run(
            [*BEAKER, *words],
            cwd=self.folder,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    @contextmanager
    def at_terminal(self, *words: str) -> Iterator[Terminal]:
        """Run with a terminal as standard input; afterwards no process of it may be left."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*BEAKER, *words],
            cwd=self.folder,
            env=self.env,
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        os.close(slave)
        try:
            yield Terminal(process, master)
        finally:
            running = process.poll() is None
            others = psutil.Process(process.pid).children(recursive=True) if running else []
            process.kill()
            process.communicate()
            os.close(master)
            left = running_after(others, 10)
        assert left == []

    @contextmanager
    def running_kernel(self) -> Iterator[tuple[str, BlockingKernelClient]]:
        """Run a Beaker kernel for others to join; give its connection file and a client."""
        manager = KernelManager(
            kernel_name="beaker", connection_file=str(self.folder / "kernel-running.json")
        )
        manager.start_kernel(env=self.env)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(60)
            yield manager.connection_file, client
        finally:
            client.stop_channels()
            manager.shutdown_kernel()


@dataclass
class Terminal:
    """A command that runs, and the terminal it reads from."""

    process: subprocess.Popen[bytes]
    master: int

    def read_until(self, text: str) -> str:
        """Return what comes on standard error up to a text."""
        assert self.process.stderr
        read = b""
        while text.encode() not in read:
            piece = os.read(self.process.stderr.fileno(), 4096)
            assert piece, f"{text!r} did not come; this did: {read.decode()}"
            read += piece
        return read.decode()

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> tuple[int, str, str]:
        """Wait for the end; return the exit status and the rest of what was written."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()
