"""Kernels that say odd things, or end oddly: the relay goes on, or ends with a clear word."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil

from beaker_kernel.kernel.subkernel_side import LEISURE
from tests.support.kernels import running
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.leftovers import running_after

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ODD = """
import sys
from benchmarks import idle_kernel
from beaker_kernel.kernel import connection
idle_kernel.REPLIES["kernel_info_request"] = []
idle_kernel.REPLIES["execute_request"] = ["error"]
idle_kernel.IdleKernel(connection.read(sys.argv[1])).run()
"""
"""A kernel whose replies nobody can read."""
CHATTERING = """
import os, subprocess, sys
from benchmarks.idle_kernel import IdleKernel
from beaker_kernel.kernel import connection
from beaker_kernel.protocol.frames import msg_type

class Chattering(IdleKernel):
    def _publish(self, state, header):
        if msg_type(header) == "inspect_request":
            subprocess.Popen("yes", stdout=2, start_new_session=True)
            os._exit(3)
        super()._publish(state, header)

Chattering(connection.read(sys.argv[1])).run()
"""
"""A kernel that dies and leaves behind what writes to its stderr without an end."""


def write_kernel(folder: Path, code: str) -> dict[str, str]:
    """Install a kernel that is a piece of Python, and return the environment that chooses it."""
    write_kernelspec(folder, "odd", ["python", "-c", code, "{connection_file}"], language="none")
    return {"JUPYTER_PATH": str(folder), "BEAKER_SUBKERNEL": "odd"}


def test_what_nobody_can_read_is_passed_on_and_questions_are_answered(tmp_path: Path) -> None:
    with running(ready=False, **write_kernel(tmp_path, ODD)) as kernel:
        assert kernel.client.reply(kernel.client.execute("1"))["content"] == ["error"]
        asked = kernel.client.send("kernel_info_request")
        assert kernel.client.reply(asked)["content"] == []
        time.sleep(1.2 * LEISURE)  # when what it said would be kept
        asked = kernel.client.execute("%beaker status")  # which waits for the cell before it
        assert kernel.client.reply(asked)["content"]["status"] in {"ok", "error"}


def test_what_writes_on_after_it_has_ended_keeps_nobody(tmp_path: Path) -> None:
    with running(ready=False, **write_kernel(tmp_path, CHATTERING)) as kernel:
        asked = kernel.client.send("inspect_request", {"code": "1", "cursor_pos": 1})
        assert kernel.client.reply(asked)["content"]["ename"] == "KernelDied"
        assert kernel.client.reply(kernel.client.execute("1"))["content"]["status"] == "ok"


def test_one_that_takes_anothers_place_and_cannot_start_is_given_up(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_kernelspec(tmp_path, "broken", ["python", "-c", "import sys; sys.exit('no licence')"])
    with running(JUPYTER_PATH=str(tmp_path)) as kernel:
        relay = psutil.Process(kernel.pid)
        wanted = {"context": "default", "context_info": {}, "subkernel": "broken"}
        kernel.client.send("context_setup_request", wanted)
        assert running_after([relay], 30) == []
    assert "giving up" in (said := capfd.readouterr().err)
    assert "the end of its stderr:\nno licence" in said
