"""Another language behind the relay: nothing in it knows of Python."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, running, text

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("jupyter")
    resource_dir = folder / "kernels" / "bash"
    resource_dir.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Bash", "language": "bash", "env": {"PS1": "$"}}
    (resource_dir / "kernel.json").write_text(json.dumps(spec))
    with running(JUPYTER_PATH=str(folder), BEAKER_SUBKERNEL="bash") as kernel:
        yield kernel


def test_bash_runs_and_keeps_its_variables(bash: Kernel) -> None:
    bash.client.run("x=41")
    reply, outputs = bash.client.run("echo $((x + 1))")
    assert (reply["status"], text(outputs).strip()) == ("ok", "42")


def test_the_frontend_is_told_that_it_is_bash(bash: Kernel) -> None:
    info = bash.client.reply(bash.client.send("kernel_info_request"))["content"]
    assert info["language_info"]["name"] == "bash"
    assert info["beaker"]["subkernel"] == "bash"


def test_a_cell_of_bash_is_interrupted_by_signal(bash: Kernel) -> None:
    msg_id = bash.client.execute("echo on; sleep 60")
    bash.client.published(lambda m: m["msg_type"] == "stream")
    asked = bash.client.send("interrupt_request", channel="control")
    assert bash.client.reply(asked, "control")["content"]["status"] == "ok"
    assert bash.client.reply(msg_id, timeout=5)["content"]["status"] != "ok"


def test_a_broken_pipe_ends_a_command_as_in_any_terminal(bash: Kernel) -> None:
    assert "roken pipe" not in text(bash.client.run("yes | head -1")[1])
