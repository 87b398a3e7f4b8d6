"""A kernel that is shut down: what it says and saves while it ends arrives, and it does end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import running, text
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.leftovers import running_after, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.kernels import Kernel

NUMBER = 300
DISPLAYS = f"""
from IPython.display import display
for number in range({NUMBER}):
    display({{"text/plain": str(number), "x/y": "x" * 60000}}, raw=True)
"""
"""Small enough to be copied: of a larger message that isn't sent yet, pyzmq frees the memory."""
BUFFERED = """
file = open({path!r}, "w")
file.write("all of it")
"""
"""Python writes that when it takes its modules apart, long after the sockets are closed."""
AFTER_THE_SOCKETS = """
import builtins, os, time
class Last:
    def __del__(self, write=os.write, sleep=time.sleep):
        {last}
builtins.last = Last()
"""
"""Python takes its builtins apart after everything else."""
REPLIES_LAST = """
import sys, time
from benchmarks.idle_kernel import IdleKernel
from beaker_kernel.kernel import connection
from beaker_kernel.protocol.frames import msg_type

class RepliesLast(IdleKernel):
    def _publish(self, state, header):
        if msg_type(header) != "shutdown_request":
            return super()._publish(state, header)
        self._iopub.close()
        time.sleep(0.3)

RepliesLast(connection.read(sys.argv[1])).run()
"""
"""A kernel that has closed its iopub when it answers."""

PATIENT = """
from beaker_kernel.kernel import app, subkernel_side
subkernel_side.GRACE = 60.0
app.main()
"""
"""Beaker, but its subkernel has a minute to end."""


def shut_down(kernel: Kernel) -> float:
    """Ask the kernel to end, and return how long its process took."""
    began = time.monotonic()
    asked = kernel.client.send("shutdown_request", {"restart": False}, channel="control")
    assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
    kernel.relay.wait(timeout=10)
    return time.monotonic() - began


@pytest.mark.parametrize("restart", [False, True])
def test_what_it_publishes_last_arrives_whole(*, restart: bool) -> None:
    with running() as kernel:
        kernel.client.execute(DISPLAYS)
        kernel.client.send("shutdown_request", {"restart": restart})  # on shell, behind the cell
        kernel.relay.wait(timeout=20)
        said = kernel.client.leftovers(1)
        shown = [m["content"]["data"]["text/plain"] for m in said if "data" in m["content"]]
        assert shown == [str(number) for number in range(NUMBER)]
        assert [m["content"] for m in said if m["msg_type"] == "shutdown_reply"] == [
            {"status": "ok", "restart": restart}
        ]


def test_a_reply_that_comes_after_all_else_arrives(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", REPLIES_LAST, "{connection_file}"]
    write_kernelspec(tmp_path, "replies-last", argv, language="none")
    with running(JUPYTER_PATH=str(tmp_path), BEAKER_SUBKERNEL="replies-last") as kernel:
        assert 0.3 < shut_down(kernel) < 2


def test_the_kernel_has_not_ended_before_its_code_has(tmp_path: Path) -> None:
    path, slow = tmp_path / "saved.txt", tmp_path / "slow.txt"
    last = f"sleep(0.5); write(os.open({str(slow)!r}, os.O_CREAT | os.O_WRONLY), b'done')"
    with running() as kernel:
        subkernel = kernel.subkernel
        kernel.client.run(BUFFERED.format(path=str(path)))
        kernel.client.run(AFTER_THE_SOCKETS.format(last=last).replace("sleep=", "os=os, sleep="))
        shut_down(kernel)
        assert not subkernel.is_running()
        assert (path.read_text(), slow.read_text()) == ("all of it", "done")


def test_what_it_writes_to_stderr_while_it_ends_is_passed_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with running() as kernel:  # under pytest ipykernel leaves fd 2 alone, as other kernels do
        kernel.client.run(
            AFTER_THE_SOCKETS.format(last="[write(2, b'x' * 1000) for _ in range(300)]")
        )
        shut_down(kernel)
    assert capfd.readouterr().err.count("x") == 300_000


def test_what_ipykernel_loads_to_end_is_loaded_at_leisure_and_nobody_sees_it() -> None:
    with running() as kernel:
        watcher = kernel.another_client()
        cell = "import sys; 'psutil' in sys.modules"
        until(lambda: text(kernel.client.run(cell)[1]) == "True")
        parents = {m["parent_header"].get("msg_type") for m in watcher.leftovers()}
        watcher.close()
        assert parents <= {"execute_request", "kernel_info_request"}


def test_one_that_does_not_end_is_ended() -> None:
    with running() as kernel:
        family = kernel.relay.children(recursive=True)
        kernel.client.run(AFTER_THE_SOCKETS.format(last="sleep(600)"))
        assert 1.9 < shut_down(kernel) < 5
        assert running_after(family, 1) == []


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_who_ends_the_kernel_while_it_ends_does_not_wait(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = [sys.executable, "-P", "-c", PATIENT, "-f", "{connection_file}"]
    write_kernelspec(tmp_path, "patient", argv)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with running("patient") as kernel:
        family = [kernel.relay, *kernel.relay.children(recursive=True)]
        kernel.client.run(AFTER_THE_SOCKETS.format(last="sleep(600)"))
        asked = kernel.client.send("shutdown_request", {"restart": False}, channel="control")
        kernel.client.reply(asked, "control")
        until(lambda: not kernel.relay.net_connections("tcp"))  # it has said its last word
        getattr(kernel.relay, end)()
        assert running_after(family, 10) == []
