"""What is signed wrongly, or for the second time, is dropped on every channel; the kernel lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import PATIENCE, running, text
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from tests.support.kernels import Client, Kernel


def signed(client: Client, msg_type: str, **content: Any) -> list[bytes]:
    """Write a message down, so that it can be sent more than once."""
    session = client.channels.session
    return list(session.serialize(session.msg(msg_type, content)))


def forged(frames: list[bytes]) -> list[bytes]:
    """Exchange a message's signature."""
    return [frames[0], b"0" * 64, *frames[2:]]


def send(client: Client, frames: list[bytes], channel: str = "shell") -> None:
    """Send a message as it is."""
    getattr(client.channels, f"{channel}_channel").socket.send_multipart(frames)


def asked(client: Client) -> str:
    """Let a cell ask on stdin."""
    msg_id = client.execute("input('? ')", allow_stdin=True)
    client.channels.get_stdin_msg(timeout=PATIENCE)
    return msg_id


def test_a_cell_with_a_wrong_signature_is_dropped(kernel: Kernel) -> None:
    cell = signed(kernel.client, "execute_request", code="hacked = 1", silent=False)
    send(kernel.client, forged(cell))
    assert text(kernel.client.run("'hacked' in dir()")[1]) == "False"


def test_cells_that_come_again_after_others_run_once(kernel: Kernel) -> None:
    client = kernel.client
    client.run("n = 0")
    cells = [
        signed(client, "execute_request", code=f"n += {number}", silent=False)
        for number in (1, 10, 100)
    ]
    for cell in (*cells, *cells, *reversed(cells)):
        send(client, cell)
        client.run("'between'")
    assert text(client.run("n")[1]) == "111"


def test_control_drops_a_wrong_signature(kernel: Kernel) -> None:
    client = kernel.client
    send(client, forged(signed(client, "shutdown_request", restart=False)), "control")
    assert client.reply(client.send("kernel_info_request", channel="control"), "control")
    assert client.run("1")[0]["status"] == "ok"


def test_control_drops_a_replay(kernel: Kernel) -> None:
    client = kernel.client

    def subshells() -> list[str]:
        listed = client.send("list_subshell_request", channel="control")
        return list(client.reply(listed, "control")["content"]["subshell_id"])

    before = subshells()
    creation = signed(client, "create_subshell_request")
    for _ in range(3):
        send(client, creation, "control")
    (made,) = set(subshells()) - set(before)
    gone = client.send("delete_subshell_request", {"subshell_id": made}, channel="control")
    client.reply(gone, "control")


@pytest.mark.parametrize("fault", ["wrong signature", "replay"])
def test_stdin_takes_the_right_answer_after_a_bad_one(kernel: Kernel, fault: str) -> None:
    client = kernel.client
    bad = signed(client, "input_reply", value="bad")
    if fault == "replay":
        first = asked(client)
        send(client, bad, "stdin")
        assert text(client.outputs(first)) == "'bad'"
        client.reply(first)
    msg_id = asked(client)
    send(client, bad if fault == "replay" else forged(bad), "stdin")
    client.channels.input("good")
    assert text(client.outputs(msg_id)) == "'good'"
    client.reply(msg_id)


def test_an_answer_that_was_used_approves_nothing() -> None:
    with ScriptedModel() as model, running(OPENAI_BASE_URL=model.base_url) as kernel:
        client = kernel.client
        yes = signed(client, "input_reply", value="y")
        for question, answers, ran in (("first", [], 1), ("second", ["n"], 0)):
            model.when(question, call("run_code", code="'approved'"), say("Well."))
            msg_id = client.execute(f"%ask {question}", allow_stdin=True)
            client.channels.get_stdin_msg(timeout=PATIENCE)
            send(client, yes, "stdin")
            for answer in answers:
                client.channels.input(answer)
            assert client.reply(msg_id)["content"]["status"] == "ok"
            kinds = [o["msg_type"] for o in client.outputs(msg_id)]
            assert kinds.count("execute_result") == ran
