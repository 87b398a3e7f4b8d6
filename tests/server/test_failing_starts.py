"""A session whose kernel does not come up: a clear error at once, and nothing left of it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from executions import Api
from running_server import TOKEN, serving

from tests.support.kernelspec_folders import write_kernelspec

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = 20.0
"""Seconds, of the sixty that a kernel has to answer."""
TWICE = """
import os, sys
try:
    os.mkdir(sys.argv[2])
except FileExistsError:
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", "-f", sys.argv[1]])
sys.exit(1)
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("starts")
    dies = [sys.executable, "-c", "raise SystemExit('no such licence')"]
    write_kernelspec(folder, "doomed", dies)
    write_kernelspec(folder, "behind", dies, language="doomed")
    second = [sys.executable, "-c", TWICE, "{connection_file}", str(folder / "began")]
    write_kernelspec(folder, "second", second)
    own = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_PATH": str(folder)}
    with serving(folder, JUPYTER_DATA_DIR=str(folder / "data"), **own) as server:
        yield Api(server, folder)


@pytest.mark.parametrize(
    ("wanted", "kernel"),
    [({"kernel": "doomed"}, "doomed"), ({"language": "doomed"}, "beaker")],
)
def test_a_kernel_that_dies_at_its_start_is_an_error_at_once(
    api: Api, wanted: dict[str, str], kernel: str
) -> None:
    began = time.monotonic()
    refused = api.ask("POST", "/sessions", wanted)
    assert time.monotonic() - began < AT_ONCE
    assert refused.status == 503
    said = f"the kernel '{kernel}' ended as it started; the server's log says why"
    assert refused.json()["detail"][0]["msg"] == said
    assert any("no such licence" in line for line in api.server.log.lines)
    assert api.ask("GET", "/sessions").json() == {"sessions": []}
    assert psutil.Process(api.server.process.pid).children() == []


def test_one_that_starts_at_the_second_time_is_used(api: Api) -> None:
    with api.session(kernel="second") as session:
        assert api.run("print(1)", session)["stdout"] == "1\n"
