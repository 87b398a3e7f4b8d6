"""Signatures that were used already: a message is acted on once."""

from __future__ import annotations

KEPT = 8192


class Digests:
    """The last signatures, oldest first; unsigned connections have nothing to remember."""

    def __init__(self) -> None:
        self._seen: dict[bytes, None] = {}

    def is_new(self, signature: bytes) -> bool:
        """Note a signature and tell whether this is its first use."""
        if signature in self._seen:
            return False
        if signature:
            self._seen[signature] = None
            if len(self._seen) > KEPT:
                del self._seen[next(iter(self._seen))]
        return True
