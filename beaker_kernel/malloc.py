"""What a process of ours asks of glibc's allocator (mallopt(3)); other libraries have no need."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MMAP_THRESHOLD, ARENA_MAX = -3, -8
LARGE = 2**20
"""Bytes from which a block is mapped by itself; glibc would raise that with what it has seen."""


def use_one_arena() -> None:
    """Have ZMQ's threads allocate where the main one does: only from there is all given back."""
    if libc := _libc("mallopt"):
        libc.mallopt(ARENA_MAX, 1)


def give_large_blocks_back() -> None:
    """Have each large block go back to the system as soon as it is free."""
    if libc := _libc("mallopt"):
        libc.mallopt(MMAP_THRESHOLD, LARGE)


def trim() -> None:
    """Give back whatever is free: glibc keeps tens of megabytes for the next time."""
    if libc := _libc("malloc_trim"):
        libc.malloc_trim(0)


def _libc(call: str) -> Any:  # noqa: ANN401 (ctypes has no narrower type)
    """Return the C library if it has that call; musl has none of these."""
    if sys.platform != "linux":
        return None
    import ctypes  # noqa: PLC0415 (in the relay it is loaded by then, for prctl)

    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, call) else None
