"""Everything passes: what a frontend gets through the relay is what the subkernel sent."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from tests.support.kernels import ENDLESS, Kernel, is_idle, running, text

if TYPE_CHECKING:
    from pathlib import Path


def test_a_signal_to_the_relay_stops_the_cell(kernel: Kernel) -> None:
    msg_id = kernel.client.execute(ENDLESS)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    os.kill(kernel.pid, signal.SIGINT)
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_kernel_info_names_beaker_and_keeps_the_subkernels_own_words(kernel: Kernel) -> None:
    info = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]
    assert info["implementation"] == "ipython"
    assert {"beaker", "kernel subshells"} <= set(info["supported_features"])
    assert info["beaker"]["subkernel"] == "python3"


def test_connect_request_answers_with_the_ports_that_a_frontend_can_use(kernel: Kernel) -> None:
    ports = kernel.client.reply(kernel.client.send("connect_request"))["content"]
    assert ports["shell_port"] == kernel.manager.shell_port


def test_garbage_on_every_channel_does_no_harm(kernel: Kernel) -> None:
    for channel in ("shell", "control", "stdin"):
        socket = getattr(kernel.client.channels, f"{channel}_channel").socket
        for garbage in (
            [b""],
            [b"x"],
            [b"<IDS|MSG>"],
            [b"<IDS|MSG>", b"", b"{", b"{}", b"{}", b"{}"],
        ):
            socket.send_multipart(garbage)
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"


def test_the_subkernel_sees_no_key_and_no_token() -> None:
    secrets = {
        "OPENAI_API_KEY": "canary-one-canary",
        "JUPYTER_TOKEN": "canary-two-canary",
        "JPY_API_TOKEN": "canary-three-canary",
    }
    with running(**secrets) as kernel:
        _, outputs = kernel.client.run(
            "import os; [v for v in os.environ.values() if 'canary' in v]"
        )
        assert text(outputs) == "[]"


def test_a_status_of_ours_never_hides_a_running_cell(kernel: Kernel) -> None:
    msg_id = kernel.client.execute("print('on', flush=True); import time; time.sleep(1)")
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    kernel.client.reply(kernel.client.send("connect_request"))
    ours = kernel.client.published(is_idle)
    again = kernel.client.published(lambda m: m["msg_type"] == "status")
    assert ours["parent_header"]["msg_id"] != msg_id
    assert again["content"]["execution_state"] == "busy"
    assert again["parent_header"]["msg_id"] == msg_id
    kernel.client.reply(msg_id)


def test_what_a_cell_publishes_by_its_own_hand_ends_nothing(kernel: Kernel) -> None:
    code = "socket = get_ipython().kernel.iopub_socket\n"
    for garbage in ([b"x"], [b"a", b"b", b"c"], [b"t", b"<IDS|MSG>", b""]):
        code += f"socket.send_multipart({garbage!r})\n"
    assert kernel.client.run(code)[0]["status"] == "ok"
    assert text(kernel.client.run("6 * 7")[1]) == "42"


def test_modules_of_the_notebooks_folder_hide_none_of_ours(tmp_path: Path) -> None:
    for name in ("tornado", "json", "zmq", "hmac"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong module')")
    with running(cwd=str(tmp_path)) as kernel:
        assert text(kernel.client.run("1 + 1")[1]) == "2"
