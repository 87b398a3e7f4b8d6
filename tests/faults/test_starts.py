"""A subkernel that can't start, or doesn't come up: who waits is told why, within a limit."""

from __future__ import annotations

import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import running
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.relays import run_relay

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 10.0
"""Seconds to an error, on a busy machine too."""
MUTE = """
import sys, time
print("waiting for a licence", file=sys.stderr, flush=True)
time.sleep(600)
"""
CHATTY = """
import sys
print("x" * 1_000_000, "one plug-in is broken", file=sys.stderr, flush=True)
from ipykernel.kernelapp import launch_new_instance
launch_new_instance(["-f", sys.argv[1]])
"""


def write_kernel(folder: Path, code: str) -> dict[str, str]:
    """Install a kernel that is a piece of Python, and return the environment that chooses it."""
    write_kernelspec(folder, "faulty", [sys.executable, "-c", code, "{connection_file}"])
    return {"JUPYTER_PATH": str(folder), "BEAKER_SUBKERNEL": "faulty"}


def test_a_subkernel_that_never_answers_is_named_with_what_it_said(tmp_path: Path) -> None:
    env = write_kernel(tmp_path, MUTE)
    with running(ready=False, BEAKER_START_TIMEOUT="1", **env) as kernel:
        began = time.monotonic()
        reply = kernel.client.reply(kernel.client.execute("1"))["content"]
        assert time.monotonic() - began < LIMIT
        assert reply["ename"] == "KernelNotReady"
        assert reply["evalue"].startswith("the kernel has not answered since 1 s")
        assert reply["evalue"].endswith("waiting for a licence")
        again = kernel.client.reply(kernel.client.execute("2"))["content"]
        assert again["ename"] == "KernelNotReady"


@pytest.mark.parametrize("told", ["abc", "60 s", "0", "-1", "nan", "inf", "-inf"])
def test_a_time_to_wait_that_is_none_is_refused_by_its_name(tmp_path: Path, told: str) -> None:
    done = run_relay(tmp_path, BEAKER_START_TIMEOUT=told)
    assert done.returncode == 1
    wanted = f"beaker: BEAKER_START_TIMEOUT is a number of seconds above 0, not {told!r}\n"
    assert done.stderr == wanted


def test_a_subkernel_that_dies_at_start_is_named_with_what_it_said(tmp_path: Path) -> None:
    env = write_kernel(tmp_path, "import sys; sys.exit('no such library: libcrucial')")
    done = run_relay(tmp_path, **env)
    assert done.returncode == 1
    assert "it last ended with exit code 1; the end of its stderr:" in done.stderr
    assert done.stderr.count("no such library: libcrucial") >= 6  # passed on, each time


def test_who_loses_a_cell_gets_the_bounded_end_of_stderr(tmp_path: Path) -> None:
    with running(**write_kernel(tmp_path, CHATTY)) as kernel:
        reply, _ = kernel.client.run("import os; os._exit(3)")
        assert reply["ename"] == "KernelDied"
        assert "exit code 3" in reply["evalue"]
        assert reply["evalue"].endswith("one plug-in is broken")
        assert len(reply["evalue"]) < 2500


def test_a_command_that_isnt_there_is_named(tmp_path: Path) -> None:
    write_kernelspec(tmp_path, "absent", ["/nowhere/kernel"])
    done = run_relay(tmp_path, BEAKER_SUBKERNEL="absent")
    assert done.returncode == 1
    assert "/nowhere/kernel" in done.stderr


def test_a_full_disk_for_the_connection_file_is_said_so(tmp_path: Path) -> None:
    write_kernelspec(tmp_path, "any", [sys.executable])
    code = (
        "import resource, runpy\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "runpy.run_module('beaker_kernel', run_name='__main__', alter_sys=True)"
    )
    done = run_relay(tmp_path, command=["-c", code], BEAKER_SUBKERNEL="any")
    assert done.returncode == 1
    assert "beaker: can't start: [Errno 27] File too large" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("channel", ["shell", "iopub", "hb"])
def test_a_port_that_is_taken_is_named(tmp_path: Path, channel: str) -> None:
    write_kernelspec(tmp_path, "any", [sys.executable, "-c", "import time; time.sleep(600)"])
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = run_relay(tmp_path, BEAKER_SUBKERNEL="any", ports={f"{channel}_port": port})
    assert done.returncode == 1
    assert f"beaker: can't start: can't listen on tcp://127.0.0.1:{port}: Address" in done.stderr
