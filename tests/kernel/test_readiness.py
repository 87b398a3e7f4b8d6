"""When a subkernel is there: it says so, or it is asked, and what it did the last time decides."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.kernel import kept_info, kernelspecs
from beaker_kernel.kernel.deaths import STEADY
from beaker_kernel.kernel.handshake import LONGEST
from beaker_kernel.kernel.kept_info import Kept
from tests.support.kernels import ENDLESS, PATIENCE, running, text
from tests.support.kernelspec_folders import write_kernelspec, write_provisioner
from tests.support.leftovers import until
from tests.support.relays import run_relay

if TYPE_CHECKING:
    from pathlib import Path

    from beaker_kernel.kernel.kernelspecs import KernelSpec

INFO = b'{"status":"ok"}'
NEVER = 10 * PATIENCE
ANNOUNCING = """
import sys, time, zmq
from benchmarks.idle_kernel import IdleKernel
from beaker_kernel.kernel import connection
from beaker_kernel.protocol.frames import msg_type

class Announcing(IdleKernel):
    def _bind(self, kind, url):
        return super()._bind(zmq.XPUB if kind == zmq.PUB else kind, url)

    def run(self):
        self._iopub.recv()  # somebody listens
        time.sleep(1)  # as long as a start takes: who has asked by then waits for it
        self._publish("starting", b"{}")
        time.sleep(float(sys.argv[3]))
        super().run()

    def _publish(self, state, header):
        if state == "busy":
            print(msg_type(header), file=open(sys.argv[2], "a"))
        super()._publish(state, header)

Announcing(connection.read(sys.argv[1])).run()
"""
SLOW = """
import asyncio
from jupyter_client.provisioning import LocalProvisioner

class Slow(LocalProvisioner):
    async def pre_launch(self, **kwargs):
        await asyncio.sleep(4)
        return await super().pre_launch(**kwargs)
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


def installed(folder: Path, name: str, *argv: str) -> KernelSpec:
    write_kernelspec(folder, name, [sys.executable, *argv])
    return kernelspecs.find(name)


def announcing(folder: Path, pause: float = 0) -> KernelSpec:
    """Install a kernel that notes what it is asked, some seconds after it has said `starting`."""
    asked = str(folder / "asked")
    argv = ["-c", ANNOUNCING, "{connection_file}", asked, str(pause)]
    return installed(folder, "announcing", *argv)


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines()


def test_what_a_kernel_said_as_it_started_is_known_at_the_next_start(
    data: dict[str, str], python: KernelSpec
) -> None:
    with running(**data) as kernel:
        assert text(kernel.client.run("6 * 7")[1]) == "42"
    said = kept_info.read(python)
    assert json.loads(said.info)["implementation"] == "ipython"
    assert 0 < said.starting < PATIENCE


def test_the_reply_to_an_interrupt_is_not_kept_for_what_it_said_of_itself(
    data: dict[str, str], tmp_path: Path
) -> None:
    write_kernelspec(tmp_path, "by-message", interrupt_mode="message")
    spec = kernelspecs.find("by-message")
    with running(BEAKER_SUBKERNEL="by-message", **data) as kernel:
        until(lambda: kept_info.read(spec).info)
        cell = kernel.client.execute(ENDLESS)
        kernel.client.published(lambda m: m["msg_type"] == "stream")
        kernel.relay.send_signal(signal.SIGINT)
        assert kernel.client.reply(cell)["content"]["ename"] == "KeyboardInterrupt"
    assert json.loads(kept_info.read(spec).info)["implementation"] == "ipython"


def test_a_kernel_that_says_that_it_starts_is_not_asked(
    data: dict[str, str], tmp_path: Path
) -> None:
    kept_info.keep(announcing(tmp_path), Kept(INFO, starting=NEVER))
    began = time.monotonic()
    with running(ready=False, BEAKER_SUBKERNEL="announcing", **data) as kernel:
        assert kernel.client.reply(kernel.client.execute("1"))["content"]["status"] == "ok"
        took = time.monotonic() - began
        assert asked(tmp_path) == ["execute_request"] or took > LONGEST


def test_one_for_which_nobody_waits_is_asked_once_it_starts(
    data: dict[str, str], tmp_path: Path
) -> None:
    kept_info.keep(announcing(tmp_path), Kept(INFO, starting=NEVER))
    with running(ready=False, BEAKER_SUBKERNEL="announcing", **data) as kernel:
        end = time.monotonic() + PATIENCE
        while not (tmp_path / "asked").exists() and time.monotonic() < end:
            time.sleep(0.05)
        kernel.client.reply(kernel.client.execute("1"))
        assert asked(tmp_path)[0] == "kernel_info_request"


