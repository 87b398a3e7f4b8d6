"""The OpenAPI document is true: every answer is one that it describes, whatever is asked."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from executions import API
from running_server import TOKEN, serving

from beaker_kernel.server.execution_routes import OPERATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from running_server import Server

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
QUICK = {"BEAKER_EXECUTION_MAX_TIMEOUT": "5", "BEAKER_EXECUTION_POOL": "0"}
"""Most of the time is that of kernels' starts."""


def test_every_operation_is_described(server: Server) -> None:
    paths = server.ask("GET", f"{API}/openapi.json").json()["paths"]
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    assert described == {(o.path, o.method) for o in OPERATIONS}


def test_names_of_operations_are_unique() -> None:
    assert len({o.name for o in OPERATIONS}) == len(OPERATIONS)


QUICKLY = ("--phases", "fuzzing", "--max-examples", "3", "--seed", "1")
DEEPLY = ("--phases", "coverage,fuzzing", "--max-examples", "50")


@pytest.mark.parametrize(
    ("options", "sessions"),
    [
        (QUICKLY, 3),
        pytest.param(DEEPLY, 20, marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
    ids=["quickly", "deeply"],
)
@pytest.mark.timeout(400)
def test_no_request_gets_an_answer_that_is_not_described(
    tmp_path: Path, options: tuple[str, ...], sessions: int
) -> None:
    limits = {**QUICK, "BEAKER_EXECUTION_MAX_SESSIONS": str(sessions)}
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN, **limits) as server:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://{server.host}:{server.port}{API}/openapi.json",
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--checks", ",".join(CHECKS), *options),
            *("--request-timeout", "60", "--no-color"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in "".join(server.log.lines)
