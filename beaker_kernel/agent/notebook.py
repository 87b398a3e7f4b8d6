"""The notebook as its frontend has it: cells to read, and to change where they are as expected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import uuid4

from beaker_kernel.agent.outputs import Outputs
from beaker_kernel.agent.policy import digest
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.codec import decode, encode
from beaker_kernel.protocol.messages import CellAck, CellOp

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.protocol.messages import CellOperation

ANSWER = 3.0
"""Seconds in which a frontend that is there has answered."""
ANSWERS = frozenset({"cell_ack", "notebook_state_response"})
"""What a frontend sends over the comm because it was asked to."""
Send: TypeAlias = Callable[[str, dict[str, Any], str], None]
"""Sends a message's type, content and exchange id over a comm."""
SILENT = "the notebook doesn't answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCell:
    """A cell as it stands in the notebook."""

    id: str
    kind: str
    source: str
    execution_count: int | None = None
    output: str = ""

    @property
    def sha256(self) -> str:
        """The hash of its source."""
        return digest(self.source)


class NotebookState(NamedTuple):
    """A notebook as a frontend describes it.

    Attributes:
        cells: in order.
        said: the conversation that its metadata hold, as a transcript; it may be anybody's.
        metadata: as they are.

    """

    cells: list[NotebookCell]
    said: str = ""
    metadata: object = None


@dataclass(slots=True)
class Exchanges:
    """What frontends were asked, by the id of the exchange."""

    _waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def ask(
        self, send: Send, msg_type: str, content: dict[str, Any], exchange: str = ""
    ) -> dict[str, Any]:
        """Ask a frontend and return its answer.

        Raises:
            TimeoutError: nobody answers.

        """
        exchange = exchange or uuid4().hex
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[exchange] = answer
        send(msg_type, content, exchange)
        try:
            async with asyncio.timeout(ANSWER):
                return await answer
        finally:
            del self._waiting[exchange]

    def receive(self, exchange: str, content: dict[str, Any]) -> None:
        """Take in an answer; one that nobody waits for is late, and of no use."""
        answer = self._waiting.get(exchange)
        if answer and not answer.done():
            answer.set_result(content)


class Notebook:
    """One question's view of the notebook.

    What the model has read is remembered by its hash, and expected with each change, so that a cell
    which the person has changed meanwhile is not overwritten.

    Args:
        ask: asks the frontend over its comm, by type and content; raises TimeoutError.
        asked_for: notes that the notebook is asked for, and returns that event's content.
        below: the cell below which new ones go; empty for where the frontend sees fit.

    Attributes:
        corrects: the cell that the next code is to replace, if the person takes it.

    """

    def __init__(
        self,
        ask: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]],
        asked_for: Callable[[], dict[str, Any]],
        below: str = "",
    ) -> None:
        self._ask = ask
        self._asked_for = asked_for
        self._below = below
        self._seen: dict[str, NotebookCell] = {}
        self.corrects: NotebookCell | None = None

    async def read(self) -> NotebookState:
        """Return the notebook as it is now.

        Raises:
            ProtocolError: the frontend doesn't answer, or not with a notebook.

        """
        try:
            state = await self._ask("notebook_state_request", self._asked_for())
        except TimeoutError as error:
            raise ProtocolError(SILENT) from error
        return read_state(state)

    def saw(self, cell: NotebookCell) -> None:
        """Note that the model has read a cell: it may change it as long as it stays so."""
        self._seen[cell.id] = cell

    def seen(self, cell_id: str) -> NotebookCell | None:
        """Return a cell as the model has read it."""
        return self._seen.get(cell_id)

    async def insert(self, source: str, beaker: dict[str, Any]) -> CellAck:
        """Insert a code cell below the last one that was inserted."""
        op = CellOp(
            op="insert", cell_id=self._below, expected_sha256="", source=source, beaker=beaker
        )
        ack = await self._change(op)
        if ack.ok:
            self._below = ack.cell_id
            self.saw(NotebookCell(id=ack.cell_id, kind="code", source=source))
        return ack

    async def offer(self, source: str, beaker: dict[str, Any]) -> CellAck:
        """Offer code in place of the cell that is to be corrected; what follows is new."""
        cell, self.corrects = self.corrects, None
        assert cell, "there is a cell to be corrected"
        self.saw(cell)
        return await self.change("diff", cell, source=source, beaker=beaker)

    async def change(
        self,
        op: CellOperation,
        cell: NotebookCell,
        *,
        source: str | None = None,
        after: str | None = None,
        beaker: dict[str, Any] | None = None,
    ) -> CellAck:
        """Change a cell that the model has read; one that is another by now has to be read anew."""
        change = CellOp(
            op=op,
            cell_id=cell.id,
            expected_sha256=cell.sha256,
            source=source,
            after=after,
            beaker=beaker,
        )
        ack = await self._change(change)
        now = replace(cell, source=source or "") if op == "replace" else cell
        self._seen.pop(cell.id, None)
        if ack.ok and ack.sha256 == now.sha256:
            self.saw(now)
        return ack

    async def _change(self, op: CellOp) -> CellAck:
        try:
            ack = decode("cell_ack", await self._ask("cell_op", encode(op)))
        except TimeoutError:
            return CellAck(ok=False, cell_id=op.cell_id, sha256="", reason=SILENT)
        assert isinstance(ack, CellAck)
        return ack


def read_state(notebook: dict[str, Any]) -> NotebookState:
    """Read a notebook in Jupyter's format; what no cell should be without may be missing.

    Raises:
        ProtocolError: it is no notebook.

    """
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ProtocolError("this is no notebook: it has no list of cells")
    metadata = notebook.get("metadata")
    return NotebookState([_cell(cell) for cell in cells], _said(metadata), metadata)


async def state_of(notebook: Notebook | None, surface: Surface) -> NotebookState | None:
    """Return how a notebook is now; none where nobody tells, which its person then hears."""
    if notebook is None:
        return None
    try:
        return await notebook.read()
    except ProtocolError as error:
        surface.notice(f"{error}; what was edited since it ran is not known.")
        return None


def _said(metadata: object) -> str:
    """Return the conversation that a notebook's metadata hold, as a transcript."""
    beaker = metadata.get("beaker") if isinstance(metadata, dict) else None
    kept = beaker.get("conversation") if isinstance(beaker, dict) else None
    messages = kept.get("messages") if isinstance(kept, dict) else None
    spoken = [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    lines = [f"{m.get('role')}: {m['content']}" for m in spoken if m.get("content")]
    return "\n\n".join(lines)


def _cell(cell: dict[str, Any]) -> NotebookCell:
    count = cell.get("execution_count")
    return NotebookCell(
        id=str(cell.get("id", "")),
        kind=str(cell.get("cell_type", "code")),
        source=_joined(cell.get("source", "")),
        execution_count=count if isinstance(count, int) else None,
        output=_output(cell.get("outputs")),
    )


def _output(outputs: object) -> str:
    """Return what stands below a cell as a text."""
    shown = Outputs()
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            told = output | {"text": _joined(output.get("text", ""))}
            shown.add(str(output.get("output_type")), told)
    return shown.raw


def _joined(text: object) -> str:
    """Return a text that may stand there as a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
