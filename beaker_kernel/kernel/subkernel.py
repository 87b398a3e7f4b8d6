"""The subkernel's process: one generation after another, each on an address of its own."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from beaker_kernel.kernel import connection, processes

if TYPE_CHECKING:
    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.kernelspecs import KernelSpec

TCP_ONLY = frozenset({"deno", "tslab", "jslab"})
"""Kernels that can't speak ipc, by the name of their command."""


class Subkernel:
    """A real kernel behind the relay.

    Attributes:
        spec: the kernelspec it runs.
        pid: the process, or 0 before the first start.
        connection: where the present generation listens.

    """

    connection: Connection

    def __init__(self, spec: KernelSpec, front: Connection, folder: str) -> None:
        self.spec = spec
        self.pid = 0
        self._front = front
        self._folder = folder
        self._generation = 0

    def start(self) -> None:
        """Start a new generation; what was queued for an earlier one can't reach it.

        Raises:
            OSError: the kernelspec's command can't be started.

        """
        self._generation += 1
        prefix = os.path.join(self._folder, f"k{self._generation}")
        command = self.spec.command(f"{prefix}.json")
        if os.path.basename(command[0]) in TCP_ONLY:
            self.connection = connection.over_tcp(self._front)
        else:
            self.connection = connection.over_ipc(self._front, prefix)
        connection.write(f"{prefix}.json", self.connection)
        self.pid = processes.spawn(command, self._environment())

    def _environment(self) -> dict[str, str]:
        env = processes.subkernel_environment(os.environ)
        if self.spec.env:
            from string import Template  # noqa: PLC0415 (few kernelspecs have an env)

            env |= {name: Template(v).safe_substitute(env) for name, v in self.spec.env.items()}
        return env

    @property
    def interrupted_by_message(self) -> bool:
        """Whether an interrupt is a message to it rather than a signal."""
        return self.spec.interrupt_mode == "message"

    def interrupt(self) -> None:
        """Send SIGINT to the kernel's process group."""
        processes.signal_group(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """End the kernel and its whole process group at once."""
        if self.pid:
            processes.signal_group(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Collect the ended process, end what is left of its group, and return its exit code."""
        code = processes.reap(self.pid)
        self.kill()
        self.pid = 0
        return code
