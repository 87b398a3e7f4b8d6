"""What EXECUTION_API.md says of results and limits, sentence by sentence, with real kernels."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest
from executions import Api
from running_server import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 200_000
"""Bytes of output that the server of these tests shows."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("executions")
    limits = {"BEAKER_EXECUTION_MAX_OUTPUT_BYTES": str(MOST), "BEAKER_EXECUTION_MAX_SESSIONS": "5"}
    own = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(folder / "data")}
    with serving(folder, **own, **limits) as server:
        yield Api(server, folder)


@pytest.fixture(scope="module")
def session(api: Api) -> Iterator[str]:
    with api.session() as name:
        yield name


def texts(execution: dict) -> list[str]:
    return [result["text"] for result in execution["results"]]


def wait_until_gone(api: Api, session: str) -> None:
    end = time.monotonic() + 30
    while api.ask("GET", f"/sessions/{session}").status == 200:
        assert time.monotonic() < end


# What comes of code


def test_code_without_a_session_runs_in_a_kernel_that_is_gone_afterwards(api: Api) -> None:
    execution = api.run("print('hi')\n6 * 7")
    assert (execution["status"], execution["stdout"], texts(execution)) == ("ok", "hi\n", ["42"])
    wait_until_gone(api, execution["session_id"])


def test_a_session_keeps_its_variables(api: Api, session: str) -> None:
    api.run("x = 41", session)
    assert texts(api.run("x + 1", session)) == ["42"]


def test_an_execution_says_when_it_ran_and_its_number(api: Api, session: str) -> None:
    first, second = api.run("1", session), api.run("1", session)
    assert second["execution_count"] == first["execution_count"] + 1
    assert first["started_at"] <= first["finished_at"] <= second["started_at"]
    assert 0 < first["duration_ms"] < 10_000
    assert (first["session_id"], first["language"], first["code"]) == (session, "python", "1")


def test_outputs_are_folded_as_a_frontend_shows_them(api: Api, session: str) -> None:
    execution = api.run(
        "from IPython.display import clear_output, display\n"
        "print('gone'); display('gone'); clear_output()\n"
        "for n in range(3): print(f'\\r{n} %', end='')\n"
        "print('\\x1b[31mred\\x1b[0m')\n"
        "handle = display('old', display_id=True); handle.update('new')",
        session,
    )
    assert (execution["stdout"], texts(execution)) == ("2 %red\n", ["'new'"])


def test_an_error_is_plain_and_with_colours_and_names_the_line(api: Api, session: str) -> None:
    error = api.run("1\n1/0", session)["error"]
    assert (error["name"], error["value"], error["line"]) == (
        "ZeroDivisionError",
        "division by zero",
        2,
    )
    assert "\x1b" not in "".join(error["traceback"])
    assert "\x1b" in "".join(error["traceback_ansi"])


def test_formats_have_e2bs_names(api: Api, session: str) -> None:
    code = (
        "class X:\n def _repr_html_(self): return '<b>x</b>'\n def __repr__(self): return 'x'\nX()"
    )
    (result,) = api.run(code, session)["results"]
    assert (result["html"], result["text"], result["is_main_result"]) == ("<b>x</b>", "x", True)
    assert result["mimebundle"] == {"text/html": "<b>x</b>", "text/plain": "x"}


def test_every_body_is_strict_json(api: Api, session: str) -> None:
    code = "display({'application/json': {'a': [float('nan'), float('inf')]}}, raw=True)"
    reply = api.ask("POST", "/executions", {"code": code, "session": session})
    assert json.loads(reply.body, parse_constant=pytest.fail)["status"] == "ok"


def test_a_hint_names_the_missing_module(api: Api, session: str) -> None:
    assert "%pip install scikit-learn" in api.run("import sklearn.tree", session)["suggestion"]
    api.run("measurements = [1]", session)
    assert "'measurements'" in api.run("measurement", session)["suggestion"]


