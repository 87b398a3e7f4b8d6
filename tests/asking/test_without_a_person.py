"""Notebooks that run where nobody can be asked: nbclient, papermill, replay."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from papermill.exceptions import PapermillExecutionError

from tests.support.kernels import Kernel, running
from tests.support.notebook_frontend import NotebookFrontend
from tests.support.replies import call
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.scripted_model import ScriptedModel

    Replayed = Callable[..., list[nbformat.NotebookNode]]


def notebook(*cells: str) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "beaker", "display_name": "Beaker", "language": "python"}
    return made


@pytest.fixture
def asking(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    model.when("double it", call("insert_cell", code="y = 2 * x\ny"), say("Doubled."))
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    return notebook("x = 21", "%%ask\ndouble it", "assert y == 42")


def test_nbclient_runs_questions_under_policy_auto(
    asking: nbformat.NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAKER_POLICY", "auto")
    done = NotebookClient(asking, timeout=60).execute()
    outputs = done.cells[1].outputs
    assert any(o.get("metadata", {}).get("beaker") for o in outputs)
    assert any(o.get("data", {}).get("text/plain") == "42" for o in outputs)


def test_nbclient_is_told_that_an_approval_is_missing(asking: nbformat.NotebookNode) -> None:
    with pytest.raises(CellExecutionError, match="ApprovalRequired"):
        NotebookClient(asking, timeout=60).execute()


def test_code_that_nobody_could_approve_is_kept_in_the_notebook(
    asking: nbformat.NotebookNode,
) -> None:
    client = NotebookClient(asking, timeout=60, allow_errors=True)
    outputs = client.execute().cells[1].outputs
    withheld = next(o for o in outputs if o.get("metadata", {}).get("beaker"))
    assert withheld["metadata"]["beaker"]["approved_by"] is None
    assert "y = 2 * x" in withheld["data"]["text/markdown"]


def test_papermill_is_told_that_an_approval_is_missing(
    asking: nbformat.NotebookNode, tmp_path: Path
) -> None:
    nbformat.write(asking, tmp_path / "in.ipynb")
    with pytest.raises(PapermillExecutionError, match="ApprovalRequired"):
        papermill.execute_notebook(
            str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False
        )


def test_papermill_runs_questions_under_policy_auto(
    asking: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAKER_POLICY", "auto")
    nbformat.write(asking, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False
    )
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert done.cells[-1].outputs == []


def test_a_recorded_notebook_runs_again_without_a_model_or_a_key(
    asking: nbformat.NotebookNode,
    model: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def outputs() -> list[Any]:
        client = NotebookClient(asking, timeout=60, resources={"metadata": {"path": tmp_path}})
        return [cell.outputs for cell in client.execute().cells]

    monkeypatch.setenv("BEAKER_POLICY", "auto")
    monkeypatch.setenv("BEAKER_REPLAY", "record")
    recorded = outputs()
    monkeypatch.setenv("BEAKER_REPLAY", "strict")
    monkeypatch.delenv("OPENAI_BASE_URL")
    asked = len(model.requests)
    assert without_names(outputs()) == without_names(recorded)
    asking.cells[1].source += " twice"
    with pytest.raises(CellExecutionError, match="NotRecorded"):
        outputs()
    assert len(model.requests) == asked


def without_names(outputs: list[Any]) -> str:
    """Return outputs as text, without the name of the model that was asked."""
    return re.sub(r'"model": "[^"]*"', "", json.dumps(outputs))


def recording(model: ScriptedModel, folder: Path) -> AbstractContextManager[Kernel]:
    """Have a kernel that records what the model and the person say."""
    settings = {"OPENAI_BASE_URL": model.base_url, "BEAKER_REPLAY": "record"}
    return running(cwd=str(folder), **settings)


@pytest.fixture
def replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replayed:
    """Run cells where nobody is, with nothing but what was recorded, and return them."""

    def replay(*cells: str) -> list[nbformat.NotebookNode]:
        monkeypatch.setenv("BEAKER_REPLAY", "strict")
        where = {"metadata": {"path": tmp_path}}
        done = NotebookClient(notebook(*cells), timeout=60, resources=where).execute()
        return list(done.cells)

    return replay


def approved_by(cell: nbformat.NotebookNode) -> str:
    """Return who allowed the code that ran in a cell."""
    return next(str(o.metadata.beaker.approved_by) for o in cell.outputs if o.get("metadata"))


def test_what_a_person_allowed_while_it_was_recorded_runs_where_nobody_can_be_asked(
    model: ScriptedModel, tmp_path: Path, replayed: Replayed
) -> None:
    model.when("compute it", call("run_code", code="y = 2 * x"), say("Done."))
    with recording(model, tmp_path) as kernel:
        kernel.client.run("x = 21")
        asked = kernel.client.execute("%ask compute it", allow_stdin=True)
        kernel.client.answer_input("y")
        assert kernel.client.reply(asked)["content"]["status"] == "ok"
    cells = replayed("x = 21", "%ask compute it", "assert y == 42")
    assert approved_by(cells[1]) == "the person, as recorded"


def test_every_word_of_the_person_who_recorded_is_given_again(
    model: ScriptedModel, tmp_path: Path, replayed: Replayed
) -> None:
    """One piece of code is refused, one edited in a cell, one comes in a cell of its own."""
    model.when("try it", call("run_code", code="x = 0"), say("Refused, then."))
    model.when("alter it", call("run_code", code="x = 1"), say("In your cell."))
    model.when("count it", call("insert_cell", code="x += 1"), say("Run the cell."))
    with recording(model, tmp_path) as kernel:
        kernel.client.run("x = 21")
        for question, word in (("try it", "n"), ("alter it", "e"), ("count it", "")):
            asked = kernel.client.execute(f"%ask {question}", allow_stdin=True)
            if word:
                kernel.client.answer_input(word)
            assert kernel.client.reply(asked)["content"]["status"] == "ok"
            if word != "n":
                kernel.client.run("x += 1")
    asking = ("%ask try it", "%ask alter it", "x += 1", "%ask count it", "x += 1")
    cells = replayed("x = 21", *asking, "assert x == 23")
    said = [json.dumps(cell.outputs) for cell in cells]
    assert "Refused, then." in said[1]
    assert "In your cell." in said[2]
    assert "Run the cell." in said[4]


def test_what_the_person_wrote_instead_runs_again(
    model: ScriptedModel, tmp_path: Path, replayed: Replayed
) -> None:
    model.when("compute it", call("run_code", code="y = 2 * x"), say("Done."))
    with recording(model, tmp_path) as kernel:
        kernel.client.run("x = 21")
        capable = {"beaker": {"capabilities": ["approval"]}}
        asked = kernel.client.send("llm_request", {"request": "compute it"}, metadata=capable)
        wanted = kernel.client.published(lambda m: m["msg_type"] == "approval_request")["content"]
        word = {"approval_id": wanted["approval_id"], "sha256": wanted["sha256"]}
        edit = word | {"decision": "edit", "code": "y = 3 * x"}
        kernel.client.send("approve_request", edit, channel="control")
        assert kernel.client.reply(asked)["content"]["status"] == "ok"
    cells = replayed("x = 21", "%ask compute it", "assert y == 63")
    assert approved_by(cells[1]) == "the person, as recorded"


def test_what_was_recorded_on_a_page_runs_where_there_is_none(
    model: ScriptedModel, tmp_path: Path, replayed: Replayed
) -> None:
    model.when("add to it", call("insert_cell", code="x += 1"), say("Run it."))
    with recording(model, tmp_path) as kernel:
        page = NotebookFrontend(kernel.client)
        page.run(page.add("x = 21"))
        cell = page.add("%ask add to it")
        assert page.ask_in_cell(cell["source"], cell["id"])[0]["status"] == "ok"
        assert [op["op"] for op in page.ops] == ["insert"]
    cells = replayed("x = 21", "%ask add to it", "x += 1", "assert x == 22")
    assert "Run it." in json.dumps(cells[1].outputs)
