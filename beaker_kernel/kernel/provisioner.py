"""The process that runs a provisioner, as the relay sees it: `beaker_kernel.provisioning`.

A provisioner is asynchronous and lives in jupyter_client, which the relay can't afford. So it runs
in a process of its own, which stands for the kernel: its end is the kernel's.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from beaker_kernel.kernel import processes
from beaker_kernel.protocol import link
from beaker_kernel.protocol.frames import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beaker_kernel.kernel.kernelspecs import KernelSpec

CHUNK = 1 << 16
COMMAND = [sys.executable, "-P", "-m", "beaker_kernel.provisioning"]


class Provisioner:
    """A kernelspec's provisioner at work; closing the link ends the kernel, as our own death does.

    Attributes:
        pid: the process that stands for the kernel.

    """

    def __init__(self, spec: KernelSpec, connection_file: str, stderr: int) -> None:
        self._link, theirs = socket.socketpair()
        self._decoder = link.Decoder()
        env = processes.subkernel_environment(os.environ)
        with theirs:
            self.pid = processes.spawn(COMMAND, env, theirs.fileno(), stderr, "TERM")
        config = {"spec": vars(spec), "connection_file": connection_file}
        self._link.sendall(link.encode([b"config", dumps(config)]))
        self._link.setblocking(False)

    def fileno(self) -> int:
        """Return what is readable when there is something to hear; -1 once closed."""
        return self._link.fileno()

    def heard(self) -> Iterator[tuple[str, Any]]:
        """Yield what it has said: ``launched`` with an object, or ``refused`` with the reason.

        Raises:
            EOFError: it says nothing more.

        """
        try:
            data = self._link.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise EOFError
        for name, content in self._decoder.feed(data):
            yield name.decode(), json.loads(content)

    def interrupt(self) -> None:
        """Have the kernel interrupted by SIGINT."""
        with suppress(OSError):  # it has just ended, or the link is closed
            self._link.send(link.encode([b"interrupt"]))

    def end(self) -> None:
        """Have the kernel ended; what is said then can still be heard."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close our end of the link."""
        self._link.close()