def test_files_that_the_code_has_made_are_named(api: Api) -> None:
    with api.session() as session:
        execution = api.run("open('a.txt', 'w').write('hello')", session)
        assert execution["files"] == [{"path": "a.txt", "size": 5}]
        assert api.ask("GET", f"/sessions/{session}/files/a.txt").body == b"hello"


# Input


def test_input_fails_at_once_and_says_how_to_give_lines(api: Api, session: str) -> None:
    execution = api.run("input('? ')", session)
    assert (execution["status"], '"stdin"' in execution["suggestion"]) == ("error", True)


def test_the_lines_are_given(api: Api, session: str) -> None:
    execution = api.run("input() + input()", session, stdin=["a", "b"])
    assert texts(execution) == ["'ab'"]


def test_where_there_are_no_more_lines_the_input_ends(api: Api, session: str) -> None:
    execution = api.run("input(); input()", session, stdin=["a"])
    assert (execution["error"]["name"], execution["status"]) == ("EOFError", "error")


# Limits


def test_code_that_takes_too_long_is_interrupted_and_its_variables_stay(api: Api) -> None:
    with api.session() as session:
        api.run("x = 1", session)
        execution = api.run("import time; time.sleep(60)", session, timeout=0.5)
        assert (execution["status"], execution["kernel_state"]) == ("timeout", "preserved")
        assert execution["duration_ms"] < 5_000
        assert "background" in execution["suggestion"]
        assert texts(api.run("x", session)) == ["1"]


def test_code_that_ignores_the_interrupt_loses_its_kernel(api: Api) -> None:
    stubborn = "import time\nwhile True:\n try: time.sleep(60)\n except KeyboardInterrupt: pass"
    with api.session() as session:
        api.run("x = 1", session)
        execution = api.run(stubborn, session, timeout=0.5)
        assert (execution["status"], execution["kernel_state"]) == ("timeout", "restarted")
        assert api.run("x", session)["error"]["name"] == "NameError"


def test_the_timeout_is_of_the_whole_however_much_is_printed(api: Api, session: str) -> None:
    code = "import time\nwhile True: print('.', flush=True); time.sleep(0.05)"
    execution = api.run(code, session, timeout=1)
    assert (execution["status"], execution["kernel_state"]) == ("timeout", "preserved")
    assert execution["stdout"].startswith(".\n.\n")


@pytest.mark.parametrize("kernel", ["beaker", "python3"])
def test_a_kernel_that_dies_ends_its_execution_at_once(api: Api, kernel: str) -> None:
    with api.session(kernel=kernel) as session:
        api.run("x = 1", session)
        execution = api.run("import os; os._exit(1)", session)
        assert (execution["status"], execution["kernel_state"]) == ("killed", "restarted")
        assert execution["duration_ms"] < 20_000
        assert api.run("x", session)["error"]["name"] == "NameError"


@pytest.mark.parametrize("kernel", ["beaker", "python3"])
def test_a_kernel_that_dies_while_nothing_runs_is_started_anew(api: Api, kernel: str) -> None:
    with api.session(kernel=kernel) as session:
        pid = int(texts(api.run("import os; os.getpid()", session))[0])
        psutil.Process(pid).kill()
        first = api.run("1", session)  # it may have come before the news of the end
        assert first["status"] in {"ok", "killed"}
        assert texts(api.run("6 * 7", session)) == ["42"]


def test_too_much_memory_is_an_error_and_the_session_lives(api: Api) -> None:
    with api.session(memory_mb=400) as session:
        execution = api.run("x = bytearray(1 << 30)", session)
        assert (execution["error"]["name"], execution["kernel_state"]) == (
            "MemoryError",
            "preserved",
        )
        assert texts(api.run("6 * 7", session)) == ["42"]


