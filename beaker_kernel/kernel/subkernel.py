"""The subkernel's process: one generation after another, each on an address of its own."""

from __future__ import annotations

import os
import time

from beaker_kernel.kernel import connection, processes
from beaker_kernel.kernel.early import signal, suppress
from beaker_kernel.kernel.stderr import Stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.kernelspecs import KernelSpec
    from beaker_kernel.kernel.provisioner import Provisioner

TCP_ONLY = frozenset({"deno", "tslab", "jslab"})
"""Kernels known not to speak ipc, by the name of their command; others are found out."""
REMEMBERED = 7 * 24 * 3600.0
"""Seconds for which a kernelspec that turned out so counts as one: it was slow, or is mended."""


class Subkernel:
    """A real kernel behind the relay.

    Attributes:
        spec: the kernelspec it runs.
        pid: the process, or 0 before the first start.
        connection: where the present generation listens.
        stderr: what the present generation writes there.
        generation: how many were started, this one included.
        on_tcp: whether it turned out not to speak ipc.
        provisioner: what starts the present generation, if its kernelspec names one.
        sandbox: what confines it, in words; empty for nothing.

    """

    connection: Connection
    stderr: Stderr

    def __init__(self, spec: KernelSpec, front: Connection, folder: str) -> None:
        self.spec = spec
        self.pid = 0
        self.generation = 0
        self.on_tcp = False
        self.provisioner: Provisioner | None = None
        self.sandbox = ""
        self._front = front
        self._folder = folder

    def start(self) -> None:
        """Start a new generation; what was queued for an earlier one can't reach it.

        Raises:
            OSError: the kernelspec's command can't be started.

        """
        self.generation += 1
        self.provisioner, self.sandbox = None, ""
        prefix = os.path.join(self._folder, f"k{self.generation}")
        self.stderr = Stderr()
        try:
            if self.spec.provisioner:
                self._provision(prefix)
            else:
                self._spawn(prefix)
        finally:
            self.stderr.handed_over()

    def _provision(self, prefix: str) -> None:
        from beaker_kernel.kernel.provisioner import Provisioner  # noqa: PLC0415 (few name one)

        self.provisioner = Provisioner(self.spec, f"{prefix}.json", self.stderr.writer)
        self.pid = self.provisioner.pid

    def launched(self, told: dict[str, Any]) -> None:
        """Take in what the provisioner says of the kernel that it has launched."""
        self.connection = connection.of(told["connection"])
        self.sandbox = told["sandbox"]

    def _spawn(self, prefix: str) -> None:
        command = self.spec.command(f"{prefix}.json")
        if self.on_tcp or os.path.basename(command[0]) in TCP_ONLY or self._is_remembered():
            self.connection = connection.over_tcp(self._front)
        else:
            self.connection = connection.over_ipc(self._front, prefix)
        connection.write(f"{prefix}.json", self.connection)
        self.pid = processes.spawn(command, self._environment(), stderr=self.stderr.writer)

    def _environment(self) -> dict[str, str]:
        env = processes.subkernel_environment(os.environ)
        if self.spec.env:
            from string import Template  # noqa: PLC0415 (few kernelspecs have an env)

            env |= {name: Template(v).safe_substitute(env) for name, v in self.spec.env.items()}
        return env

    @property
    def is_deaf(self) -> bool:
        """Whether it was told to listen on ipc and doesn't; a provisioner sees to that itself."""
        if self.provisioner:
            return False
        ipc = self.connection.transport == "ipc"
        return ipc and not os.path.exists(self.connection.url("shell").removeprefix("ipc://"))

    @property
    def moves_to_tcp(self) -> bool:
        """Whether the present generation was the one that showed that it speaks no ipc."""
        return self.on_tcp and not self.provisioner and self.connection.transport == "ipc"

    def remember_transport(self) -> None:
        """Note that this kernelspec works on tcp only, so that its next starts lose no time."""
        if self.on_tcp and not self._is_remembered():
            path = self._memory()
            with suppress(OSError):
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
                os.utime(path)

    def _is_remembered(self) -> bool:
        try:
            return time.time() - os.stat(self._memory()).st_mtime < REMEMBERED
        except OSError:
            return False

    def _memory(self) -> str:
        """Name the empty file that stands for a kernelspec which speaks tcp only."""
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        return os.path.join(cache, "beaker", "tcp-only", self.spec.name)

    @property
    def interrupted_by_message(self) -> bool:
        """Whether an interrupt is a message to it rather than a signal."""
        return self.spec.interrupt_mode == "message"

    def interrupt(self) -> None:
        """Send SIGINT to the kernel's process group."""
        if self.provisioner:
            self.provisioner.interrupt()
            return
        processes.signal_group(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """End the kernel and its whole process group at once."""
        if self.provisioner:
            self.provisioner.end()
        elif self.pid:
            processes.signal_group(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Collect the ended process, end what is left of its group, and return its exit code."""
        self.kill()  # while its number is its own
        code = processes.reap(self.pid)
        self.pid = 0
        return code
