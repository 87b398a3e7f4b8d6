"""One kernel of a Jupyter Server: it can be listed, restarted and ended at any moment."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import default

from beaker_kernel.execution.background import to_its_end


class ServerKernel(ServerKernelManager):
    """Jupyter's own, which fails if it is shut down while it restarts, and lets the kernel live.

    Listed between its start and the first look at its activity, that fails, too.
    """

    @default("last_activity")
    def _active_since_it_is_there(self) -> datetime:
        return datetime.now(UTC)

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
