"""The cells that ran before the question, put together from what the relay recorded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from beaker_kernel.agent.link import Incoming
    from beaker_kernel.agent.notebook import NotebookCell

KEPT = 20
RUNS = 100
"""Sources that are remembered to tell whether they still stand in the notebook."""
SEARCHED = 20_000
"""Characters of a source in which it is looked for what it sets."""
PLAIN = re.compile(r"[\w.]+")
"""Names that are told outside the marks of data: any other may be a sentence."""


@dataclass(slots=True, eq=False)
class Cell:
    """One cell as it ran."""

    source: str
    execution_count: int
    outputs: Outputs = field(default_factory=Outputs)


class Cells:
    """The last cells of the session that no question has shown to the model yet.

    Attributes:
        execution_count: the count of the last one that ran; 0 where none is known.
        failed: the last one that ended in an error.

    """

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}
        self._told: dict[str, Cell] = {}
        self._ran: dict[int, str] = {}
        self.execution_count = 0
        self.failed: Cell | None = None

    @property
    def shown_count(self) -> int:
        """The count that a cell of ours shows; JupyterLab takes 0 for one that still runs."""
        return max(1, self.execution_count)

    def add(self, message: Incoming) -> None:
        """Take in a recorded message of a cell."""
        content = json.loads(message.content)
        left_out = content.get("beaker_left_out")
        if message.msg_type == "execute_input":
            self._begin(message.parent_id, content, left_out)
        elif cell := self._known(message.parent_id):
            if left_out:
                cell.outputs.write(f"[an output of {left_out} bytes]\n")
            else:
                cell.outputs.add(message.msg_type, content)
            if message.msg_type == "error":
                self.failed = cell

    def _known(self, msg_id: str) -> Cell | None:
        """Return a cell; one that puts out more after it was told is to be told again."""
        if msg_id in self._told:
            self._cells[msg_id] = self._told.pop(msg_id)
        return self._cells.get(msg_id)

    def _begin(self, msg_id: str, content: dict[str, object], left_out: object) -> None:
        if left_out:  # with the source its count was left out, too
            content = {
                "code": f"[a cell of {left_out} bytes]",
                "execution_count": self.execution_count + 1,
            }
        self.execution_count = int(str(content.get("execution_count") or 0))
        self._cells[msg_id] = Cell(str(content.get("code", "")), self.execution_count)
        self._ran[self.execution_count] = self._cells[msg_id].source
        _bound(self._cells, KEPT)
        _bound(self._ran, RUNS)

    def peek(self) -> list[Cell]:
        """Return them, oldest first."""
        return list(self._cells.values())

    def changed_since(
        self, notebook: Iterable[NotebookCell], names: Collection[str] = ()
    ) -> list[str]:
        """Say of which cells the source that ran isn't in the notebook: edited, deleted, or never.

        What a person runs in an answer never stood there. And which of the variables in `names`
        come from it, as far as a source tells by its looks.
        """
        cells = [cell for cell in notebook if cell.kind == "code"]
        standing = {cell.source for cell in cells}
        counts = {cell.execution_count for cell in cells}
        return [
            f"[{count}] {'was edited since' if count in counts else 'is not in the notebook'}"
            + _made(self._made_by(count, names))
            for count, source in self._ran.items()
            if source not in standing
        ]

    def _made_by(self, count: int, names: Iterable[str]) -> list[str]:
        """Return the variables that a cell has set last."""
        later = [source for ran, source in self._ran.items() if ran > count]
        return [
            name
            for name in names
            if PLAIN.fullmatch(name)
            and sets(self._ran[count], name)
            and not any(sets(source, name) for source in later)
        ]

    def forget(self, shown: Iterable[Cell]) -> None:
        """Leave out cells that the conversation holds now."""
        gone = set(shown)
        self._told |= {i: cell for i, cell in self._cells.items() if cell in gone}
        _bound(self._told, KEPT)
        self._cells = {i: cell for i, cell in self._cells.items() if cell not in gone}

    def restart(self) -> None:
        """Begin counting anew: the subkernel is another one."""
        self.execution_count = 0
        self._ran.clear()


def sets(source: str, name: str) -> bool:
    """Tell whether a source sets a variable, or a part of it, in the looks of most languages."""
    word = rf"(?<![\w.]){re.escape(name)}(?!\w)"
    assigned = rf"^[^#\n=(]*{word}[^\n=(]*?(?:<-|(?<![=!<>])=(?!=))"
    declared = rf"\b(?:def|class|function|import|for|as)\s+{word}|^\s*{word}\s*\(\)\s*\{{"
    return re.search(f"{assigned}|{declared}", source[:SEARCHED], re.MULTILINE) is not None


def _made(names: Iterable[str]) -> str:
    made = ", ".join(names)
    return f"; from what ran: {made}" if made else ""


def _bound(kept: dict[Any, Any], most: int) -> None:
    """Forget the oldest of too many."""
    while len(kept) > most:
        del kept[next(iter(kept))]
