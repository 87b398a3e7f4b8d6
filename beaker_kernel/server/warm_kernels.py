"""Jupyter's kernels, one of them started in advance for who asks for one and nothing special.

docs/decisions/0009-a-kernel-in-reserve.md says what is special, and why.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_core.utils import ensure_async
from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Integer, default

from beaker_kernel.execution.background import Background, to_its_end
from beaker_kernel.server.server_kernel import ServerKernel

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_server.utils import ApiPath

CALM = 2.0
"""Seconds after a kernel was asked for until the next is started: the first one starts alone."""
FRESH = 3600.0
"""Seconds after which one in reserve is too old: it has read its start-up files when it began."""


@dataclass(slots=True)
class Reserved:
    """A kernel that nobody has asked for yet. If it dies, it is not restarted."""

    spec: dict[str, Any]
    began: float
    is_ready: bool = False


class WarmKernels(AsyncMappingKernelManager):
    """The kernels of a server. Those in reserve are in no list, and end with the others."""

    warm = Integer(
        min=0,
        help="""Kernels of the default kernelspec kept in reserve for `POST /api/kernels`, from the
        first such request on. Default: the environment variable BEAKER_WARM_KERNELS, else 1.""",
    ).tag(config=True)

    @default("warm")
    def _warm_from_environment(self) -> int:
        return int(os.environ.get("BEAKER_WARM_KERNELS") or 1)

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str:
        return "beaker_kernel.server.server_kernel.ServerKernel"

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 (a trait's each)
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self._reserve: dict[str, Reserved] = {}
        self._tasks = Background()
        self._is_filling = False

    async def start_kernel(  # type: ignore[override]
        self,
        *,
        kernel_id: str | None = None,
        path: ApiPath | None = None,
        **wanted: Any,  # noqa: ANN401 (Jupyter's signature)
    ) -> str:
        """Start a kernel, or take one from the reserve, and return its id."""
        plain = {"kernel_name": self.default_kernel_name}
        if kernel_id is not None or path is not None or wanted != plain:
            return await super().start_kernel(kernel_id=kernel_id, path=path, **wanted)
        taken = await self._take() or await super().start_kernel(**wanted)
        self._fill()
        return taken

    def list_kernels(self) -> list[dict[str, Any]]:
        """Return the kernels that somebody has asked for."""
        listed: list[dict[str, Any]] = super().list_kernels()  # type: ignore[no-untyped-call]
        return [kernel for kernel in listed if kernel["id"] not in self._reserve]

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """End a kernel, one that restarts as well."""
        await self._settle(kernel_id)
        await super().shutdown_kernel(kernel_id, *args, **kwargs)  # type: ignore[no-untyped-call]

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """End every kernel."""
        self._is_filling = True  # and stays so
        await self._tasks.close()
        await asyncio.gather(*map(self._settle, self.list_kernel_ids()))
        await super().shutdown_all(now=now)

    async def _settle(self, kernel_id: str) -> None:
        kernel = self._kernels.get(kernel_id)
        if isinstance(kernel, ServerKernel):
            await kernel.settle()

    async def _take(self) -> str:
        """Take a kernel from the reserve that is as good as a new one; empty if there is none."""
        while ready := [name for name, kernel in self._reserve.items() if kernel.is_ready]:
            kernel_id, reserved = ready[0], self._reserve.pop(ready[0])
            if await self._is_as_new(kernel_id, reserved):
                kernel: Any = self.get_kernel(kernel_id)
                kernel.last_activity = utcnow()
                kernel.start_restarter()
                return kernel_id
            if kernel_id in self:
                self._tasks.start(self._end(kernel_id))
        return ""

    async def _is_as_new(self, kernel_id: str, reserved: Reserved) -> bool:
        fresh = time.monotonic() - reserved.began < FRESH and reserved.spec == self._spec()
        if not fresh or kernel_id not in self:
            return False
        alive: bool = await ensure_async(self.is_alive(kernel_id))
        return alive

    async def _end(self, kernel_id: str) -> None:
        await self.shutdown_kernel(kernel_id, now=True)

    def _spec(self) -> dict[str, Any]:
        """Return the default kernelspec as it is installed now; empty where it isn't."""
        specs: Any = self.kernel_spec_manager
        try:
            spec: KernelSpec = specs.get_kernel_spec(self.default_kernel_name)
            return dict(spec.to_dict())
        except NoSuchKernel:
            return {}

    def _fill(self) -> None:
        """Have one more kernel started soon, if the reserve has room."""
        if len(self._reserve) < self.warm and not self._is_filling:
            self._is_filling = True
            self._tasks.start(self._add())

    async def _add(self) -> None:
        await asyncio.sleep(CALM)
        kernel_id = self.new_kernel_id()
        self._reserve[kernel_id] = reserved = Reserved(self._spec(), time.monotonic())
        try:
            # one that is no longer wanted is started first, to be ended
            await to_its_end(
                super().start_kernel(kernel_id=kernel_id, kernel_name=self.default_kernel_name)
            )
        except (NoSuchKernel, OSError, RuntimeError):
            del self._reserve[kernel_id]  # whoever asks for a kernel then hears why it fails
        else:
            reserved.is_ready = True
            self.get_kernel(kernel_id).stop_restarter()
        self._is_filling = False
        if reserved.is_ready:
            self._fill()
