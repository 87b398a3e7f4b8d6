"""Who waits for an answer on stdin: a cell of the subkernel's, or the agent."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from beaker_kernel.kernel.routing import Route

REMEMBERED = 100
"""Questions that are over, and may be answered once more."""


class Question(NamedTuple):
    """One `input_request` that a frontend was sent.

    Attributes:
        identity: the frontend.
        under: the id of its request under which it is asked.
        asker: who asked; ``None`` once the question is withdrawn, for it still stands there.
        id: the question's own.

    """

    identity: bytes
    under: str
    asker: Route | None
    id: str = ""


class Questions:
    """The open questions of all frontends, oldest first."""

    def __init__(self) -> None:
        self._open: list[Question] = []
        self._over: deque[str] = deque(maxlen=REMEMBERED)

    def ask(self, identity: bytes, under: str, asker: Route, question: str = "") -> None:
        """Note a question, with the id of its own message."""
        self._open.append(Question(identity, under, asker, question))

    def answered(self, identity: bytes, parent: str = "") -> Route | None:
        """Close the question that a frontend answers, and return who asked; its oldest is meant.

        Most clients send answers without a parent, so their order is all there is to go by. An
        answer to a question that nobody asks any more is nobody's: ``None``.
        """
        if parent and parent in self._over:
            return None
        own = [q for q in self._open if q.identity == identity]
        if not own:
            return Route.SUBKERNEL
        question = next((q for q in own if parent and q.id == parent), own[0])
        self._close(question)
        return question.asker

    def withdraw(self, identity: bytes, asker: Route) -> None:
        """Give up the oldest question that this asker has put to a frontend.

        It may be answered yet while its request goes on, which must not count for the next one.
        """
        for at, question in enumerate(self._open):
            if (question.identity, question.asker) == (identity, asker):
                self._open[at] = question._replace(asker=None)
                return

    def ended(self, under: str) -> None:
        """Close the questions under a request that is over, answered or not."""
        if self._open:
            self._drop([q for q in self._open if q.under == under])

    def clear(self, asker: Route | None = None) -> None:
        """Close every question, or one asker's and those that are withdrawn."""
        self._drop([q for q in self._open if asker is None or q.asker in (None, asker)])

    def _drop(self, questions: list[Question]) -> None:
        for question in questions:
            self._close(question)

    def _close(self, question: Question) -> None:
        self._open.remove(question)
        self._over.append(question.id)
