"""Output of any length: in memory up to a bound, beyond it whole in a file."""

from __future__ import annotations

import io
import logging
import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


class Spool:
    """What a stream has said, or a result that is very large.

    Attributes:
        path: where the whole is, once it is more than is kept in memory.
        size: bytes of the whole, as UTF-8.
        complete: whether the whole is kept; False once the disk was full.

    """

    def __init__(self, path: Path, room: int) -> None:
        self.path = path
        self.size = 0
        self.complete = True
        self._room = room
        self._kept: BinaryIO = io.BytesIO()

    @property
    def cut(self) -> bool:
        """Whether `text` leaves something out."""
        return self.size > self._room

    def write(self, text: str) -> None:
        """Take in text."""
        data = text.encode("utf-8", "replace")
        before, self.size = self.size, self.size + len(data)
        if not self.complete:
            return
        try:
            if before <= self._room < self.size:
                self._kept = self._moved(self._kept)
            self._kept.write(data)
        except OSError as error:
            self._do_without(error)
            if isinstance(self._kept, io.BytesIO):
                self._kept.write(data[: self._room - before])

    def text(self) -> str:
        """Return the whole, or its beginning and its end with a word on what lies between."""
        if not self.cut:
            return self._read(0, self.size)
        kept = self._kept.seek(0, io.SEEK_END)
        tail = min(self._room // 4, kept)
        head = min(self._room - tail, kept - tail)
        left_out = self.size - head - tail
        marker = f"\n... {left_out:,} of {self.size:,} bytes left out here ...\n"
        return self._read(0, head) + marker + self._read(kept - tail, tail)

    def close(self) -> None:
        """Let go of the file, which stays."""
        try:
            self._kept.close()
        except OSError as error:
            self._do_without(error)

    def discard(self) -> None:
        """Let go of everything."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _do_without(self, error: OSError) -> None:
        """Keep no more: the disk is full, and the cell goes on."""
        self.complete = False
        log.warning("the whole of an output can't be kept: %s", error.strerror)

    def _read(self, offset: int, size: int) -> str:
        self._kept.seek(offset)
        return self._kept.read(size).decode("utf-8", "ignore")

    def _moved(self, memory: BinaryIO) -> BinaryIO:
        """Go over to a file that only its owner can read."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        file = open(os.open(self.path, flags, 0o600), "w+b")  # noqa: SIM115 (closed by `close`)
        memory.seek(0)
        file.write(memory.read())
        return file
