"""A subkernel that a provisioner of jupyter_client starts, ours or anybody's."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zmq

from beaker_kernel.protocol.frames import DELIMITER, Composer, Signer
from tests.support.kernels import ENDLESS, PATIENCE, Kernel, is_restarting, running, text
from tests.support.kernelspec_folders import write_kernelspec, write_provisioner
from tests.support.leftovers import running_after
from tests.support.relays import run_relay

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN = """
from jupyter_client.provisioning import LocalProvisioner

class Broken(LocalProvisioner):
    async def pre_launch(self, **kwargs):
        raise RuntimeError("the cluster is full")
"""

SLOW = """
import asyncio
from jupyter_client.provisioning import LocalProvisioner

class Slow(LocalProvisioner):
    async def kill(self, restart=False):
        await asyncio.sleep(0.5)
        await super().kill(restart)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provisioned")
    write_provisioner(folder, "nearby", "jupyter_client.provisioning:LocalProvisioner")
    write_kernelspec(folder, "nearby", provisioner="nearby")
    return folder


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    env = {"JUPYTER_PATH": str(folder), "PYTHONPATH": str(folder), "OPENAI_API_KEY": "sk-canary"}
    with running(BEAKER_SUBKERNEL="nearby", **env) as kernel:
        yield kernel


def connection_of_the_subkernel(kernel: Kernel) -> dict[str, object]:
    found: dict[str, object] = json.loads(Path(kernel.subkernel.cmdline()[-1]).read_text())
    return found


def test_a_cell_runs_where_the_provisioner_has_started_the_kernel(kernel: Kernel) -> None:
    assert kernel.child("beaker_kernel.provisioning") in kernel.subkernel.parents()
    assert text(kernel.client.run("6 * 7")[1]) == "42"


def test_the_subkernel_has_a_key_of_its_own_and_buffers_pass(kernel: Kernel) -> None:
    assert connection_of_the_subkernel(kernel)["key"] != kernel.manager.session.key.decode()
    open_comm = (
        "from comm import create_comm\n"
        "comm = create_comm('echo', buffers=[b'\\x00\\xff', b'two'])\n"
        "comm.on_msg(lambda m: comm.send({}, buffers=m['buffers'][::-1]))"
    )
    outputs = kernel.client.run(open_comm)[1]
    opened = next(o for o in outputs if o["msg_type"] == "comm_open")
    assert [bytes(b) for b in opened["buffers"]] == [b"\x00\xff", b"two"]
    content = {"comm_id": opened["content"]["comm_id"], "data": {}}
    kernel.client.send("comm_msg", content, buffers=[b"a", b"\xffb"])
    answer = kernel.client.published(lambda m: m["msg_type"] == "comm_msg")
    assert [bytes(b) for b in answer["buffers"]] == [b"\xffb", b"a"]


def test_input_reaches_the_client_that_asked(kernel: Kernel) -> None:
    msg_id = kernel.client.execute("input('who? ')", allow_stdin=True)
    assert kernel.client.answer_input("Ada")["content"]["prompt"] == "who? "
    assert text(kernel.client.outputs(msg_id)) == "'Ada'"


def test_a_cell_is_interrupted_through_the_provisioner(kernel: Kernel) -> None:
    msg_id = kernel.client.execute(ENDLESS)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    asked = kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_no_key_reaches_the_provisioner(kernel: Kernel) -> None:
    assert "OPENAI_API_KEY" not in kernel.child("beaker_kernel.provisioning").environ()
    assert text(kernel.client.run("import os; 'OPENAI_API_KEY' in os.environ")[1]) == "False"


def test_who_starts_it_is_no_sandbox(kernel: Kernel) -> None:
    info = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]
    assert (info["beaker"]["subkernel"], info["beaker"]["sandbox"]) == ("nearby", None)


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ],
)
def test_a_subkernel_that_ends_is_said_so_and_started_anew(
    kernel: Kernel, code: str, ended: str
) -> None:
    reply, _ = kernel.client.run(code)
    assert (reply["ename"], ended in reply["evalue"]) == ("KernelDied", True)
    assert text(kernel.client.run("6 * 7")[1]) == "42"


def test_a_wrong_signature_that_waits_for_the_start_costs_those_behind_it_nothing(
    kernel: Kernel,
) -> None:
    composer = Composer("a-client")
    cell = {"code": "1", "silent": False, "user_expressions": {}, "allow_stdin": False}
    wrong = [DELIMITER, b"0" * 64, *composer.compose("comm_msg", {"comm_id": "x", "data": {}})]
    right = Signer(kernel.manager.session.key).frames(composer.compose("execute_request", cell))
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.connect(f"tcp://{kernel.manager.ip}:{kernel.manager.shell_port}")
        kernel.subkernel.kill()
        kernel.client.published(is_restarting)
        client.send_multipart(wrong)
        client.send_multipart(right)
        assert client.poll(PATIENCE * 1000)
        assert b'"ok"' in client.recv_multipart()[5]
        client.linger = 0


def test_a_provisioner_that_is_killed_is_started_anew(kernel: Kernel) -> None:
    old = kernel.subkernel
    os.kill(kernel.child("beaker_kernel.provisioning").pid, signal.SIGKILL)
    kernel.client.published(is_restarting)
    assert text(kernel.client.run("6 * 7")[1]) == "42"
    assert running_after([old], 10) == []  # ipykernel looks after its parent itself


def test_nothing_is_left_when_the_relay_is_killed(tmp_path: Path) -> None:
    (tmp_path / "slow_provisioner.py").write_text(SLOW)
    write_provisioner(tmp_path, "slow", "slow_provisioner:Slow")
    write_kernelspec(tmp_path, "slow", provisioner="slow")
    env = {"JUPYTER_PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    with running(BEAKER_SUBKERNEL="slow", **env) as kernel:
        kernel.client.run("import subprocess; child = subprocess.Popen(['sleep', '600'])")
        family = kernel.relay.children(recursive=True)
        file = Path(kernel.subkernel.cmdline()[-1])
        kernel.relay.kill()
        assert [running_after(family, 10), file.exists()] == [[], False]


def test_a_kernel_that_runs_already_is_joined_by_a_provisioner_of_somebody_else(
    tmp_path: Path,
) -> None:
    write_kernelspec(tmp_path, "joined", [], provisioner="existing-provisioner")
    with running("python3") as theirs:
        theirs.client.run("x = 41")
        env = {"EXISTING_CONNECTION_FILE": theirs.manager.connection_file}
        with running(BEAKER_SUBKERNEL="joined", JUPYTER_PATH=str(tmp_path), **env) as kernel:
            assert text(kernel.client.run("x + 1")[1]) == "42"


def test_a_provisioner_that_fails_is_quoted_and_nothing_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "broken_provisioner.py").write_text(BROKEN)
    write_provisioner(tmp_path, "broken", "broken_provisioner:Broken")
    write_kernelspec(tmp_path, "broken", provisioner="broken")
    done = run_relay(tmp_path, BEAKER_SUBKERNEL="broken", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.count("did not start: the cluster is full") == 1


def test_a_provisioner_that_is_not_installed_is_named(tmp_path: Path) -> None:
    write_kernelspec(tmp_path, "far", provisioner="far-away")
    done = run_relay(tmp_path, BEAKER_SUBKERNEL="far")
    assert done.returncode == 1
    assert "beaker: the subkernel did not start: Kernel provisioner 'far-away'" in done.stderr
