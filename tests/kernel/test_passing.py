"""Everything passes: what a frontend gets through the relay is what the subkernel sent."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Client, Kernel, is_idle, running, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIXED = """
import sys
for i in range(20):
    print("out", i)
    print("err", i, file=sys.stderr)
    display(i)
"last"
"""


@pytest.fixture
def second(kernel: Kernel) -> Iterator[Client]:
    client = kernel.another_client()
    yield client
    client.close()


def test_ten_cells_of_mixed_outputs_arrive_in_order_once_and_before_idle(kernel: Kernel) -> None:
    for _ in range(10):
        reply, outputs = kernel.client.run(MIXED)
        assert reply["status"] == "ok"
        displayed = [o for o in outputs if o["msg_type"] == "display_data"]
        assert [o["content"]["data"]["text/plain"] for o in displayed] == [*map(str, range(20))]
        printed = "".join(
            o["content"]["text"] for o in outputs if o["content"].get("name") == "stdout"
        )
        assert printed == "".join(f"out {i}\n" for i in range(20))
        assert outputs[-1]["msg_type"] == "execute_result"
    assert kernel.client.leftovers() == []


def test_twenty_of_twenty_errors_arrive(kernel: Kernel) -> None:
    for number in range(20):
        reply, outputs = kernel.client.run(f"raise ValueError({number})")
        assert (reply["status"], reply["evalue"]) == ("error", str(number))
        assert outputs[-1]["msg_type"] == "error"


def test_buffers_of_twenty_megabytes_pass_both_ways(kernel: Kernel) -> None:
    kernel.client.run(
        "from comm import get_comm_manager\n"
        "def opened(comm, message):\n"
        "    comm.on_msg(lambda m: comm.send({}, buffers=[bytes(m['buffers'][0])[::-1]]))\n"
        "get_comm_manager().register_target('mirror', opened)\n"
    )
    sent = os.urandom(1 << 10) * (20 << 10)
    kernel.client.send("comm_open", {"comm_id": "c1", "target_name": "mirror", "data": {}})
    kernel.client.send("comm_msg", {"comm_id": "c1", "data": {}}, buffers=[sent])
    back = kernel.client.published(lambda m: m["msg_type"] == "comm_msg")
    assert bytes(back["buffers"][0]) == sent[::-1]


def test_input_reaches_the_client_that_asked(kernel: Kernel, second: Client) -> None:
    for client, name in ((kernel.client, "first"), (second, "second")):
        msg_id = client.execute(f"input('{name}? ')", allow_stdin=True)
        assert client.answer_input(name)["content"]["prompt"] == f"{name}? "
        assert client.reply(msg_id)["content"]["status"] == "ok"
        assert text(client.outputs(msg_id)).endswith(repr(name))


def test_an_interrupt_request_stops_the_cell(kernel: Kernel) -> None:
    msg_id = kernel.client.execute("print('on', flush=True); import time; time.sleep(60)")
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    asked = kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_a_signal_to_the_relay_stops_the_cell(kernel: Kernel) -> None:
    msg_id = kernel.client.execute("print('on', flush=True); import time; time.sleep(60)")
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    os.kill(kernel.pid, signal.SIGINT)
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_a_failing_cell_aborts_the_cells_behind_it(kernel: Kernel) -> None:
    ids = [kernel.client.execute(code) for code in ("import time; time.sleep(.2); 1/0", "2", "3")]
    states = [kernel.client.reply(msg_id)["content"]["status"] for msg_id in ids]
    assert states == ["error", "aborted", "aborted"]


def test_kernel_info_names_beaker_and_keeps_the_subkernels_own_words(kernel: Kernel) -> None:
    info = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]
    assert info["implementation"] == "ipython"
    assert {"beaker", "kernel subshells"} <= set(info["supported_features"])
    assert info["beaker"]["subkernel"] == "python3"


def test_connect_request_answers_with_the_ports_that_a_frontend_can_use(kernel: Kernel) -> None:
    ports = kernel.client.reply(kernel.client.send("connect_request"))["content"]
    assert ports["shell_port"] == kernel.manager.shell_port


def test_a_subshell_runs_while_the_main_shell_is_busy(kernel: Kernel) -> None:
    client = kernel.client
    made = client.send("create_subshell_request", channel="control")
    subshell = client.reply(made, "control")["content"]["subshell_id"]
    busy = client.execute("import time; time.sleep(1.5); 'main'")
    header = {"subshell_id": subshell}
    content = {"code": "1 + 1", "silent": False, "store_history": False, "allow_stdin": False}
    beside = client.send("execute_request", content, header=header)
    assert client.reply(beside)["content"]["status"] == "ok"
    assert client.reply(busy)["content"]["status"] == "ok"
    gone = client.send("delete_subshell_request", {"subshell_id": subshell}, channel="control")
    assert client.reply(gone, "control")["content"]["status"] == "ok"


def test_the_debugger_stops_at_a_breakpoint(kernel: Kernel) -> None:
    def debug(command: str, **arguments: object) -> dict[str, object]:
        content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
        asked = kernel.client.send("debug_request", content, channel="control")
        answer: dict[str, object] = kernel.client.reply(asked, "control")["content"]
        return answer

    assert debug("initialize", clientID="test", adapterID="", pathFormat="path")["success"]
    assert debug("attach")["success"]
    code = "a = 1\nb = a + 1\nprint(b)"
    path = debug("dumpCell", code=code)["body"]["sourcePath"]  # type: ignore[index]
    debug("setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}], sourceModified=False)
    debug("configurationDone")
    msg_id = kernel.client.execute(code)
    stopped = kernel.client.published(
        lambda m: m["msg_type"] == "debug_event" and m["content"]["event"] == "stopped"
    )
    debug("continue", threadId=stopped["content"]["body"]["threadId"])
    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    debug("disconnect", restart=False, terminateDebuggee=False)


def test_two_clients_see_each_others_outputs(kernel: Kernel, second: Client) -> None:
    msg_id = kernel.client.execute("print('for both')")
    assert "for both" in text(second.outputs(msg_id))


def test_a_wrong_or_used_signature_is_dropped_and_the_kernel_lives(kernel: Kernel) -> None:
    client = kernel.client
    session, socket = client.channels.session, client.channels.shell_channel.socket
    content = {"code": "hacked = 1", "silent": False}
    frames = session.serialize(session.msg("execute_request", content))
    forged = [frames[0], b"0" * 64, *frames[2:]]
    socket.send_multipart(forged)
    replayed = session.serialize(session.msg("execute_request", content | {"code": "n = n + 1"}))
    client.run("n = 0")
    for _ in range(3):
        socket.send_multipart(replayed)
    reply, outputs = client.run("('hacked' in dir(), n)")
    assert reply["status"] == "ok"
    assert text(outputs) == "(False, 1)"


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


def test_a_client_is_asked_while_another_ones_question_is_open(
    kernel: Kernel, second: Client
) -> None:
    first = kernel.client
    ids = [first.execute("input()", allow_stdin=True)]
    first.channels.get_stdin_msg(timeout=10)
    ids.append(second.execute("input()", allow_stdin=True))
    second.reply(second.send("kernel_info_request", channel="control"), "control")
    first.channels.input("one")
    second.answer_input("two")
    for client, msg_id, answer in zip((first, second), ids, ("one", "two"), strict=True):
        assert client.reply(msg_id)["content"]["status"] == "ok"
        assert text(client.outputs(msg_id)) == repr(answer)


def test_the_very_first_request_of_a_client_can_ask(kernel: Kernel) -> None:
    for number in range(10):
        client = kernel.another_client()
        try:
            msg_id = client.execute("input()", allow_stdin=True)
            client.answer_input(str(number))
            assert client.reply(msg_id)["content"]["status"] == "ok"
        finally:
            client.close()


def test_an_unanswered_question_takes_no_later_answer(kernel: Kernel) -> None:
    client = kernel.client
    asked = client.execute("input('unanswered')", allow_stdin=True)
    client.channels.get_stdin_msg(timeout=10)
    client.send("interrupt_request", channel="control")
    assert client.reply(asked)["content"]["ename"] == "KeyboardInterrupt"
    again = client.execute("input('again')", allow_stdin=True)
    client.answer_input("answer")
    assert "answer" in text(client.outputs(again))
    client.reply(again)


def test_what_a_cell_publishes_by_its_own_hand_ends_nothing(kernel: Kernel) -> None:
    code = "socket = get_ipython().kernel.iopub_socket\n"
    for garbage in ([b"x"], [b"a", b"b", b"c"], [b"t", b"<IDS|MSG>", b""]):
        code += f"socket.send_multipart({garbage!r})\n"
    assert kernel.client.run(code)[0]["status"] == "ok"
    assert text(kernel.client.run("6 * 7")[1]) == "42"


def test_json_that_looks_like_a_status_is_no_status(kernel: Kernel) -> None:
    code = "display({'application/json': {'status': 'idle', 'execution_state': 'idle'}}, raw=True)"
    msg_id = kernel.client.execute(f"{code}\nprint('after')")
    assert "after" in text(kernel.client.outputs(msg_id))
    kernel.client.reply(msg_id)


def test_modules_of_the_notebooks_folder_hide_none_of_ours(tmp_path: Path) -> None:
    for name in ("tornado", "json", "zmq", "hmac"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong module')")
    with running(cwd=str(tmp_path)) as kernel:
        assert text(kernel.client.run("1 + 1")[1]) == "2"
