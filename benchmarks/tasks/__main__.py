"""``python -m benchmarks.tasks --model 0.5B``: see what a model makes of a live session.

A model is ``0.5B`` or ``1.5B`` (fetched into a cache, run on this machine), ``scripted`` (which
knows the answers, to see that the tasks can be done), or the base URL of an endpoint, whose key is
OPENAI_API_KEY. With several models the tables have a row or a column for each.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.tasks.attempt import Attempt, attempt
from benchmarks.tasks.table import cell, markdown
from benchmarks.tasks.task import Task, load
from tests.support import real_model
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOCAL = {"0.5B": "0.5b", "1.5B": "1.5b"}
FETCH = 1800
"""Seconds that the weights may take to arrive."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every task with every model, and print the tables."""
    options = _options(arguments)
    tasks = [task for task in load() if options.task in task.name]
    results: dict[str, list[Attempt]] = {}
    with tempfile.TemporaryDirectory(prefix="tasks-") as folder:
        for model in options.model:
            with endpoint(model, tasks, options.threads) as env:
                results[model] = [_tried(task, Path(folder), env) for task in tasks]
    print(markdown(results))
    return 0


@contextmanager
def endpoint(model: str, tasks: Sequence[Task], threads: int) -> Iterator[dict[str, str]]:
    """Give the settings by which a model is reached."""
    if model == "scripted":
        with ScriptedModel() as server:
            for task in tasks:
                server.when(task.question, call("run_code", code=task.solution), say("So."))
            yield {"OPENAI_BASE_URL": server.base_url}
    elif model in LOCAL:
        real_model.ensure_weights(LOCAL[model], FETCH)
        with real_model.running(LOCAL[model], threads) as url:
            yield {"OPENAI_BASE_URL": url}
    else:
        yield {"OPENAI_BASE_URL": model, "OPENAI_API_KEY": os.environ.get("OPENAI_API_KEY", "")}


def _tried(task: Task, folder: Path, env: dict[str, str]) -> Attempt:
    made = attempt(task, folder, env)
    print(f"{task.name}: {cell(made)}", file=sys.stderr, flush=True)
    return made


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tasks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", action="append", required=True, help="0.5B, 1.5B, scripted or a URL; repeatable")
    add("--task", default="", help="only tasks with this in their name")
    add("--threads", type=int, default=1, help="of a model on this machine (default: 1)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
