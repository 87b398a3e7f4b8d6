"""Kernels through the server: the default one, its websocket, its environment, its end."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from running_server import TOKEN, environment, serving
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.support.leftovers import running_after

CODE = "import os; print({n: n in os.environ for n in ('JUPYTER_TOKEN', 'JUPYTER_TOKEN_FILE')})"


async def channels(server, kernel, headers):
    address = f"ws://{server.host}:{server.port}/api/kernels/{kernel}/channels"
    return await websocket_connect(HTTPRequest(address, headers=headers, request_timeout=60))


async def run_cell(server, kernel, code, token=TOKEN):
    """Return the messages that answer a cell, until its reply and its idle are both there."""
    socket = await channels(server, kernel, {"Authorization": f"token {token}"})
    header = {"msg_id": "cell-1", "msg_type": "execute_request", "session": "s", "username": ""}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    request = {
        "header": header | {"version": "5.4", "date": "2026-01-01T00:00:00Z"},
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
    await socket.write_message(json.dumps(request))
    answers, waiting_for = [], {"execute_reply", "idle"}
    while waiting_for:
        message = json.loads(await socket.read_message())
        if message["parent_header"].get("msg_id") == "cell-1":
            answers.append(message)
            waiting_for -= {message["msg_type"], message["content"].get("execution_state")}
    socket.close()
    while await socket.read_message() is not None:  # until the other side has closed, too
        pass
    return answers


def printed(answers):
    return "".join(m["content"]["text"] for m in answers if m["msg_type"] == "stream")


def test_a_post_without_a_body_starts_the_beaker_kernel(server):
    reply = server.ask("POST", "/api/kernels")
    assert (reply.status, reply.json()["name"]) == (201, "beaker")


def test_a_cell_goes_round_through_the_websocket(server):
    answers = asyncio.run(run_cell(server, server.start_kernel(), "print(6 * 7)"))
    assert printed(answers) == "42\n"
    assert [m["content"]["status"] for m in answers if m["msg_type"] == "execute_reply"] == ["ok"]


def test_a_kernel_does_not_inherit_the_servers_token(server):
    kernel = server.start_kernel()
    assert printed(asyncio.run(run_cell(server, kernel, CODE))).count("False") == 2
    relays = psutil.Process(server.process.pid).children()
    assert relays
    assert [relay for relay in relays if TOKEN in environment_of(relay)] == []


def environment_of(relay: psutil.Process) -> str:
    """Return the variables of a process; ours let nobody read them but root."""
    try:
        return str(relay.environ())
    except psutil.AccessDenied:
        return ""


def test_what_goes_between_server_and_kernel_is_encrypted(tmp_path):
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN) as server:
        kernel = server.start_kernel()
        file = tmp_path / "runtime" / f"kernel-{kernel}.json"
        assert json.loads(file.read_text())["curve_secretkey"]
        assert file.stat().st_mode & 0o077 == 0
        assert printed(asyncio.run(run_cell(server, kernel, "print(1)"))) == "1\n"


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), ({"Origin": "http://evil.example"}, 403)]
)
def test_a_websocket_without_the_token_is_refused(server, headers, status):
    with pytest.raises(HTTPClientError) as refusal:
        asyncio.run(asyncio.wait_for(channels(server, server.start_kernel(), headers), 30))
    assert refusal.value.code == status


def test_sigterm_ends_the_server_and_all_its_processes(tmp_path):
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN) as server:
        asyncio.run(run_cell(server, server.start_kernel(), "pass"))
        processes = psutil.Process(server.process.pid).children(recursive=True)
        assert processes
        assert server.stop() == 0
        assert running_after(processes, 5) == []
    assert list((tmp_path / "runtime").glob("*.json")) == []


def test_small_messages_leave_a_kernels_websocket_at_once(tmp_path):
    probe = Path(__file__).with_name("nodelay_probe.py")
    found = subprocess.run(
        [sys.executable, probe],
        cwd=tmp_path,
        env=environment(tmp_path, JUPYTER_TOKEN=TOKEN),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert found.stdout == "TCP_NODELAY 1\n", found.stderr


def test_kernels_can_be_listed_at_any_moment_of_anothers_start(server):
    with ThreadPoolExecutor() as pool:
        starting = [pool.submit(server.start_kernel) for _ in range(3)]
        while not all(start.done() for start in starting):
            assert server.ask("GET", "/api/kernels").status == 200
    for start in starting:
        assert server.ask("DELETE", f"/api/kernels/{start.result()}").status == 204
