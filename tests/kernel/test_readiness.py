"""When a subkernel is there: it says so, or it is asked, and what it did the last time decides."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.kernel import kept_info, kernelspecs
from beaker_kernel.kernel.kept_info import Kept
from tests.support.kernels import PATIENCE, running, text
from tests.support.kernelspec_folders import write_kernelspec

if TYPE_CHECKING:
    from pathlib import Path

    from beaker_kernel.kernel.kernelspecs import KernelSpec

INFO = b'{"status":"ok"}'
NEVER = 10 * PATIENCE
STARTING_ONLY = """
import sys, time, zmq
from beaker_kernel.kernel import connection
from beaker_kernel.protocol.frames import Composer, Signer
front = connection.read(sys.argv[1])
iopub = zmq.Context().socket(zmq.XPUB)
iopub.bind(front.url("iopub"))
iopub.recv()
parts = Composer("quiet").compose("status", {"execution_state": "starting"})
iopub.send_multipart([b"", *Signer(front.key.encode()).frames(parts)])
time.sleep(600)
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the test and its kernels a data folder of their own."""
    env = {"JUPYTER_PATH": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return env


@pytest.fixture
def python(data: dict[str, str]) -> KernelSpec:
    return kernelspecs.default()


def installed(folder: Path, name: str, argv: list[str]) -> KernelSpec:
    write_kernelspec(folder, name, [sys.executable, *argv, "{connection_file}"])
    return kernelspecs.find(name)


def test_what_a_kernel_said_as_it_started_is_known_at_the_next_start(
    data: dict[str, str], python: KernelSpec
) -> None:
    with running(**data) as kernel:
        assert text(kernel.client.run("6 * 7")[1]) == "42"
    said = kept_info.read(python)
    assert json.loads(said.info)["implementation"] == "ipython"
    assert 0 < said.starting < PATIENCE


def test_a_kernel_that_says_that_it_starts_is_not_asked(
    data: dict[str, str], python: KernelSpec
) -> None:
    kept_info.keep(python, Kept(INFO, starting=NEVER))
    with running(ready=False, **data) as kernel:
        cell = kernel.client.execute("6 * 7")
        assert kernel.client.reply(cell)["content"]["execution_count"] == 1
        assert text(kernel.client.outputs(cell)) == "42"
    assert kept_info.read(python) == Kept(INFO, starting=NEVER)


def test_one_for_which_nobody_waits_is_asked_once_it_starts(
    data: dict[str, str], python: KernelSpec
) -> None:
    kept_info.keep(python, Kept(INFO, starting=NEVER))
    with running(ready=False, **data) as kernel:
        end = time.monotonic() + PATIENCE
        while kept_info.read(python).starting == NEVER and time.monotonic() < end:
            time.sleep(0.05)
        assert text(kernel.client.run("6 * 7")[1]) == "42"
    assert 0 < kept_info.read(python).starting < PATIENCE


def test_one_that_does_not_say_so_this_time_is_asked_after_all(
    data: dict[str, str], tmp_path: Path
) -> None:
    spec = installed(tmp_path, "idle", ["-m", "benchmarks.idle_kernel"])
    kept_info.keep(spec, Kept(INFO, starting=0.2))
    with running(ready=False, BEAKER_SUBKERNEL="idle", **data) as kernel:
        assert kernel.client.reply(kernel.client.execute("1"))["content"]["status"] == "ok"
    said = kept_info.read(spec)
    assert json.loads(said.info)["implementation"] == "idle"
    assert said.starting == 0


def test_one_that_starts_and_then_answers_nothing_is_told_of(
    data: dict[str, str], tmp_path: Path
) -> None:
    spec = installed(tmp_path, "quiet", ["-c", STARTING_ONLY])
    kept_info.keep(spec, Kept(INFO, starting=NEVER))
    told = {"BEAKER_SUBKERNEL": "quiet", "BEAKER_START_TIMEOUT": "2", **data}
    with running(ready=False, **told) as kernel:
        reply = kernel.client.reply(kernel.client.execute("1"))["content"]
        assert reply["ename"] == "KernelNotReady"
        assert reply["evalue"].startswith("the kernel has not answered since 2 s")


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"[]",
        b'{"info": 1}',
        b'{"info": {}, "starting": "x"}',
        b'{"info": {}, "starting": NaN}',
        b'{"info": {}, "starting": -1}',
        b"\xff",
    ],
)
def test_what_is_kept_and_damaged_is_known_no_more(
    data: dict[str, str], python: KernelSpec, tmp_path: Path, kept: bytes
) -> None:
    kept_info.keep(python, Kept(INFO, starting=1))
    (file,) = (tmp_path / "data" / "beaker" / "kernel-info").iterdir()
    file.write_bytes(kept)
    assert kept_info.read(python) == Kept()
