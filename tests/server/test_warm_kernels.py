"""A kernel in reserve: who gets it, that it is as good as a new one, and that it ends."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import psutil
import pytest
from running_server import TOKEN, Server, serving

from beaker_kernel.client import execute_code_jupyter
from tests.support.leftovers import PATIENCE, running_after, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHO = (
    "import os, sys, json; from pathlib import Path; "
    "unique = ('JPY_PARENT_PID', 'PARENT_FD'); "
    "env = {n: v for n, v in os.environ.items() if n not in unique}; "
    "print(json.dumps([os.getcwd(), sys.path, env, sorted(globals()), get_ipython()"
    ".execution_count]))"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    own = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    with serving(tmp_path, **own, BEAKER_WARM_KERNELS="1") as running:
        yield running


def processes(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()


def process_of(server: Server, kernel_id: str) -> psutil.Process:
    return next(p for p in processes(server) if kernel_id in " ".join(p.cmdline()))


def with_reserve(server: Server) -> tuple[str, str]:
    """Ask for a kernel, wait for the one in reserve, and return the ids of both."""
    first = server.start_kernel()
    until(lambda: len(processes(server)) == 2)
    until(lambda: len(started(server)) == 2)
    return first, next(kernel for kernel in started(server) if kernel != first)


def started(server: Server) -> list[str]:
    """Return the kernels that the log tells of."""
    return [line.split()[-1] for line in server.log.lines if "Kernel started: " in line]


def listed(server: Server) -> set[str]:
    return {kernel["id"] for kernel in server.ask("GET", "/api/kernels").json()}


def test_who_asks_for_nothing_special_gets_it_and_nobody_sees_it_before(server: Server) -> None:
    first, reserved = with_reserve(server)
    assert listed(server) == {first}
    assert server.ask("GET", "/api/status").json()["kernels"] == 1
    assert server.start_kernel() == reserved
    assert listed(server) == {first, reserved}
    process_of(server, reserved).kill()
    until(lambda: any("restarting kernel" in line for line in server.log.lines))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/kernels", {"path": ""}),
        ("/api/kernels", {"name": "python3"}),
        (
            "/api/sessions",
            {"path": "a.ipynb", "type": "notebook", "name": "", "kernel": {"name": "beaker"}},
        ),
    ],
)
def test_who_asks_for_more_gets_a_kernel_of_their_own(
    server: Server, path: str, body: dict[str, object]
) -> None:
    _, reserved = with_reserve(server)
    made = server.ask("POST", path, body=json.dumps(body).encode())
    assert made.status == 201
    assert reserved not in listed(server)


def test_it_is_what_a_new_kernel_would_be(server: Server) -> None:
    url = f"http://{server.host}:{server.port}"

    def run(code: str) -> str:
        return asyncio.run(execute_code_jupyter(url, code, TOKEN))["stdout"]

    cold = json.loads(run(WHO))
    until(lambda: len(processes(server)) == 1)  # the one before is deleted
    until(lambda: len(started(server)) == 2)
    warm = json.loads(run(WHO))
    assert warm == cold


def test_one_that_died_is_not_handed_out(server: Server) -> None:
    first, reserved = with_reserve(server)
    dying = process_of(server, reserved)
    dying.kill()
    until(lambda: not dying.is_running() or dying.status() == psutil.STATUS_ZOMBIE)
    assert server.start_kernel() not in {first, reserved}


def test_a_server_that_is_told_to_stop_meanwhile_leaves_none(server: Server) -> None:
    server.start_kernel()
    until(lambda: len(processes(server)) == 2)
    family = psutil.Process(server.process.pid).children(recursive=True)
    assert server.stop() == 0
    assert running_after(family, PATIENCE) == []
