"""What a question costs beside the model's time: tool calls, first token, floods of tokens."""

from __future__ import annotations

import json
import statistics
import time
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from beaker_kernel.protocol.frames import DELIMITER
from benchmarks.contestant import Contestant
from benchmarks.rows import Limit
from tests.support.replies import call, chunk, stream, text
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CALLS = 10
"""Tool calls per question."""
TICKS, TICK = 300, 0.01
"""Lines that a cell prints while the tokens come, and the seconds from one to the next."""
OFFERED, AT_ONCE = 20_000, 200
"""Tokens a second, and how many go out together."""
CELL = f"""
import time
for i in range({TICKS}):
    print("tick", time.monotonic(), flush=True)
    time.sleep({TICK})
"""


def rows(folder: Path, rounds: int) -> Iterator[Limit]:
    """Measure a kernel of its own against a scripted model."""
    with ScriptedModel() as model, _asked(folder, model) as kernel:
        ask(kernel, "warm up")
        yield tool_calls(kernel, model, rounds)
        yield first_token(kernel, model, rounds)
        yield output_beside_tokens(kernel, model)


@contextmanager
def _asked(folder: Path, model: ScriptedModel) -> Iterator[Contestant]:
    env = {
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "sk-bench",
        "BEAKER_POLICY": "auto",
        "JUPYTER_DATA_DIR": str(folder),
    }
    kernel = Contestant("asked", "beaker", folder, env)
    try:
        kernel.run_many("pass", 30)
        yield kernel
    finally:
        kernel.stop()


def ask(kernel: Contestant, question: str) -> None:
    """Ask, and wait for the end of the answer."""
    kernel.finish(kernel.send("llm_request", {"request": question}))


def tool_calls(kernel: Contestant, model: ScriptedModel, rounds: int) -> Limit:
    """Measure from a call's last byte to the next request, less the time of the cell itself."""
    again = [call("run_code", code="pass")] * CALLS
    overheads = []
    for number in range(rounds):
        asked, seen = f"use tools {number}", len(model.requests)
        model.when(asked, *again, text("Done."))
        ask(kernel, asked)
        requests = model.requests[seen:]
        gaps = [after.at - before.answered_at for before, after in pairwise(requests)]
        cells = [kernel.run("pass") for _ in range(CALLS)]
        overheads.append(statistics.median(gaps) - statistics.median(cells))
    value = 1e3 * statistics.median(overheads)
    return Limit("a tool call, above its cell", value, 10, "ms")


def first_token(kernel: Contestant, model: ScriptedModel, rounds: int) -> Limit:
    """Measure from the request's arrival at an endpoint that answers at once to the first token."""
    delays = []
    for number in range(rounds):
        model.when("say", text("So."))
        asked = kernel.send("llm_request", {"request": f"say {number}"})
        delays.append(_first_delta(kernel, asked) - model.requests[-1].at)
    value = 1e3 * statistics.median(delays)
    return Limit("first token, from endpoint to frontend", value, 5, "ms")


def _first_delta(kernel: Contestant, msg_id: bytes) -> float:
    """Return when a question's first token came; wait for the question's end."""
    came = 0.0
    for frames in kernel.published():
        at = frames.index(DELIMITER)
        if msg_id in frames[at + 3]:
            if b'"llm_delta"' in frames[at + 2]:
                came = came or time.monotonic()
            elif b'"idle"' in frames[at + 5]:
                return came
    raise AssertionError("there is always a next message, or a TimeoutError")


def output_beside_tokens(kernel: Contestant, model: ScriptedModel) -> Limit:
    """Measure how late a running cell's lines come while tokens are offered by the thousand."""
    together = b"".join([chunk({"content": "so "})] * AT_ONCE)
    seconds = 2 * TICKS * TICK
    flood = [together] * int(seconds * OFFERED / AT_ONCE)
    model.when("flood", stream(*flood, pause=AT_ONCE / OFFERED))
    with kernel.another_client() as asking:
        asking.send("llm_request", {"request": "flood"})
        asking.wait_for(b"llm_delta")
        lags = _lags(kernel, kernel.execute(CELL))
        asking.send("llm_cancel_request", {})
    value = 1e3 * statistics.quantiles(lags, n=100)[98]
    return Limit(f"a line's delay beside {OFFERED:,} tokens a second (p99)", value, 50, "ms")


def _lags(kernel: Contestant, msg_id: bytes) -> Sequence[float]:
    """Return the seconds from each printing of a line to its arrival."""
    lags: list[float] = []
    for frames in kernel.published():
        at = frames.index(DELIMITER)
        if msg_id not in frames[at + 3]:
            continue
        content = json.loads(frames[at + 5])
        if content.get("execution_state") == "idle":
            return lags
        now, printed = time.monotonic(), str(content.get("text", "")).split()
        lags += [now - float(word) for word in printed if word != "tick"]
    raise AssertionError("there is always a next message, or a TimeoutError")
