"""What works on plain ipykernel works on beaker: the same code asks both."""

from __future__ import annotations

import os

from tests.support.kernels import ENDLESS, Client, Kernel, text

MIXED = """
import sys
for i in range(20):
    print("out", i)
    print("err", i, file=sys.stderr)
    display(i)
"last"
"""


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
    msg_id = kernel.client.execute(ENDLESS)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    asked = kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_a_failing_cell_aborts_the_cells_behind_it(kernel: Kernel) -> None:
    ids = [kernel.client.execute(code) for code in ("import time; time.sleep(.2); 1/0", "2", "3")]
    states = [kernel.client.reply(msg_id)["content"]["status"] for msg_id in ids]
    assert states == ["error", "aborted", "aborted"]


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


def test_two_clients_see_each_others_outputs(kernel: Kernel, second: Client) -> None:
    msg_id = kernel.client.execute("print('for both')")
    assert "for both" in text(second.outputs(msg_id))


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
    asked = client.execute("input('unanswered')", allow_stdin=True, stop_on_error=False)
    client.channels.get_stdin_msg(timeout=10)
    client.send("interrupt_request", channel="control")
    assert client.reply(asked)["content"]["ename"] == "KeyboardInterrupt"
    again = client.execute("input('again')", allow_stdin=True)
    client.answer_input("answer")
    assert "answer" in text(client.outputs(again))
    client.reply(again)


def test_json_that_looks_like_a_status_is_no_status(kernel: Kernel) -> None:
    code = "display({'application/json': {'status': 'idle', 'execution_state': 'idle'}}, raw=True)"
    msg_id = kernel.client.execute(f"{code}\nprint('after')")
    assert "after" in text(kernel.client.outputs(msg_id))
    kernel.client.reply(msg_id)
