"""One-shot code in a kernel, on any Jupyter Server: what comes back, and that nothing is left."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import os
import socket
import time

import pytest

from beaker_kernel.client import JupyterCodeExecuter, Result, execute_code_jupyter, executer
from tests.support.leftovers import PATIENCE, running_after

PLOT = "from IPython.display import Image; Image(data=b'png', format='png')"
SLOW = "import time; print('before', flush=True); time.sleep(600)"


def execute(server, code, timeout=60):
    return asyncio.run(
        execute_code_jupyter(server.base_url, code, server.token, server.password, timeout)
    )


def gone(processes):
    """Tell whether the kernels end; their own children end a moment after them."""
    return running_after(processes, PATIENCE) == []


def test_what_is_printed_written_and_returned_comes_back(server):
    code = "import sys; print('out'); print('err', file=sys.stderr); display(1); 6 * 7"
    assert execute(server, code) == {"stdout": "out", "stderr": "err", "result": "1\n42"}
    assert gone(server.kernels())


def test_an_image_is_a_data_url(with_token):
    assert execute(with_token, PLOT)["result"] == "data:image/png;base64,cG5n"


def test_a_traceback_comes_without_terminal_codes(server):
    result = execute(server, "print('before')\n1 / 0")
    assert result["stdout"] == "before"
    assert "ZeroDivisionError: division by zero" in result["stderr"]
    assert "\x1b" not in result["stderr"]


def test_a_result_of_megabytes_arrives(server):
    assert len(execute(server, "'x' * 3_000_000")["result"]) == 3_000_002


def test_the_timeout_is_for_the_whole_and_keeps_what_was_said(server):
    began = time.monotonic()
    result = execute(
        server, "import time\nwhile True:\n    print('x', flush=True); time.sleep(.1)", 12
    )
    assert time.monotonic() - began < 12 + PATIENCE
    assert result["stdout"].startswith("x\nx")
    assert result["stderr"] == "Execution timed out."
    assert gone(server.kernels())


def test_a_kernel_that_dies_is_seen(server):
    code = "import os, time; print('before', flush=True); time.sleep(1); os._exit(1)"
    result = execute(server, code)
    assert result["stdout"] == "before"
    assert "died" in result["stderr"].lower()
    assert gone(server.kernels())


@pytest.mark.parametrize("wrong", [{"token": "wrong"}, {"password": "wrong"}, {}])
def test_a_wrong_credential_is_told_and_not_raised(server, wrong):
    result = asyncio.run(execute_code_jupyter(server.base_url, "1", **wrong))
    assert result["stderr"].startswith("Error: ")
    assert (result["stdout"], result["result"]) == ("", "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://", "nonsense", "ftp://x", ""])
def test_an_address_where_nobody_answers_is_told_and_not_raised(url):
    result = asyncio.run(execute_code_jupyter(url, "1", "token"))
    assert result["stderr"].startswith("Error: ")


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\n\r\nno json", b"HTTP/1.1 200 OK\r\n\r\n[]", b"nonsense\r\n\r\n", b""],
)
def test_an_answer_that_nobody_understands_is_told_and_not_raised(answer):
    async def ask():
        async def talk(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await execute_code_jupyter(f"http://127.0.0.1:{port}", "1", "token")

    assert asyncio.run(ask())["stderr"].startswith("Error: ")


def test_a_server_that_says_nothing_is_left_in_time(monkeypatch):
    monkeypatch.setattr("beaker_kernel.client.jupyter.GRACE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        result = asyncio.run(execute_code_jupyter(url, "1", "token", timeout=0.1))
    assert result["stderr"] == "Execution timed out."


def test_a_password_logs_in_at_a_host_given_by_address(with_password):
    assert "127.0.0.1" in with_password.base_url
    assert execute(with_password, "1")["result"] == "1"


def test_the_executer_is_used_as_in_open_webui(server):
    async def use():
        arguments = (server.base_url + "/", "print(1)", server.token, server.password, 60)
        async with JupyterCodeExecuter(*arguments) as used:
            return await used.run()

    result = asyncio.run(use())
    assert (result.stdout, result.stderr, result.result) == ("1", "", "")
    assert result.model_dump() == {"stdout": "1", "stderr": "", "result": ""}


def test_the_signatures_are_open_webui_s():
    expected = ["base_url", "code", "token", "password", "timeout"]
    assert list(inspect.signature(execute_code_jupyter).parameters) == expected
    assert list(inspect.signature(JupyterCodeExecuter).parameters) == expected
    assert Result().model_dump() == {"stdout": "", "stderr": "", "result": ""}


def test_the_examples_run(beaker):
    known = {**vars(executer), "BASE_URL": beaker.base_url, "TOKEN": beaker.token}
    failed, attempted = doctest.testmod(executer, extraglobs=known)
    assert (failed, attempted) == (0, 4)


async def cancelled(server, seconds):
    running = execute_code_jupyter(server.base_url, SLOW, server.token, server.password)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(running, seconds)


async def five(server, number):
    """Run one that is right, one that errs, one that takes too long; cancel two on their way."""
    arguments = (server.token, server.password)
    moments = [number % 10 * 0.15 + step * 0.7 for step in range(2)]
    right, wrong, late, *_ = await asyncio.gather(  # at once
        execute_code_jupyter(server.base_url, f"print({number})", *arguments),
        execute_code_jupyter(server.base_url, f"raise ValueError({number})", *arguments),
        execute_code_jupyter(server.base_url, SLOW, *arguments, timeout=1 + number % 3),
        *(cancelled(server, moment) for moment in moments),
    )
    assert right["stdout"] == str(number)
    assert f"ValueError: {number}" in wrong["stderr"]
    assert late["stderr"].endswith("Execution timed out.")


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("server", ["beaker", "with_token"], indirect=True)
def test_a_hundred_calls_leave_no_kernel_and_no_file(server):
    async def hundred():
        for number in range(20):
            await five(server, number)

    execute(server, "1")  # what is opened once stays
    open_here, open_there = len(os.listdir("/proc/self/fd")), server.files()
    asyncio.run(hundred())
    assert gone(server.kernels())
    assert len(os.listdir("/proc/self/fd")) == open_here
    assert server.files_within(open_there + 2, PATIENCE)
