"""What a process of ours asks of Linux for itself (prctl(2)); elsewhere it changes nothing."""

from __future__ import annotations

import sys

SET_PDEATHSIG, SET_DUMPABLE = 1, 4


def forbid_dumps() -> None:
    """Close ``/proc/<pid>/environ`` and ``mem`` to other processes of the same user.

    Whatever holds a key does this before it reads it; exec resets it.
    """
    prctl(SET_DUMPABLE, 0)


def prctl(option: int, value: int) -> None:
    """Set an option of this process."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 (5 ms, which the relay pays after it started the subkernel)

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
