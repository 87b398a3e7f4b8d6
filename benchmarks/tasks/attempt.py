"""One attempt at a task: a kernel of its own, the question, the person's part, the score."""

from __future__ import annotations

import time
from dataclasses import dataclass
from queue import Empty
from typing import TYPE_CHECKING, Any

from benchmarks.tasks.task import Seen
from tests.support.kernels import Client, running

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.tasks.task import Task
    from tests.support.kernels import Message

LONGEST = 300.0
"""Seconds that an answer may take; what is not there by then is wrong."""
STEPS = 6
"""Completions that a question may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of a task: whether it was done right, and what that took."""

    task: str
    right: bool
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0


def attempt(task: Task, folder: Path, env: dict[str, str]) -> Attempt:
    """Ask a task's question in a session of its own, and look there whether it is done.

    Code that the model runs by itself is allowed; code that it offers is run as it stands, as a
    person who trusts it would.
    """
    settings: dict[str, Any] = {
        "BEAKER_POLICY": "auto",
        "BEAKER_MAX_STEPS": str(STEPS),
        "JUPYTER_DATA_DIR": str(folder),
        **env,
    }
    with running("beaker", cwd=str(folder), **settings) as kernel:
        for cell in task.cells:
            kernel.client.run(cell)
        assert not is_done(kernel.client, task, Seen()), f"{task.name}: done by nobody"
        return _asked(kernel.client, task)


def _asked(client: Client, task: Task) -> Attempt:
    began, seen, right, published = time.monotonic(), Seen(), False, []
    asked = client.send(
        "llm_request", {"request": task.question}, metadata={"notebook_state": task.standing}
    )
    try:
        client.reply(asked, timeout=LONGEST)
        seconds = time.monotonic() - began
        published = client.outputs(asked)
        seen.add(published)
        for code in seen.offered:
            seen.add(client.run(code)[1])
        right = is_done(client, task, seen)
    except Empty:  # the model or its code goes on for ever: the kernel's end is theirs
        seconds = time.monotonic() - began
    used = [m["content"] for m in published if m["msg_type"] == "llm_usage"]
    return Attempt(
        task=task.name,
        right=right,
        steps=len(used),
        tokens=sum(each["prompt_tokens"] + each["completion_tokens"] for each in used),
        seconds=seconds,
    )


def is_done(client: Client, task: Task, seen: Seen) -> bool:
    """Ask the session whether a task is done, by what was seen and by its variables."""
    look: Message = {"code": "", "silent": True, "user_expressions": {"done": seen.score(task)}}
    asked = client.send("execute_request", look)
    told = client.reply(asked)["content"].get("user_expressions", {}).get("done", {})
    return bool(told.get("data", {}).get("text/plain") == "True")
