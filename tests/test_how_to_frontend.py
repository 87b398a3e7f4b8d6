"""The frontend that docs/how-to/write-a-frontend.md shows, against a real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server.running_server import TOKEN, serving
from tests.support.scripted_model import ScriptedModel, call, hang, refusal, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.running_server import Server

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"
FRONTEND = HOW_TO / "frontend.py"
CELL = "x = 21\nprint('x is set')"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def server(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"JUPYTER_TOKEN": TOKEN, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "k"}
    with serving(tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def ask(server: Server, question: str, stdin: str = "") -> str:
    """Run the frontend to its end, and return what it printed."""
    url = f"http://{server.host}:{server.port}"
    run = subprocess.run(
        [sys.executable, FRONTEND, url, CELL, question],
        env={"TOKEN": TOKEN},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert server.ask("GET", "/api/kernels").json() == []
    return run.stdout


def test_it_shows_the_cell_s_output_the_answer_and_the_new_cell(
    server: Server, model: ScriptedModel
) -> None:
    model.when("Double x", call("insert_cell", code="x * 2"), text("It is the double."))
    shown = "x is set\n\n--- a new cell\nx * 2\n---\nIt is the double.\n"
    assert ask(server, "Double x.") == shown


@pytest.mark.parametrize(("word", "ran"), [("y", True), ("n", False)])
def test_code_runs_only_after_a_yes(
    server: Server, model: ScriptedModel, word: str, ran: bool
) -> None:
    model.when("Look at x", call("run_code", code="print('x', '+', x)"), text("I looked."))
    shown = ask(server, "Look at x.", f"{word}\n")
    assert "print('x', '+', x)\nRun this? [y/n] " in shown
    assert ("x + 21" in shown) is ran
    assert shown.endswith("I looked.\n")


def test_it_says_why_there_is_no_answer(server: Server, model: ScriptedModel) -> None:
    model.when("Refuse", refusal(401, "no such key"))
    assert "401" in ask(server, "Refuse, please.")


def test_it_prints_the_answer_while_it_comes(server: Server, model: ScriptedModel) -> None:
    begun = text("It begins").steps[:4]
    model.when("for ever", hang(*(step for step in begun if isinstance(step, bytes))))
    url = f"http://{server.host}:{server.port}"
    command = [sys.executable, FRONTEND, url, CELL, "Talk for ever."]
    with subprocess.Popen(command, env={"TOKEN": TOKEN}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.read(len("x is set\nIt begins")) == b"x is set\nIt begins"
        process.kill()
    for kernel in server.ask("GET", "/api/kernels").json():
        server.ask("DELETE", f"/api/kernels/{kernel['id']}")


def test_the_how_to_shows_the_frontend_as_it_is() -> None:
    assert FRONTEND.read_text() in (HOW_TO / "write-a-frontend.md").read_text()


def test_the_frontend_has_no_more_than_60_lines() -> None:
    assert len(FRONTEND.read_text().splitlines()) <= 60
