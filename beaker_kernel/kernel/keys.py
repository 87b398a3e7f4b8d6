"""Two keys behind one kernel: what a sandbox holds opens nothing in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.frames import DELIMITER

if TYPE_CHECKING:
    from beaker_kernel.protocol.frames import Signer


class Keys:
    """Signs messages anew where the subkernel has another key than the frontends."""

    def __init__(self, front: Signer, back: Signer) -> None:
        self._front = front
        self._back = back

    def to_subkernel(self, frames: list[bytes]) -> list[bytes]:
        """Sign for the subkernel.

        Raises:
            ProtocolError: it was no frontend that signed it, nor we.

        """
        at = frames.index(DELIMITER)
        self._check(self._front, frames, at)
        return _signed(self._back, frames, at)

    def to_frontends(self, frames: list[bytes]) -> list[bytes]:
        """Sign for the frontends.

        Raises:
            ProtocolError: it was not the subkernel that signed it.

        """
        at = frames.index(DELIMITER)
        self._check(self._back, frames, at)
        return _signed(self._front, frames, at)

    @staticmethod
    def _check(signer: Signer, frames: list[bytes], at: int) -> None:
        if not signer.verify(frames[at + 1], frames[at + 2 : at + 6]):
            raise ProtocolError("a wrong signature")


def _signed(signer: Signer, frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[:at], *signer.frames(frames[at + 2 : at + 6]), *frames[at + 6 :]]
