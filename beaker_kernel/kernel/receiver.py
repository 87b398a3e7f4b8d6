"""Who takes in what comes from the subkernel's side: the relay."""

from __future__ import annotations

from typing import Protocol


class Receiver(Protocol):
    """Takes in the subkernel's messages, and what becomes of it."""

    def reply(self, channel: str, identity: bytes, frames: list[bytes]) -> None:
        """Take in a reply to a frontend client."""

    def input_request(self, identity: bytes, frames: list[bytes]) -> None:
        """Take in a question to a frontend client."""

    def owes(self, identity: bytes) -> bool:
        """Tell whether a frontend client waits for a reply."""

    def publish(self, frames: list[bytes]) -> None:
        """Take in what is published, topic first."""

    def own_reply(self, channel: str, frames: list[bytes]) -> None:
        """Take in the reply to a request that was no frontend's."""

    def subkernel_started(self) -> None:
        """Note that there is a subkernel."""

    def subkernel_slow(self) -> None:
        """Answer from memory who asks what the subkernel is: it takes long to start."""

    def subkernel_died(self, ended: str) -> None:
        """Answer for the subkernel, which has ended."""

    def subkernel_silent(self, said: str) -> None:
        """Answer for the subkernel, which lives and doesn't answer."""
