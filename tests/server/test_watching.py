"""What whoever runs the server sees of it: metrics, and a log in which each request has an id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from executions import API, Api
from prometheus_client.parser import text_string_to_metric_families
from running_server import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("watching")
    with serving(folder, "--json-log", "--debug", JUPYTER_TOKEN=TOKEN) as server:
        yield Api(server, folder)


def metrics(api: Api) -> dict[tuple[str, str], float]:
    """Return our metrics, by their names and the value of their one label."""
    text = api.server.ask("GET", "/metrics").body.decode()
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("beaker_")
    }


def test_metrics_count_executions_sessions_and_what_they_took(api: Api) -> None:
    with api.session() as session:
        before = metrics(api)
        api.run("import time; time.sleep(0.2); print('x' * 999)", session)
        api.run("1/0", session)
        running = api.start("print('on', flush=True)\ninput_ = 1\nwhile True: pass", session)
        waiting = api.start("1", session)
        with api.events("GET", f"/executions/{running}") as events:
            next(events), next(events)
            now = metrics(api)
        api.ask("POST", f"/executions/{waiting}/interrupt")
        api.ask("POST", f"/executions/{running}/interrupt")
        api.end(running)
    grown = {name: value - before[name] for name, value in now.items()}
    assert grown["beaker_executions_ended_total", "ok"] == 1
    assert grown["beaker_executions_ended_total", "error"] == 1
    assert grown["beaker_execution_seconds_total", ""] >= 0.2
    assert grown["beaker_execution_written_total", ""] == 1_000
    assert (now["beaker_executions", "running"], now["beaker_executions", "queued"]) == (1, 1)
    assert now["beaker_sessions", "busy"] == 1


def test_metrics_ask_for_the_token(api: Api) -> None:
    assert api.server.ask("GET", "/metrics", token=None).status == 401


@pytest.mark.parametrize("path", ["/sessions", "/sessions/none", "/nowhere"])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_an_answer_bears_the_id_that_the_client_gave(
    api: Api, path: str, token: str | None
) -> None:
    reply = api.server.ask("GET", API + path, {"X-Request-Id": "mine-1"}, token=token)
    assert reply.headers["X-Request-Id"] == "mine-1"


def test_a_request_without_an_id_or_with_an_odd_one_gets_its_own(api: Api) -> None:
    found = {
        api.server.ask("GET", f"{API}/sessions", headers).headers["X-Request-Id"]
        for headers in ({}, {"X-Request-Id": "a b"}, {"X-Request-Id": "x" * 65})
    }
    assert len(found) == 3
    assert all(name.isalnum() and len(name) == 16 for name in found)


def test_the_log_is_lines_of_json_that_name_the_request(tmp_path: Path) -> None:
    with serving(tmp_path, "--json-log", JUPYTER_TOKEN=TOKEN) as server:
        ask = {"X-Request-Id": "find-me"}
        assert server.ask("GET", f"{API}/sessions/none?token=canary", ask).status == 404
        assert server.stop() == 0
    lines = [json.loads(line) for line in server.log.lines]
    (found,) = [line for line in lines if line.get("request_id") == "find-me"]
    assert (found["status"], found["method"], found["who"]) == (404, "GET", "beaker")
    assert found["path"] == f"{API}/sessions/none"
    assert "canary" not in "".join(server.log.lines)
