"""Starts, shutdowns and crashes: each sample is a kernel's life of its own."""

from __future__ import annotations

import os
import random
import signal
import statistics
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.contestant import Contestant
from benchmarks.rows import BEAKER, Limit, Row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REST = 2.0
"""Seconds after which a kernel has done what it does at leisure once it has started."""


def starts_and_ends(folder: Path, kernelspecs: Mapping[str, str], rounds: int) -> list[Row]:
    """Measure from the process's start to the reply to a cell sent at once, and its end.

    The end is measured twice: at once after that reply, and of kernels that have rested.
    """
    rows = [
        Row("start to first execute_reply", 1.04),
        Row("shutdown right after it, to the process's end", 1.05),
        Row("shutdown of a kernel at rest", 1.05),
    ]
    for _ in range(rounds):
        names = random.sample([*kernelspecs], len(kernelspecs))
        lives = {name: _life(name, kernelspecs[name], folder) for name in names}
        rested = _ends_at_rest({name: kernelspecs[name] for name in names}, folder)
        for number, row in enumerate(rows):
            row.rounds.append({name: [(*lives[name], rested[name])[number]] for name in names})
    return rows


def _life(name: str, kernelspec: str, folder: Path) -> tuple[float, float]:
    began = time.perf_counter()
    kernel = Contestant(name, kernelspec, folder)
    try:
        kernel.reply(kernel.execute("pass"))
        started = time.perf_counter() - began
        return started, kernel.shut_down()
    finally:
        kernel.stop()


def _ends_at_rest(kernelspecs: Mapping[str, str], folder: Path) -> dict[str, float]:
    with ExitStack() as stack:
        kernels = [Contestant(name, spec, folder) for name, spec in kernelspecs.items()]
        for kernel in kernels:
            stack.callback(kernel.stop)
            kernel.reply(kernel.execute("pass"))
        time.sleep(REST)
        return {kernel.name: kernel.shut_down() for kernel in kernels}


def crashes(folder: Path, kernelspec: str, rounds: int) -> list[Limit]:
    """Measure from the end of the subkernel to `restarting`, and to the next cell's reply."""
    told, back = [], []
    kernel = Contestant(BEAKER, kernelspec, folder)
    try:
        for _ in range(min(rounds, 5)):  # more in a row, and the relay gives up
            kernel.run("pass")
            (subkernel,) = kernel.process.children()
            began = time.perf_counter()
            os.kill(subkernel.pid, signal.SIGKILL)
            kernel.wait_for(b"restarting")
            told.append((time.perf_counter() - began) * 1e3)
            kernel.reply(kernel.execute("pass"))
            back.append((time.perf_counter() - began) * 1e3)
    finally:
        kernel.stop()
    return [
        Limit("crash to `restarting`", statistics.median(told), 100, "ms"),
        Limit("crash to the next cell's reply", statistics.median(back), None, "ms"),
    ]
