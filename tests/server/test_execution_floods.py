"""However much is printed or asked, the server stays small and every answer is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest
from executions import Api
from running_server import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

MB = 1 << 20
LINE = "x" * 99 + "\n"
LINES = 3_000_000
PRINTED = f"""
import sys
for _ in range({LINES // 1000}):
    sys.stdout.write({LINE!r} * 1000)
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("floods")
    settings = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(folder / "data")}
    with serving(folder, **settings) as server:
        yield Api(server, folder)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_300_megabytes_cost_the_server_less_than_60_and_are_kept_whole(api: Api) -> None:
    process = psutil.Process(api.server.process.pid)
    with api.session() as session:
        api.run("print(1)", session)
        before = process.memory_info().rss
        execution = api.start(PRINTED, session, timeout=500)
        peak = before
        while api.ask("GET", f"/sessions/{session}").json()["state"] == "busy":
            peak = max(peak, process.memory_info().rss)
        done = api.end(execution)
    assert done["status"] == "ok"
    assert [(cut["size"], cut["kept"]) for cut in done["truncated"]] == [(LINES * 100, True)]
    assert (peak - before) / MB < 60
    (file,) = (api.folder / "data" / "beaker" / "outputs" / execution).iterdir()
    assert file.stat().st_size == LINES * 100


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_thousand_executions_have_a_thousand_right_answers(api: Api) -> None:
    process = psutil.Process(api.server.process.pid)
    with api.session() as session:
        api.run("1", session)
        files = process.num_fds()
        found = [api.run(f"{n} * {n}", session)["results"][0]["text"] for n in range(1_000)]
    assert found == [str(n * n) for n in range(1_000)]
    assert process.num_fds() <= files + 5


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_reader_that_does_not_read_costs_little(api: Api) -> None:
    process = psutil.Process(api.server.process.pid)
    with api.session() as session:
        api.run("print(1)", session)
        before = process.memory_info().rss
        body = {"code": PRINTED, "session": session, "timeout": 500, "background": True}
        with api.events("POST", "/executions", body) as events:
            _, _, started = next(events)
            assert api.end(started["id"])["status"] == "ok"
            assert (process.memory_info().rss - before) / MB < 100
