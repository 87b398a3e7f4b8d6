"""Runs one subkernel through its provisioner, for a relay that can't afford to import one.

This process lives as long as the kernel: it ends with the kernel's exit code, and the kernel ends
when the relay closes its end of the link, however that comes about.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from beaker_kernel.protocol import link
from beaker_kernel.protocol.frames import dumps

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

LINK = 3
"""The file descriptor on which the relay hands over the link."""
CHUNK = 1 << 16
GLANCE = 1.0
"""Seconds between two looks at a kernel whose provisioner doesn't wait for its end."""
PATIENCE = 10.0
"""Seconds that a provisioner has to end its kernel and clean up."""


def main() -> None:
    """Run a kernel until it ends, or the relay does."""
    signal.signal(signal.SIGINT, lambda *_: None)  # an interrupt comes over the link
    sys.exit(asyncio.run(_main()))


async def _main() -> int:
    inherited = socket.socket(fileno=LINK)
    inherited.set_inheritable(False)
    reader, writer = await asyncio.open_connection(sock=inherited)
    async with aclosing(_orders(reader)) as orders:
        config = json.loads((await anext(orders))[1])
        code = await Host(config, writer).run(orders)
    writer.close()
    return code


async def _orders(reader: asyncio.StreamReader) -> AsyncGenerator[list[bytes], None]:
    """Yield what the relay says, until it closes the link."""
    decoder = link.Decoder()
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            for frames in decoder.feed(data):
                yield frames


class _OneKernelSpec(KernelSpecManager):
    """Finds the kernelspec that the relay has chosen, under any name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return it."""
        return self.chosen

    chosen: KernelSpec


class Host:
    """One kernel, its provisioner, and our end of the link; `config` is the relay's first word."""

    def __init__(self, config: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        found = _OneKernelSpec()
        found.chosen = KernelSpec(**config["spec"])
        self._manager = AsyncKernelManager(
            kernel_name=found.chosen.name,
            kernel_spec_manager=found,
            connection_file=config["connection_file"],
        )
        self._writer = writer

    async def run(self, orders: AsyncIterator[list[bytes]]) -> int:
        """Return the kernel's exit code, as a shell would: 128 and more for a signal."""
        async with asyncio.TaskGroup() as tasks:
            life = tasks.create_task(self._live())
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _cancel, life)
            obeying = tasks.create_task(self._obey(orders, life))
            await asyncio.wait([life])
            obeying.cancel()
        code = 0 if life.cancelled() else life.result()
        return 128 - code if code < 0 else code

    async def _obey(self, orders: AsyncIterator[list[bytes]], life: asyncio.Task[int]) -> None:
        async for _interrupt in orders:
            provisioner = self._manager.provisioner
            if provisioner and provisioner.has_process:
                await provisioner.send_signal(signal.SIGINT)
        _cancel(life)

    async def _live(self) -> int:
        try:
            await self._manager.start_kernel(stderr=sys.stderr.fileno())  # the relay's own pipe
        except asyncio.CancelledError:
            await self._end()
            raise
        except Exception as error:  # noqa: BLE001 (a provisioner is a plug-in: it may raise anything)
            self._note("refused", str(error) or type(error).__name__)
            await self._end()
            return 1
        try:
            self._note("launched", self._launched())
            return await self._ended()
        finally:
            await self._end()

    async def _ended(self) -> int:
        """Wait for the kernel's end; some provisioners can't wait, and all can be asked."""
        provisioner = self._manager.provisioner
        assert provisioner
        code = await provisioner.wait()
        while await provisioner.poll() is None:  # noqa: ASYNC110 (there is nothing to wait for)
            await asyncio.sleep(GLANCE)
        return code or 0

    def _launched(self) -> dict[str, Any]:
        """Describe where the kernel listens, and what of a sandbox is in force."""
        info = self._manager.get_connection_info()
        connection = {name: _text(value) for name, value in info.items()}
        sandbox = getattr(self._manager.provisioner, "in_force", "")
        return {"connection": connection, "sandbox": sandbox}

    async def _end(self) -> None:
        """End what lives and clean up, within bounds: nobody waits for us any more."""
        provisioner = self._manager.provisioner
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                if provisioner and provisioner.has_process:
                    await provisioner.kill()
                    await provisioner.wait()
                await self._manager.cleanup_resources()

    def _note(self, name: str, content: object) -> None:
        self._writer.write(link.encode([name.encode(), dumps(content)]))


def _cancel(life: asyncio.Task[int]) -> None:
    """Cancel it once: a second time, as the relay's death says it twice, would cut its clean-up."""
    if not life.cancelling():
        life.cancel()


def _text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
