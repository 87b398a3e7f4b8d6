"""Who waits for an answer on stdin: a cell of the subkernel's, or the agent."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from beaker_kernel.kernel.routing import Route

REMEMBERED = 100
"""Questions that are closed without an answer, one of which may come yet."""


class Question(NamedTuple):
    """One `input_request` that a frontend was sent.

    Attributes:
        identity: the frontend.
        under: the id of its request under which it is asked.
        asker: who asked.
        id: the question's own.

    """

    identity: bytes
    under: str
    asker: Route
    id: str = ""


class Questions:
    """The open questions of all frontends, oldest first."""

    def __init__(self) -> None:
        self._open: list[Question] = []
        self._given_up: deque[str] = deque(maxlen=REMEMBERED)

    def ask(self, identity: bytes, under: str, asker: Route, question: str = "") -> None:
        """Note a question, with the id of its own message."""
        self._open.append(Question(identity, under, asker, question))

    def answered(self, identity: bytes, parent: str = "") -> Route | None:
        """Close the question that a frontend answers, and return who asked; its oldest is meant.

        Most clients send answers without a parent, so their order is all there is to go by. An
        answer to a question that nobody asks any more is nobody's: ``None``.
        """
        if parent and parent in self._given_up:
            return None
        own = [q for q in self._open if q.identity == identity]
        if not own:
            return Route.SUBKERNEL
        question = next((q for q in own if parent and q.id == parent), own[0])
        self._open.remove(question)
        return question.asker

    def withdraw(self, identity: bytes, asker: Route) -> None:
        """Close the oldest question that this asker has put to a frontend."""
        question = next(
            (q for q in self._open if q.identity == identity and q.asker is asker), None
        )
        if question:
            self._give_up([question])

    def ended(self, under: str) -> None:
        """Close the questions under a request that is over, answered or not."""
        if self._open:
            self._give_up([q for q in self._open if q.under == under])

    def clear(self, asker: Route | None = None) -> None:
        """Close every question, or one asker's."""
        self._give_up([q for q in self._open if asker in (None, q.asker)])

    def _give_up(self, questions: list[Question]) -> None:
        for question in questions:
            self._open.remove(question)
            self._given_up.append(question.id)