def test_long_output_is_cut_and_the_whole_can_be_read_byte_for_byte(api: Api) -> None:
    with api.session() as session:
        execution = api.run("for n in range(300_000): print(n)", session)
        whole = "".join(f"{n}\n" for n in range(300_000)).encode()
        assert len(execution["stdout"]) < MOST + 100
        assert execution["stdout"].endswith("299999\n")
        (cut,) = execution["truncated"]
        assert cut == {"output": 0, "name": "stdout", "size": len(whole), "kept": True}
        path = f"/executions/{execution['id']}/outputs/0"
        assert api.ask("GET", path).body == whole
        assert api.ask("GET", path + "?offset=10&limit=20").body == whole[10:30]


def test_a_large_result_is_whole_within_its_room(api: Api, session: str) -> None:
    execution = api.run(f"'x' * {MOST // 2}", session)
    assert (len(texts(execution)[0]), execution["truncated"]) == (MOST // 2 + 2, [])


def test_ten_at_once_in_one_session_run_one_after_the_other(api: Api, session: str) -> None:
    api.run("n = 0", session)
    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda _: api.run("m = n; n = m + 1; n", session), range(10)))
    assert sorted(int(texts(execution)[0]) for execution in done) == list(range(1, 11))


def test_too_many_sessions_are_refused_with_a_time(api: Api) -> None:
    made = []
    try:
        while (reply := api.ask("POST", "/sessions", {})).status == 201:
            made.append(reply.json()["id"])
        assert (reply.status, int(reply.headers["Retry-After"]) > 0) == (429, True)
        assert "5 sessions" in reply.json()["detail"][0]["msg"]
    finally:
        for name in made:
            assert api.ask("DELETE", f"/sessions/{name}").status == 204


# Events


def test_events_come_while_the_code_runs_and_end_with_one_done(api: Api, session: str) -> None:
    body = {"code": "import time\nprint('a', flush=True)\ntime.sleep(0.5)\nprint('b')\n6 * 7"}
    with api.events("POST", "/executions", {**body, "session": session}) as events:
        found = list(events)
    kinds = [kind for _, kind, _ in found]
    assert kinds == ["started", "stdout", "stdout", "result", "done"]
    assert [number for number, _, _ in found] == [1, 2, 3, 4, 5]
    assert found[-1][2]["status"] == "ok"


@pytest.mark.parametrize("since", [0, 2, 4])
def test_a_reader_that_comes_back_misses_nothing(api: Api, session: str, since: int) -> None:
    execution = api.start("for n in range(3): print(n, flush=True)", session)
    api.end(execution)
    with api.events("GET", f"/executions/{execution}", Last_Event_ID=str(since)) as events:
        numbers = [number for number, _, _ in events]
    assert numbers[0] == since + 1
    assert numbers == list(range(since + 1, numbers[-1] + 1))


def test_a_run_in_the_background_goes_on_without_a_client(api: Api, session: str) -> None:
    execution = api.start("import time; time.sleep(0.5); 6 * 7", session)
    assert api.ask("GET", f"/executions/{execution}").json()["status"] in {"queued", "running"}
    assert texts(api.end(execution)) == ["42"]


# History


def test_what_was_executed_is_listed_newest_first_and_found_by_its_text(
    api: Api, session: str
) -> None:
    first = api.run("marker_1 = 'needle in the code'", session)["id"]
    second = api.run("print('needle in the', 'output')", session)["id"]
    api.run("'something else'", session)
    page = api.ask("GET", "/executions?q=NEEDLE%20IN&limit=1").json()
    assert [e["id"] for e in page["executions"]] == [second]
    page = api.ask("GET", f"/executions?q=needle%20in&cursor={page['cursor']}").json()
    assert [e["id"] for e in page["executions"]] == [first]
    assert page["cursor"] is None


def test_what_runs_is_listed_where_it_is_asked_for(api: Api, session: str) -> None:
    running = api.start("import time; time.sleep(60)", session)
    found = api.ask("GET", "/executions?status=running").json()["executions"]
    assert [e["id"] for e in found] == [running]
    api.ask("POST", f"/executions/{running}/interrupt")
    api.end(running)


