"""The order of cells where some are ours and some the subkernel's.

A question (`%ask`) waits for the cells before it, and the cells after it wait for the question;
what fails aborts those that wait, as `stop_on_error` says. Without questions nothing waits here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from beaker_kernel.kernel.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beaker_kernel.kernel.inflight import Request

PATIENCE = 0.9
"""Seconds that a cell's reply may come after its idle."""


class Turns:
    """Who may run now, and who waits."""

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()
        self._running: dict[str, Request] = {}
        self._over_since: dict[str, float] = {}

    def admit(self, cell: Request) -> bool:
        """Tell whether a cell may run now; otherwise it waits until `finish` releases it."""
        if self._waiting or not self._may_run(cell):
            self._waiting.append(cell)
            return False
        self._running[cell.msg_id] = cell
        return True

    def finish(self, msg_id: str) -> Iterator[Request]:
        """Note a cell's reply and yield the cells that may run now, in their order."""
        self._running.pop(msg_id, None)
        while self._waiting and self._may_run(self._waiting[0]):
            cell = self._waiting.popleft()
            self._running[cell.msg_id] = cell
            yield cell

    def unanswered(self, now: float) -> list[Request]:
        """Return the cells that have been over for a while, and have no reply.

        ipykernel sends none where a request is malformed; who waits must not wait for it.
        """
        over = {i: cell for i, cell in self._running.items() if cell.idle and not cell.replied}
        self._over_since = {i: self._over_since.get(i, now) for i in over}
        return [cell for i, cell in over.items() if now - self._over_since[i] >= PATIENCE]

    @property
    def is_waited_for(self) -> bool:
        """Whether a cell waits for its turn."""
        return bool(self._waiting)

    def abort(self) -> list[Request]:
        """Return the waiting cells, which don't run any more."""
        waiting, self._waiting = list(self._waiting), deque()
        return waiting

    def clear(self) -> list[Request]:
        """Return the subkernel's running cells and all waiting ones, which nobody runs now."""
        gone = [c for c in self._running.values() if c.owner is Route.SUBKERNEL]
        self._running = {i: c for i, c in self._running.items() if c.owner is Route.AGENT}
        return gone + self.abort()

    def waits(self, cell: Request) -> bool:
        """Tell whether a cell waits for its turn."""
        return cell in self._waiting

    def _may_run(self, cell: Request) -> bool:
        """Cells of the subkernel queue there; a question runs alone."""
        if cell.owner is Route.AGENT:
            return not self._running
        return all(c.owner is Route.SUBKERNEL for c in self._running.values())
