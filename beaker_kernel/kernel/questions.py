"""Who waits for an answer on stdin: a cell of the subkernel's, or the agent."""

from __future__ import annotations

from typing import NamedTuple

from beaker_kernel.kernel.routing import Route


class Question(NamedTuple):
    """One `input_request` that a frontend was sent, under which of its requests, by whom."""

    identity: bytes
    msg_id: str
    asker: Route


class Questions:
    """The open questions of all frontends, oldest first."""

    def __init__(self) -> None:
        self._open: list[Question] = []

    def ask(self, identity: bytes, msg_id: str, asker: Route) -> None:
        """Note a question."""
        self._open.append(Question(identity, msg_id, asker))

    def answered(self, identity: bytes) -> Route:
        """Close this frontend's oldest question and return who asked.

        Most clients send answers without a parent, so their order is all there is to go by.
        """
        question = next((q for q in self._open if q.identity == identity), None)
        if question is None:
            return Route.SUBKERNEL
        self._open.remove(question)
        return question.asker

    def withdraw(self, identity: bytes, asker: Route) -> None:
        """Close the oldest question that this asker has put to a frontend."""
        question = next(
            (q for q in self._open if q.identity == identity and q.asker is asker), None
        )
        if question:
            self._open.remove(question)

    def ended(self, msg_id: str) -> None:
        """Close the questions under a request that is over, answered or not."""
        if self._open:
            self._open = [q for q in self._open if q.msg_id != msg_id]

    def clear(self, asker: Route | None = None) -> None:
        """Close every question, or one asker's."""
        self._open = [q for q in self._open if asker and q.asker is not asker]
