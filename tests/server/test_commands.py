"""Commands in a shell: bounded, in the session's folder, and off unless they are switched on."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from executions import Api
from running_server import TOKEN, serving

from tests.support.leftovers import PATIENCE, marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 10_000
"""Bytes of a stream that these servers show."""


@contextmanager
def commanding(folder: Path, **more: str) -> Iterator[Api]:
    """Have a server that runs commands."""
    own = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(folder / "data")}
    on = {"BEAKER_EXECUTION_COMMANDS": "1", "BEAKER_EXECUTION_MAX_OUTPUT_BYTES": str(MOST)}
    with serving(folder, **own, **on, **more) as server:
        yield Api(server, folder)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with commanding(tmp_path_factory.mktemp("commands")) as found:
        yield found


def command(api: Api, text: str, **more: Any) -> dict[str, Any]:
    reply = api.ask("POST", "/commands", {"command": text, **more})
    assert reply.status == 200, reply.body
    return dict(reply.json())


def test_a_command_answers_with_its_streams_and_its_exit_code(api: Api) -> None:
    found = command(api, "echo out | tr a-z A-Z; echo err >&2; exit 3")
    assert found == {"stdout": "OUT\n", "stderr": "err\n", "exit_code": 3, "timed_out": False}


def test_what_it_says_may_be_any_bytes_and_what_it_is_asked_any_text(api: Api) -> None:
    found = command(api, "# '''\"\"\"\n%who 😀 {0}\nprintf 'a\\xffé'")
    assert (found["stdout"], found["exit_code"]) == ("a\ufffdé", 0)


def test_a_signal_that_ends_it_is_a_negative_exit_code(api: Api) -> None:
    assert command(api, "kill -9 $$")["exit_code"] == -9


def test_it_reads_no_input(api: Api) -> None:
    assert command(api, "cat; echo $?")["stdout"] == "0\n"


def test_it_runs_in_the_sessions_folder_or_below(api: Api) -> None:
    with api.session() as session:
        api.run("import os; os.mkdir('inner'); open('a.txt', 'w').write('a')", session)
        assert command(api, "cat a.txt", session=session)["stdout"] == "a"
        command(api, "echo b > b.txt", session=session, cwd="inner")
        assert api.ask("GET", f"/sessions/{session}/files/inner/b.txt").body == b"b\n"
        body = {"command": "pwd", "session": session, "cwd": "../.."}
        assert api.ask("POST", "/commands", body).status == 422


def test_it_leaves_neither_a_session_nor_a_trace_in_the_history(api: Api) -> None:
    before = api.ask("GET", "/sessions").json()
    command(api, "echo never-to-be-seen")
    assert api.ask("GET", "/sessions").json() == before
    assert api.ask("GET", "/executions?q=never-to-be-seen").json()["executions"] == []


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(api: Api) -> None:
    found = command(api, "echo on; WHICH_COMMAND=slow sleep 600 | cat", timeout=5)
    assert (found["stdout"], found["exit_code"], found["timed_out"]) == ("on\n", None, True)
    assert not [p for p in marked("WHICH_COMMAND", "slow") if p.wait(PATIENCE)]


def test_its_output_is_bounded(api: Api) -> None:
    found = command(api, "head -c 3000000 /dev/zero | tr '\\0' x")
    assert len(found["stdout"]) < MOST + 100
    assert "3,000,000 bytes left out here" in found["stdout"]


def test_it_is_in_the_audit_log(api: Api) -> None:
    command(api, "true")
    (log,) = (api.folder / "data").glob("**/audit.jsonl")
    assert '"verdict": "accepted"' in log.read_text().splitlines()[-1]


@pytest.mark.parametrize("body", [{}, {"command": ""}, {"command": "a\0b"}, {"command": 1}])
def test_what_is_no_command_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.ask("POST", "/commands", body).status == 422


def test_a_session_that_is_not_there_is_not_found(api: Api) -> None:
    assert api.ask("POST", "/commands", {"command": "true", "session": "none"}).status == 404


def test_commands_are_off_unless_they_are_switched_on(tmp_path: Path) -> None:
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN) as server:
        reply = Api(server, tmp_path).ask("POST", "/commands", {"command": "touch here"})
        assert (reply.status, reply.json()["detail"][0]["type"]) == (403, "NotAllowed")
    assert not list(tmp_path.glob("**/here"))


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
def test_where_kernels_are_in_a_sandbox_commands_are_too(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    with commanding(tmp_path, BEAKER_SANDBOX="1") as api, api.session() as session:
        found = command(api, f"hostname; touch inside; cat {secret}", session=session)
        assert (found["stdout"], "No such file" in found["stderr"]) == ("sandbox\n", True)
        assert api.ask("GET", f"/sessions/{session}/files/inside").status == 200
