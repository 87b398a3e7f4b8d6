"""One kernel of a Jupyter Server: a restart and the end never run into each other."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from beaker_kernel.execution.background import to_its_end


class ServerKernel(ServerKernelManager):
    """Jupyter's own, which fails if it is shut down while it restarts, and lets the kernel live."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 (a trait's each)
        super().__init__(**settings)
        self._turn = asyncio.Lock()
        self._ends = False

    async def restart_kernel(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Start it anew, to the end even if the caller is cancelled; not one that is to end."""
        async with self._turn:
            if not self._ends:
                await to_its_end(super().restart_kernel(*args, **kwargs))

    async def settle(self) -> None:
        """Before it is shut down: wait for a restart that is under way, and let no other begin."""
        self._ends = True
        self.stop_restarter()
        async with self._turn:
            pass
