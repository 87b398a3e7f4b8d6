"""Processes that die: who waits is told at once, the next cell works, and nothing is left."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest
from jupyter_client.manager import KernelManager

from tests.support.kernels import Client, Kernel, is_restarting, running, text
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.leftovers import running_after
from tests.support.relays import run_relay

if TYPE_CHECKING:
    from pathlib import Path


NO_IPC = """
import json, sys, pathlib
path = sys.argv[1]
transport = json.load(open(path))["transport"]
with (pathlib.Path(__import__("os").environ["JUPYTER_PATH"]) / "starts").open("a") as starts:
    starts.write(transport + " ")
if transport == "ipc":
    sys.exit("unknown transport")
from ipykernel.kernelapp import launch_new_instance
launch_new_instance(["-f", path])
"""
"""A kernel that knows tcp alone, and notes how it was started."""


def test_an_idle_subkernel_that_is_killed_comes_back() -> None:
    with running() as kernel:
        kernel.client.run("x = 1")
        os.kill(kernel.subkernel.pid, signal.SIGKILL)
        kernel.client.published(is_restarting)
        reply, outputs = kernel.client.run("'x' in dir()")
        assert (reply["status"], text(outputs)) == ("ok", "False")


def test_a_frontend_sees_the_kernel_restart_and_come_up() -> None:
    with running() as kernel:
        client = kernel.client
        os.kill(kernel.subkernel.pid, signal.SIGKILL)
        client.published(is_restarting)
        asked = client.send("kernel_info_request")
        states = [
            client.published(lambda m: m["msg_type"] == "status")["content"]["execution_state"]
            for _ in range(2)
        ]
        assert states == ["starting", "idle"]
        assert client.reply(asked)["content"]["status"] == "ok"


def test_an_interrupt_ends_the_cells_that_wait_for_a_kernel_to_come_up() -> None:
    with running() as kernel:
        client = kernel.client
        os.kill(kernel.subkernel.pid, signal.SIGKILL)
        client.published(is_restarting)
        ids = [client.execute("1"), client.execute("2")]
        asked = client.send("interrupt_request", channel="control")
        assert client.reply(asked, "control")["content"]["status"] == "ok"
        replies = [client.reply(msg_id)["content"]["ename"] for msg_id in ids]
        assert replies == ["KeyboardInterrupt"] * 2
        assert [o["msg_type"] for o in client.outputs(ids[1])] == ["error"]
        assert client.run("3")[0]["status"] == "ok"
        assert not [m for m in client.leftovers() if m["parent_header"].get("msg_id") in ids]


def test_a_shutdown_is_answered_before_the_kernel_ends() -> None:
    with running() as kernel:
        client = kernel.client
        asked = client.send("shutdown_request", {"restart": False}, channel="control")
        assert client.reply(asked, "control")["content"]["status"] == "ok"
        assert kernel.relay.wait(timeout=10) is not None


def test_every_waiting_request_is_told_that_the_kernel_died() -> None:
    with running() as kernel:
        client = kernel.client
        ids = [client.execute("print('on', flush=True); import time; time.sleep(60)")]
        client.published(lambda m: m["msg_type"] == "stream")
        ids += [client.execute(f"{number}") for number in range(100)]
        began = time.monotonic()
        os.kill(kernel.subkernel.pid, signal.SIGKILL)
        replies = [client.reply(msg_id)["content"] for msg_id in ids]
        took = time.monotonic() - began
        assert {reply["ename"] for reply in replies} == {"KernelDied"}
        assert "signal 9" in replies[0]["evalue"]
        assert took < 2
        assert client.run("1 + 1")[0]["status"] == "ok"


def test_a_cell_that_exits_its_process_is_told_so() -> None:
    with running() as kernel:
        reply, _ = kernel.client.run("import os; os._exit(3)")
        assert reply["ename"] == "KernelDied"
        assert "exit code 3" in reply["evalue"]
        assert kernel.client.run("1")[0]["status"] == "ok"


def test_a_subkernel_that_keeps_dying_ends_the_relay(tmp_path: Path) -> None:
    write_kernelspec(tmp_path, "hopeless", ["false"])
    done = run_relay(tmp_path, BEAKER_SUBKERNEL="hopeless")
    assert done.returncode == 1
    assert "6 times in a row, it last ended with exit code 1" in done.stderr


def test_a_subkernel_that_speaks_no_ipc_is_reached_on_tcp_at_once_for_a_week(
    tmp_path: Path,
) -> None:
    write_kernelspec(tmp_path, "tcponly", [sys.executable, "-c", NO_IPC, "{connection_file}"])
    env = {"JUPYTER_PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for _ in range(2):  # after a week it is tried again
        for _ in range(2):
            with running(BEAKER_SUBKERNEL="tcponly", **env) as kernel:
                assert text(kernel.client.run("6 * 7")[1]) == "42"
        os.utime(tmp_path / "cache/beaker/tcp-only/tcponly", (0, time.time() - 8 * 24 * 3600))
    starts = (tmp_path / "starts").read_text().split()
    assert starts == ["ipc", "tcp", "tcp"] * 2


def test_nothing_is_left_when_the_relay_is_killed() -> None:
    with running() as kernel:
        kernel.client.run("import subprocess; subprocess.Popen(['sleep', '600'])")
        kernel.client.reply(kernel.client.send("beaker_session_info_request"))
        family = kernel.relay.children(recursive=True)
        assert len(family) >= 2
        kernel.relay.kill()
        sleeper = [p for p in family if p.name() == "sleep"]
        assert running_after([p for p in family if p not in sleeper], 5) == []
        for process in sleeper:  # a grandchild of the subkernel: plain ipykernel leaves it too
            process.kill()


def test_everything_ends_with_the_process_that_started_it() -> None:
    code = (
        "from jupyter_client.manager import start_new_kernel\n"
        "manager, client = start_new_kernel(kernel_name='beaker')\n"
        "print(manager.provisioner.pid, flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        relay = psutil.Process(int(parent.stdout.readline()))
        family = [relay, *relay.children(recursive=True)]
        parent.kill()
    assert running_after(family, 5) == []


def test_shutdown_in_the_middle_of_a_cell_ends_everything() -> None:
    with running() as kernel:
        kernel.client.execute("print('on', flush=True); import time; time.sleep(600)")
        kernel.client.published(lambda m: m["msg_type"] == "stream")
        family = [kernel.relay, *kernel.relay.children(recursive=True)]
        kernel.manager.shutdown_kernel()
        assert running_after(family, 8) == []


def test_a_restart_gives_a_fresh_session_on_the_same_ports() -> None:
    with running() as kernel:
        kernel.client.run("x = 1")
        kernel.manager.restart_kernel()
        kernel.client.channels.wait_for_ready(timeout=30)
        assert text(kernel.client.run("'x' in dir()")[1]) == "False"


def test_the_relay_is_light(kernel: Kernel) -> None:
    kernel.client.run("1")
    assert kernel.relay.memory_info().rss < 22 * 1024 * 1024


def test_the_relay_loads_no_framework(tmp_path: Path) -> None:
    write_kernelspec(tmp_path, "hopeless", ["false"])
    done = run_relay(tmp_path, BEAKER_SUBKERNEL="hopeless", PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert {"json", "beaker_kernel.kernel.relay"} <= loaded
    heavy = {
        "_hashlib",
        "asyncio",
        "dataclasses",
        "inspect",
        "jupyter_client",
        "pydantic",
        "subprocess",
        "zmq",
    }
    assert loaded.isdisjoint(heavy | {"tornado", "traitlets", "beaker_kernel.protocol.messages"})


def test_a_process_that_forbids_dumps_cant_be_looked_into() -> None:
    code = (
        "import ctypes; from beaker_kernel.prctl import forbid_dumps\n"
        "forbid_dumps(); print(ctypes.CDLL(None).prctl(3))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"0"


def test_an_agent_that_cannot_be_started_is_an_error_and_the_next_one_may_be() -> None:
    with running() as kernel:
        kernel.client.run("1")
        _, most = resource.prlimit(kernel.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(kernel.pid, resource.RLIMIT_NOFILE, (3, most))  # no more than it has
        ids = [kernel.client.execute(code, stop_on_error=False) for code in ("%ask a", "6 * 7")]
        replies = [kernel.client.reply(i)["content"] for i in ids]
        assert [reply["status"] for reply in replies] == ["error", "ok"]
        assert replies[0]["ename"] == "AgentDied"
        assert "Too many open files" in replies[0]["evalue"]
        assert [o["msg_type"] for o in kernel.client.outputs(ids[0])] == ["error"]
        resource.prlimit(kernel.pid, resource.RLIMIT_NOFILE, (most, most))
        assert kernel.client.run("%beaker status")[0]["status"] == "ok"


@pytest.mark.parametrize("stderr", ["/dev/full", "a pipe that nobody reads"])
def test_a_log_that_takes_no_more_costs_no_session(stderr: str) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    if stderr == "/dev/full":
        log = os.open(stderr, os.O_WRONLY)
    else:
        log = os.dup(writer)
        with suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
    manager = KernelManager(kernel_name="beaker")
    manager.start_kernel(stderr=log)
    client = Client(manager)
    client.run("x = 41")
    with socket.create_connection((manager.ip, manager.shell_port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while stranger.recv(100):
            pass
    client.channels.shell_channel.socket.send_multipart([b"<IDS|MSG>", b"", b"no", b"", b"", b""])
    assert text(client.run("x + 1")[1]) == "42"
    client.close()
    manager.shutdown_kernel()
    manager.cleanup_resources()
    for descriptor in (reader, writer, log):
        os.close(descriptor)
