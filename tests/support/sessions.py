"""Sessions that stand in for a kernel's, where a test is about something else."""

from __future__ import annotations

from beaker_kernel.languages import Default
from beaker_kernel.protocol.replies import VariablesReply


class EmptySession:
    """A session without variables."""

    language = Default("python")
    sandbox = ""
    generation = 1

    async def variables(self, limit: int = 50, names: tuple[str, ...] = ()) -> VariablesReply:
        """There are none."""
        return VariablesReply()
