"""What Jupyter Server tells of a kernel's activity, said by whoever listens to it anyway."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_client.multikernelmanager import MultiKernelManager


class Activity:
    """One kernel's state and last activity, as ``/api/kernels`` shows them and culling reads them.

    Jupyter Server's manager listens to each kernel's output itself, and parses all of it, only to
    know these two. For a kernel of ours that would be done twice.
    """

    def __init__(self, kernels: MultiKernelManager, kernel_id: str) -> None:
        self._kernels = kernels
        self._kernel_id = kernel_id
        self._ours = False

    def take_over(self) -> None:
        """Have the manager listen no more; managers of others don't."""
        stop = getattr(self._kernels, "stop_watching_activity", None)
        if stop:
            stop(self._kernel_id)
            self._ours = True

    def note(self, state: str) -> None:
        """Take in a ``status`` of the kernel's."""
        if self._ours and self._kernel_id in self._kernels:
            kernel = self._kernels.get_kernel(self._kernel_id)
            kernel.execution_state = state  # type: ignore[attr-defined]
            kernel.last_activity = datetime.now(UTC)  # type: ignore[attr-defined]
