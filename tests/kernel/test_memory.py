"""The relay's memory after large outputs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.kernels import PATIENCE

if TYPE_CHECKING:
    from tests.support.kernels import Kernel

MB = 2**20


def test_what_large_outputs_took_is_given_back(kernel: Kernel) -> None:
    kernel.client.run("1")
    before = kernel.relay.memory_info().rss
    for _ in range(5):
        kernel.client.run("display({'text/plain': 'x' * 20_000_000}, raw=True)")
    end = time.monotonic() + PATIENCE
    while kernel.relay.memory_info().rss > before + 3 * MB:
        assert time.monotonic() < end, f"{kernel.relay.memory_info().rss / MB:.0f} MB"
        time.sleep(0.05)
