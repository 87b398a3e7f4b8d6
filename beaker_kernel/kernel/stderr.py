"""What the subkernel writes to its stderr: passed on, and the end of it kept for an error."""

from __future__ import annotations

import os
import select

from beaker_kernel.kernel.early import suppress

CHUNK = 4096
"""Bytes that a pipe which is ready takes without blocking (POSIX, PIPE_BUF, on Linux)."""
KEPT = 2000
"""Bytes of the end that an error tells."""
LAST = 16 * CHUNK
"""Bytes that a pipe holds on Linux: no more is read at the end, though something writes on."""
OURS = 2


class Stderr:
    """One generation's stderr.

    Attributes:
        reader: what to wait for; closed when there is nothing more to come.
        writer: what the subkernel gets as its fd 2; ours is closed by `handed_over`.

    """

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self._end = b""

    def handed_over(self) -> None:
        """Close our copy of what the subkernel has now."""
        os.close(self.writer)

    def pass_on(self) -> bool:
        """Pass on what is there; False at the end of it."""
        try:
            data = os.read(self.reader, CHUNK)
        except BlockingIOError:
            return True
        self._end = (self._end + data)[-KEPT:]
        write(data)
        return bool(data)

    def close(self) -> str:
        """Close it, and return the end of what it said."""
        for _ in range(LAST // CHUNK):
            if not self.pass_on():
                break
        os.close(self.reader)
        return self.end

    @property
    def end(self) -> str:
        """The end of what it said."""
        return self._end.decode("utf-8", "replace").strip()


def write(data: bytes) -> None:
    """Write to our own stderr, unless nobody reads that: a full pipe must not stop the kernel."""
    poller = select.poll()
    poller.register(OURS, select.POLLOUT)
    with suppress(OSError):
        for at in range(0, len(data), CHUNK):
            if any(event & select.POLLOUT for _, event in poller.poll(0)):
                os.write(OURS, data[at : at + CHUNK])