def test_one_that_does_not_say_so_this_time_is_asked_after_all(
    data: dict[str, str], tmp_path: Path
) -> None:
    spec = installed(tmp_path, "idle", "-m", "benchmarks.idle_kernel", "{connection_file}")
    kept_info.keep(spec, Kept(INFO, starting=NEVER))
    with running(ready=False, BEAKER_SUBKERNEL="idle", **data) as kernel:
        assert kernel.client.reply(kernel.client.execute("1"))["content"]["status"] == "ok"
    said = kept_info.read(spec)
    assert json.loads(said.info)["implementation"] == "idle"
    assert said.starting == 0


def test_what_one_said_that_died_at_once_is_known_at_the_next_start(
    data: dict[str, str], tmp_path: Path
) -> None:
    spec = installed(tmp_path, "idle", "-m", "benchmarks.idle_kernel", "{connection_file}")
    with running(ready=False, BEAKER_SUBKERNEL="idle", **data) as kernel:
        kernel.client.reply(kernel.client.execute("1"))
        kernel.child("benchmarks.idle_kernel").kill()
        kernel.client.reply(kernel.client.execute("1"))  # it has ended by then
        assert json.loads(kept_info.read(spec).info)["implementation"] == "idle"


def test_who_waits_for_one_that_starts_and_does_not_answer_is_told_and_nothing_is_lost(
    data: dict[str, str], tmp_path: Path
) -> None:
    announcing(tmp_path, pause=4)
    told = {"BEAKER_SUBKERNEL": "announcing", "BEAKER_START_TIMEOUT": "2", **data}
    with running(ready=False, **told) as kernel:
        cell = kernel.client.execute("1")
        said = kernel.client.published(lambda m: m["msg_type"] == "stream")
        assert said["parent_header"]["msg_id"] == cell
        assert said["content"]["text"].startswith("the kernel has not answered since 2 s")
        assert kernel.client.reply(cell)["content"]["status"] == "ok"
        assert asked(tmp_path).count("execute_request") == 1


def test_who_asks_one_that_starts_and_does_not_answer_gets_in_by_what_it_said_before(
    data: dict[str, str], tmp_path: Path
) -> None:
    spec = announcing(tmp_path, pause=8)
    kept_info.keep(spec, Kept(b'{"status":"ok","banner":"as ever"}', starting=1))
    with running(ready=False, BEAKER_SUBKERNEL="announcing", **data) as kernel:
        question = kernel.client.send("kernel_info_request")
        assert kernel.client.reply(question)["content"]["banner"] == "as ever"
        assert not (tmp_path / "asked").exists()
        cell = kernel.client.execute("1")  # its reply is the next: the kernel's own is left out
        assert (
            kernel.client.channels.get_shell_msg(timeout=PATIENCE)["parent_header"]["msg_id"]
            == cell
        )


@pytest.mark.long
def test_one_that_starts_and_always_dies_before_it_answers_is_given_up(
    data: dict[str, str], tmp_path: Path
) -> None:
    code = ANNOUNCING.replace("super().run()", "sys.exit('no licence')")
    write_kernelspec(
        tmp_path, "dying", [sys.executable, "-c", code, "{connection_file}", "-", str(STEADY + 0.5)]
    )
    done = run_relay(tmp_path, BEAKER_SUBKERNEL="dying", timeout=10 * STEADY)
    assert done.returncode == 1
    assert "giving up" in done.stderr


def test_the_question_to_one_kernel_is_not_put_to_the_next_before_that_listens(
    data: dict[str, str], python: KernelSpec, tmp_path: Path
) -> None:
    (tmp_path / "slow_to_start.py").write_text(SLOW)
    write_provisioner(tmp_path, "slow", "slow_to_start:Slow")
    write_kernelspec(tmp_path, "provisioned", provisioner="slow")
    kept_info.keep(python, Kept(INFO, starting=NEVER))
    with running(ready=False, PYTHONPATH=str(tmp_path), **data) as kernel:
        kernel.client.reply(kernel.client.execute("1"))
        wanted = {"context": "default", "context_info": {}, "subkernel": "provisioned"}
        exchanged = kernel.client.send("context_setup_request", wanted)
        assert kernel.client.reply(exchanged)["content"]["status"] == "ok"
        assert text(kernel.client.run("6 * 7")[1]) == "42"


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"[]",
        b'{"info": 1}',
        b'{"info": {}, "starting": "x"}',
        b'{"info": {}, "starting": NaN}',
        b'{"info": {}, "starting": -1}',
        b'{"info": [], "starting": 1}',
        b'{"info": {}, "starting": 1' + b"0" * 400 + b"}",
        b"[" * 100_000,
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
