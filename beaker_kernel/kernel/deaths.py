"""The subkernel's deaths: how often in a row, and in which words they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beaker_kernel.kernel.loop import Loop

MOST = 5
"""Deaths in a row after which the relay gives up and leaves it to the server."""
STEADY = 10.0
"""Seconds that a subkernel must live for its death to count as the first again."""
SIGNALLED = 128
"""What a wrapper of the kernel adds to the signal that has ended it, as shells do."""


class Deaths:
    """Counts deaths in a row.

    Attributes:
        number: how many there were.

    """

    def __init__(self, loop: Loop) -> None:
        self.number = 0
        self._loop = loop

    @property
    def are_too_many(self) -> bool:
        """Whether another start would be in vain."""
        return self.number > MOST

    def add(self) -> None:
        """Count one."""
        self.number += 1

    def forget_later(self) -> None:
        """Begin anew, unless there is another one soon."""
        number = self.number
        self._loop.call_later(STEADY, lambda: self._forget(number))

    def _forget(self, number: int) -> None:
        if self.number == number:
            self.number = 0


def how_it_ended(code: int) -> str:
    """Say how a process ended that had this exit code (negative: the signal)."""
    if code > SIGNALLED:
        code = SIGNALLED - code
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def last_words(stderr: str) -> str:
    """Quote the end of a process's stderr, if there is any."""
    return f"; the end of its stderr:\n{stderr}" if stderr else ""
