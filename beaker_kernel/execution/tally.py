"""What a service has done since it began."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beaker_kernel.execution.results import Execution


@dataclass(slots=True)
class Tally:
    """Executions that are over.

    Attributes:
        ended: how many, by their status.
        seconds: that they ran, together.
        written: characters that they wrote to their streams, together.

    """

    ended: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    written: int = 0

    def add(self, execution: Execution, written: int) -> None:
        """Count an execution."""
        self.ended[execution.status] += 1
        self.seconds += (execution.duration_ms or 0) / 1000
        self.written += written
