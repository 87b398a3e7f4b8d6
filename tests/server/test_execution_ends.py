"""How executions end before their time: interrupted, deleted, or left by their client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from executions import Api
from running_server import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("ends")
    own = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(folder / "data")}
    with serving(folder, **own) as server:
        yield Api(server, folder)


@pytest.fixture(scope="module")
def session(api: Api) -> Iterator[str]:
    with api.session() as name:
        yield name


def test_a_client_that_goes_away_interrupts_its_run(api: Api, session: str) -> None:
    body = {"code": "print('on', flush=True)\nimport time; time.sleep(60)", "session": session}
    with api.events("POST", "/executions", body) as events:
        _, _, started = next(events)
        next(events)
    assert api.end(started["id"])["status"] == "interrupted"


def test_an_execution_is_interrupted_on_request(api: Api, session: str) -> None:
    running = api.start("import time; time.sleep(60)", session)
    waiting = api.start("6 * 7", session)
    assert api.ask("POST", f"/executions/{waiting}/interrupt").json()["status"] == "interrupted"
    assert api.ask("POST", f"/executions/{running}/interrupt").status == 202
    assert api.end(running)["status"] == "interrupted"
    assert api.end(waiting)["started_at"] is None


def test_an_execution_that_is_deleted_is_gone_with_its_outputs(api: Api, session: str) -> None:
    execution = api.run("print('x' * 1_000_000)", session)["id"]
    assert api.ask("DELETE", f"/executions/{execution}").status == 204
    assert api.ask("GET", f"/executions/{execution}").status == 404
    assert api.ask("GET", f"/executions/{execution}/outputs/0").status == 404


def test_what_is_deleted_while_it_runs_is_not_stored(api: Api, session: str) -> None:
    running = api.start("import time; time.sleep(60)  # forget me", session)
    assert api.ask("DELETE", f"/executions/{running}").status == 204
    api.run("1", session)
    assert api.ask("GET", "/executions?q=forget%20me").json()["executions"] == []


def test_what_is_deleted_and_heeds_no_interrupt_is_gone_all_the_same(api: Api) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf')"
    with api.session() as session:
        running = api.start(f"{deaf}; time.sleep(60)", session)
        with api.events("GET", f"/executions/{running}") as events:
            assert any(kind == "stdout" for _, kind, _ in events)
        assert api.ask("DELETE", f"/executions/{running}").status == 204
        assert api.ask("GET", f"/executions/{running}").status == 404


def test_an_interrupt_that_python_missed_as_the_code_began_is_repeated(
    api: Api, session: str
) -> None:
    missed = """
import signal, time

def miss(*_):
    signal.signal(signal.SIGINT, signal.default_int_handler)

signal.signal(signal.SIGINT, miss)
time.sleep(60)
"""
    running = api.start(missed, session)
    assert api.ask("POST", f"/executions/{running}/interrupt").status == 202
    assert api.end(running)["status"] == "interrupted"
    assert api.run("1", session)["kernel_state"] == "preserved"
