"""The measurements, in the order in which they run; all kernels are alive at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from benchmarks import idle_kernel
from benchmarks.browser import tabs
from benchmarks.contestant import Contestant
from benchmarks.rows import BEAKER, CONTROL, PLAIN, Limit, Row, interleave
from benchmarks.served import cell, clients, executing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Kernels = dict[str, Contestant]

K = TypeVar("K")
KERNELSPECS = {PLAIN: "python3", CONTROL: "python3", BEAKER: "beaker"}
BLOCK = 10
"""Samples of a quick cell per block; the one before them warms the caches up and doesn't count."""
SAMPLES = 300
"""What a quick cell's row needs at least to count."""
TOKENS_PER_SECOND = 200
RESTED = 2.0
"""Seconds after which the relay has given back what it doesn't need."""
BUFFER = """
from comm import create_comm
comm = create_comm(target_name="nobody")
comm.send({}, buffers=[bytes(40_000_000)])
comm.close()
"""
HEAVY: tuple[tuple[str, float | None, int, str], ...] = (
    ("50,000 prints", 1.02, 3, "for i in range(50_000): print(i)"),
    ("2,000 flushed prints", 1.05, 2, "for i in range(2_000): print(i, flush=True)"),
    ("3,000 displays", 1.05, 1, "for i in range(3_000): display(i)"),
    ("20 MB display", 1.15, 1, "display({'text/plain': 'x' * 20_000_000}, raw=True)"),
    ("40 MB comm buffer", None, 1, BUFFER),
)
GIGABYTE = "for _ in range(100): display({'text/plain': 'x' * 10_000_000}, raw=True)"
"""Title, bound, how many times the usual rounds (a narrow bound needs more), and the cell."""


class Runs(Protocol):
    """Whatever runs a cell and tells how long it took."""

    def run(self, code: str) -> float:
        """Run a cell and return the seconds until reply and idle are there."""


@contextmanager
def contestants(
    folder: Path, env: dict[str, str], plain: str = KERNELSPECS[PLAIN]
) -> Iterator[Kernels]:
    """Run a plain kernel, its control and Beaker, warm."""
    specs = {PLAIN: plain, CONTROL: plain, BEAKER: KERNELSPECS[BEAKER]}
    kernels = {name: Contestant(name, spec, folder, env) for name, spec in specs.items()}
    try:
        for kernel in kernels.values():
            kernel.meet()
            kernel.run_many("pass", 30)
        yield kernels
    finally:
        for kernel in kernels.values():
            kernel.stop()


def taken(
    row: Row, kernels: Mapping[str, K], block: Callable[[K], list[float]], rounds: int
) -> Row:
    """Fill a row with samples of running kernels."""
    return interleave(row, list(kernels), lambda name: block(kernels[name]), rounds)


def quick(kernel: Runs) -> list[float]:
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


def round_trips(kernels: Kernels, rounds: int) -> Iterator[Row | Limit]:
    """Measure the shortest cell, and what it costs the relay."""
    relay, plain = kernels[BEAKER], kernels[PLAIN]
    before = relay.cpu(), plain.cpu()
    yield taken(Row("`pass` round trip", 1.15, least=SAMPLES), kernels, quick, rounds)
    used = relay.cpu() - before[0], plain.cpu() - before[1]
    yield Limit("relay's CPU per `pass`, of ipykernel's", used[0] / used[1], 0.28, "x")
    many = settled(lambda kernel: kernel.run_many("pass", 100))
    yield taken(Row("100 cells at once", 1.08), kernels, many, rounds)


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
        row = Row("`pass` while a model streams", 1.20, least=SAMPLES)
        taken(row, kernels, quick, rounds)
        asking.wait_for(b"llm_delta")  # it still does
    return row


def beside_nothing(folder: Path, rounds: int) -> Limit:
    """Measure what the relay adds to a kernel that takes no time."""
    row = Row("nothing", None)
    with contestants(folder, idle_kernel.install(folder), idle_kernel.NAME) as kernels:
        taken(row, kernels, quick, rounds)
    title = f"added to a kernel that does nothing (to its control: {row.added(CONTROL):.2f} ms)"
    return Limit(title, row.added(BEAKER), 0.30, "ms")


def served(folder: Path, rounds: int) -> Iterator[Row]:
    """Measure the shortest cell through a websocket: our server, and a stock one."""
    with clients(folder / "python") as found:
        row = Row("`pass` through a server's websocket", 0.60, least=SAMPLES)
        yield taken(row, found, quick, rounds)
    with executing(folder / "executions") as found:
        row = Row("`POST /executions` beside a stock server's websocket", 0.60, least=SAMPLES)
        yield taken(row, found, quick, rounds)
    with tabs(folder / "browser") as pages:
        row = Row("the same in Chromium", 0.60, least=SAMPLES)
        yield taken(row, pages, lambda tab: tab.times(cell("pass"), BLOCK + 1)[1:], rounds)


def memory(kernels: Kernels, gigabytes: int) -> Iterator[Limit]:
    """Read the relay's memory after all that has passed through it, then after some more."""
    title = "relay's RSS"
    for more in (0, gigabytes):
        for _ in range(more):
            kernels[BEAKER].run(GIGABYTE)
        time.sleep(RESTED)
        yield Limit(title, kernels[BEAKER].process.memory_info().rss / 2**20, 22, "MB")
        title = f"relay's RSS after {gigabytes} GB more"
