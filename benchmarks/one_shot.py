"""Code that is run once in a kernel of its own: the same client on our server and a stock one."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from beaker_kernel.client import execute_code_jupyter
from benchmarks.rows import BEAKER, CONTROL, PLAIN, Row, interleave
from benchmarks.served import OURS, STOCK, TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = {PLAIN: STOCK, CONTROL: STOCK, BEAKER: OURS}
REFILLED = 6.0
"""Seconds after which the next kernel is in reserve, and at rest."""


def rows(folder: Path, rounds: int) -> Iterator[Row]:
    """Measure from the call to its result, with a kernel in our server's reserve and without."""
    yield _row(folder / "warm", Row("`execute_code_jupyter`, warm", 0.70), rounds, REFILLED)
    yield _row(folder / "cold", Row("`execute_code_jupyter`, cold", 1.10), rounds, 0.0)


def _row(folder: Path, row: Row, rounds: int, pause: float) -> Row:
    warm = {"BEAKER_WARM_KERNELS": str(int(pause > 0))}
    with ExitStack() as stack:
        ports = {
            name: stack.enter_context(serving(folder / name, command, **warm))
            for name, command in COMMANDS.items()
        }

        def block(name: str) -> list[float]:
            began = time.perf_counter()
            url = f"http://127.0.0.1:{ports[name]}"
            found = asyncio.run(execute_code_jupyter(url, "print(1)", TOKEN))
            took = time.perf_counter() - began
            assert found["stdout"] == "1", found
            time.sleep(pause if name == BEAKER else 0)
            return [took]

        for name in ports:
            block(name)  # the first call opens what stays
        return interleave(row, [*ports], block, rounds)
