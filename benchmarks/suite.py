"""The measurements, in the order in which they run; all kernels are alive at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contestant import Contestant
from benchmarks.rows import BEAKER, CONTROL, PLAIN, Limit, Row, interleave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Kernels = dict[str, Contestant]

KERNELSPECS = {PLAIN: "python3", CONTROL: "python3", BEAKER: "beaker"}
BLOCK = 10
"""Samples of a quick cell per block; the one before them warms the caches up and doesn't count."""
SAMPLES = 300
"""What a quick cell's row needs at least to count."""
TOKENS_PER_SECOND = 200
RESTED = 2.0
"""Seconds after which the relay has given back what it doesn't need."""
HEAVY = (
    ("50,000 prints", 1.03, 3, "for i in range(50_000): print(i)"),
    ("3,000 displays", 1.15, 1, "for i in range(3_000): display(i)"),
    ("20 MB display", 1.30, 1, "display({'text/plain': 'x' * 20_000_000}, raw=True)"),
)
"""Title, bound, how many times the usual rounds (a narrow bound needs more), and the cell."""


@contextmanager
def contestants(folder: Path, env: dict[str, str]) -> Iterator[Kernels]:
    """Run a plain kernel, its control and Beaker, warm."""
    kernels = {name: Contestant(name, spec, folder, env) for name, spec in KERNELSPECS.items()}
    try:
        for kernel in kernels.values():
            kernel.run_many("pass", 30)
        yield kernels
    finally:
        for kernel in kernels.values():
            kernel.stop()


def taken(
    row: Row, kernels: Kernels, block: Callable[[Contestant], list[float]], rounds: int
) -> Row:
    """Fill a row with samples of running kernels."""
    return interleave(row, list(kernels), lambda name: block(kernels[name]), rounds)


def quick(kernel: Contestant) -> list[float]:
    """Take a block of round trips of the shortest cell."""
    kernel.run("pass")
    return [kernel.run("pass") for _ in range(BLOCK)]


def settled(take: Callable[[Contestant], float]) -> Callable[[Contestant], list[float]]:
    """Take one sample, then let the kernel finish what is left of it."""

    def block(kernel: Contestant) -> list[float]:
        sample = take(kernel)
        kernel.run("pass")
        return [sample]

    return block


def starts(folder: Path, rounds: int) -> Row:
    """Measure from the process's start to the reply to a cell that was sent at once."""

    def start(name: str) -> list[float]:
        began = time.perf_counter()
        kernel = Contestant(name, KERNELSPECS[name], folder, {})
        try:
            kernel.reply(kernel.execute("pass"))
            return [time.perf_counter() - began]
        finally:
            kernel.stop()

    return interleave(Row("start to first execute_reply", 1.08), list(KERNELSPECS), start, rounds)


def round_trips(kernels: Kernels, rounds: int) -> Iterator[Row | Limit]:
    """Measure the shortest cell, and what it costs the relay."""
    relay, plain = kernels[BEAKER], kernels[PLAIN]
    before = relay.cpu(), plain.cpu()
    yield taken(Row("`pass` round trip", 1.20, least=SAMPLES), kernels, quick, rounds)
    used = relay.cpu() - before[0], plain.cpu() - before[1]
    yield Limit("relay's CPU per `pass`, of ipykernel's", used[0] / used[1], 0.40, "x")
    many = settled(lambda kernel: kernel.run_many("pass", 100))
    yield taken(Row("100 cells at once", 1.15), kernels, many, rounds)


def heavy(kernels: Kernels, rounds: int) -> Iterator[Row]:
    """Measure long outputs."""
    for title, bound, times, code in HEAVY:
        block = settled(partial(Contestant.run, code=code))
        yield taken(Row(title, bound), kernels, block, rounds * times)


@contextmanager
def streaming_model(folder: Path, seconds: float) -> Iterator[dict[str, str]]:
    """Run a model that streams an endless answer; yield the settings that lead to it."""
    script = folder / "script.json"
    words = "so " * int(TOKENS_PER_SECOND * seconds)
    answer = {"answer": words, "size": 3, "pause": 1 / TOKENS_PER_SECOND}
    script.write_text(json.dumps({"default": {"text": answer}}))
    command = [sys.executable, "-m", "tests.support.scripted_model", str(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as model:
        assert model.stdin
        assert model.stdout
        url = model.stdout.readline().decode().strip()
        endpoint = {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "sk-bench",
            "BEAKER_MODEL": "scripted",
        }
        yield endpoint | {"JUPYTER_DATA_DIR": str(folder)}
        model.stdin.close()


def while_streaming(kernels: Kernels, rounds: int) -> Row:
    """Measure the shortest cell of one client while another's question is answered."""
    with kernels[BEAKER].another_client() as asking:
        asking.send("llm_request", {"request": "talk"})
        asking.wait_for(b"llm_delta")
        row = Row("`pass` while a model streams", 1.30, least=SAMPLES)
        taken(row, kernels, quick, rounds)
        asking.wait_for(b"llm_delta")  # it still does
    return row


def memory(kernels: Kernels) -> Limit:
    """Read the relay's memory after all that has passed through it, and a rest."""
    time.sleep(RESTED)
    return Limit("relay's RSS", kernels[BEAKER].process.memory_info().rss / 2**20, 26, "MB")
