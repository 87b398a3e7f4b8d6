"""A real model behind a real OpenAI endpoint on loopback, for tests and for trying things out.

``python -m tests.support.real_model fetch`` puts the weights into the cache;
``python -m tests.support.real_model serve`` prints the endpoint's base URL and serves until it is
interrupted or its parent ends.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from tests.support.weights import WEIGHTS, WeightsUnavailableError, cache_folder, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTEXT_TOKENS = 8192
"""Enough for a context of 20,000 characters and an answer."""
REPLY_TOKENS = 512
"""A small model that has lost its way repeats itself without end."""

MODULE = [sys.executable, "-m", "tests.support.real_model"]


def ensure_weights(model: str = "0.5b", within: int = 120) -> None:
    """Have the weights in the cache `within` seconds.

    It is a process of its own because its time limit is a signal, which pytest-timeout uses too.

    Raises:
        WeightsUnavailableError: they can't be had, or not in that time.
    """
    command = [*MODULE, "fetch", "--model", model, "--within", str(within)]
    run = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise WeightsUnavailableError(run.stderr.strip().rpartition("\n")[2])


@contextmanager
def running(model: str = "0.5b", threads: int = 1) -> Iterator[str]:
    """Serve the model in a process of its own; give its base URL.

    It takes the likeliest token where a request sets no temperature, so that tests repeat.
    """
    command = [*MODULE, "serve", "--model", model, "--threads", str(threads)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)


def serve(path: Path, port: int, threads: int) -> None:
    """Serve the weights at `path` until this process is interrupted or its parent ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    parent = os.pidfd_open(os.getppid())
    server = _server(path, port, threads)
    print(f"{server.listening_address}/v1", flush=True)
    with suppress(KeyboardInterrupt):
        select.select([parent], [], [])


def _server(path: Path, port: int, threads: int) -> Any:
    """Return llama.cpp's own server, running in threads of this process until it is dropped."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {path.stem}
    params.port = port
    params.n_ctx = CONTEXT_TOKENS
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.n_predict = REPLY_TOKENS
    params.sampling.temp = 0.0
    params.ui = False
    params.verbosity = -1
    return xllamacpp.Server(params)


def _out_of_time(seconds: int) -> NoReturn:
    message = f"the weights did not arrive within {seconds} s"
    raise WeightsUnavailableError(message)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="real_model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="put the weights into the cache")
    fetching.add_argument("--within", type=int, default=0, help="seconds; 0: no limit")
    serving = commands.add_parser("serve", help="serve an OpenAI endpoint on loopback")
    serving.add_argument("--port", type=int, default=0, help="0: any free one")
    serving.add_argument("--threads", type=int, default=1, help="never more than idle cores")
    for command in (fetching, serving):
        command.add_argument("--model", choices=WEIGHTS, default="0.5b")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Fetch the weights, and serve them where that is asked for."""
    options = _parse(arguments)
    within = getattr(options, "within", 0)
    signal.signal(signal.SIGALRM, lambda *_: _out_of_time(within))
    signal.alarm(within)
    path = fetch(WEIGHTS[options.model], cache_folder())
    signal.alarm(0)
    if options.command == "serve":
        serve(path, options.port, options.threads)
    else:
        print(path)


if __name__ == "__main__":
    try:
        main()
    except WeightsUnavailableError as error:
        sys.exit(f"{error}")
