"""The cells that ran before the question, put together from what the relay recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from beaker_kernel.agent.outputs import Outputs

if TYPE_CHECKING:
    from beaker_kernel.agent.link import Incoming

KEPT = 20


@dataclass(slots=True)
class Cell:
    """One cell as it ran."""

    source: str
    execution_count: int
    outputs: Outputs = field(default_factory=Outputs)


class Cells:
    """The last cells of the session, oldest first.

    Attributes:
        execution_count: the count of the last one; 0 before any.

    """

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}
        self.execution_count = 0

    def add(self, message: Incoming) -> None:
        """Take in a recorded message of a cell."""
        content = json.loads(message.content)
        if message.msg_type == "execute_input":
            self._begin(message.parent_id, content)
        elif cell := self._cells.get(message.parent_id):
            if size := content.get("beaker_left_out"):
                cell.outputs.texts.append(f"[an output of {size} bytes]\n")
            else:
                cell.outputs.add(message.msg_type, content)

    def _begin(self, msg_id: str, content: dict[str, object]) -> None:
        self.execution_count = int(str(content.get("execution_count") or 0))
        self._cells[msg_id] = Cell(str(content.get("code", "")), self.execution_count)
        while len(self._cells) > KEPT:
            del self._cells[next(iter(self._cells))]

    def take(self) -> list[Cell]:
        """Return the cells that no question has seen yet, and begin anew."""
        cells = list(self._cells.values())
        self._cells.clear()
        return cells

    def peek(self) -> list[Cell]:
        """Return the cells that no question has seen yet."""
        return list(self._cells.values())