def test_an_execution_and_its_whole_output_outlive_the_server(tmp_path: Path) -> None:
    settings = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    few = {"BEAKER_EXECUTION_MAX_OUTPUT_BYTES": "1000", "BEAKER_EXECUTION_POOL": "0"}
    with serving(tmp_path, **settings, **few) as server:
        before = Api(server, tmp_path).run("print('x' * 10_000)")
    with serving(tmp_path, **settings, **few) as server:
        api = Api(server, tmp_path)
        assert api.ask("GET", f"/executions/{before['id']}").json() == before
        whole = api.ask("GET", f"/executions/{before['id']}/outputs/0")
        assert whole.body == b"x" * 10_000 + b"\n"


# Sessions


def test_a_queue_in_one_session_keeps_no_other_waiting(tmp_path: Path) -> None:
    limits = {"BEAKER_EXECUTION_MAX_CONCURRENCY": "2", "BEAKER_EXECUTION_POOL": "0"}
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN, **limits) as server:
        api = Api(server, tmp_path)
        with api.session() as long, api.session() as other:
            for _ in range(4):
                api.start("import time; time.sleep(60)", long)
            assert texts(api.run("6 * 7", other)) == ["42"]


def test_a_session_adopts_a_kernel_and_leaves_it_alive(api: Api) -> None:
    kernel = api.server.start_kernel()
    with api.session(kernel_id=kernel) as session:
        assert texts(api.run("6 * 7", session)) == ["42"]
        assert api.ask("GET", f"/sessions/{session}").json()["adopted"] is True
    assert api.server.ask("GET", f"/api/kernels/{kernel}").status == 200
    api.server.ask("DELETE", f"/api/kernels/{kernel}")


def test_a_restart_forgets_the_variables_and_what_waits(api: Api) -> None:
    with api.session() as session:
        api.run("x = 1", session)
        running = api.start("import time; time.sleep(60)", session)
        waiting = api.start("x", session)
        assert api.ask("POST", f"/sessions/{session}/restart").json()["state"] == "idle"
        assert api.end(running)["kernel_state"] == "restarted"
        assert api.end(waiting)["status"] == "interrupted"
        assert api.run("x", session)["error"]["name"] == "NameError"


def test_a_session_has_the_folder_and_the_environment_that_it_asked_for(api: Api) -> None:
    (api.folder / "here").mkdir()
    with api.session(cwd="here", env={"GREETING": "hello"}) as session:
        execution = api.run("import os; os.getcwd(), os.environ['GREETING']", session)
    assert texts(execution) == [str((str(api.folder / "here"), "hello"))]


def test_a_session_that_nobody_uses_is_ended(api: Api) -> None:
    wait_until_gone(api, api.ask("POST", "/sessions", {"idle_timeout": 0.2}).json()["id"])


def test_variables_are_listed_with_a_preview(api: Api) -> None:
    with api.session() as session:
        api.run("answer = 42", session)
        found = api.ask("GET", f"/sessions/{session}/variables").json()
    assert [(v["name"], v["preview"]) for v in found["variables"]] == [("answer", "42")]


def test_languages_name_their_kernels(api: Api) -> None:
    found = api.ask("GET", "/languages").json()
    assert found["default"] == "beaker"
    assert {"beaker", "python3"} <= set(found["languages"]["python"])


def test_when_the_server_stops_no_process_and_no_folder_is_left(tmp_path: Path) -> None:
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN) as server:
        api = Api(server, tmp_path)
        name = api.ask("POST", "/sessions", {}).json()["id"]
        execution = api.start("import time; time.sleep(60)", name)
        assert api.ask("GET", f"/executions/{execution}").status == 200
        assert server.stop() == 0
    assert os.listdir(tmp_path / "runtime") == ["jupyter_cookie_secret"]
