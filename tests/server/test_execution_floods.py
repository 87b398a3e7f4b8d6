"""However much is printed or asked, the server stays small and every answer is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest
from executions import Api
from running_server import TOKEN, serving

from tests.support.memory import MB, peak

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "x" * 99 + "\n"
LINES = 3_000_000
PRINTED = f"""
import sys
for _ in range({LINES // 1000}):
    sys.stdout.write({LINE!r} * 1000)
"""
PRINTS = "for n in range(20_000): print(n, flush=True)"
DISPLAYS = "for n in range(3_000): display('x' * 100_000)"
AT_ONCE = f"print(({LINE!r} * {LINES})[:-1])"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("floods")
    settings = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_DATA_DIR": str(folder / "data")}
    with serving(folder, **settings) as server:
        yield Api(server, folder)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("code", [PRINTED, AT_ONCE], ids=["in a loop", "at once"])
def test_300_megabytes_cost_the_server_less_than_60_and_are_kept_whole(api: Api, code: str) -> None:
    process = psutil.Process(api.server.process.pid)
    with api.session() as session:
        api.run("print(1)", session)
        before = process.memory_info().rss / MB
        with peak(process) as seen:
            execution = api.start(code, session, timeout=500)
            while api.ask("GET", f"/sessions/{session}").json()["state"] == "busy":
                pass
        done = api.end(execution)
    assert done["status"] == "ok"
    assert [(cut["size"], cut["kept"]) for cut in done["truncated"]] == [(LINES * 100, True)]
    print(f"the server grew by {seen.megabytes - before:.0f} MB")
    assert seen.megabytes - before < 60
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


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kernel", ["beaker", "python3"])
def test_nothing_is_lost_however_fast_it_comes(api: Api, kernel: str) -> None:
    with api.session(kernel=kernel) as session:
        printed = api.end(api.start(PRINTS, session, timeout=250))
        shown = api.end(api.start(DISPLAYS, session, timeout=250))
    assert printed["stdout"] == "".join(f"{n}\n" for n in range(20_000))
    assert len(shown["results"]) == 3_000
