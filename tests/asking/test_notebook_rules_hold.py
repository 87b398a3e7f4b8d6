"""A notebook's own policy and `local_only`, in a real kernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import markdown, running
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        model.when("compute", call("run_code", code="print(6 * 7)"), say("That is all."))
        yield model


@pytest.fixture
def env(model: ScriptedModel, tmp_path: Path) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "sk-canary",
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JPY_SESSION_NAME": str(tmp_path / "penguins.ipynb"),
    }


def save(env: dict[str, str], **beaker: Any) -> None:
    """Write the notebook's file."""
    with open(env["JPY_SESSION_NAME"], "w") as file:
        json.dump({"cells": [], "metadata": {"beaker": beaker}}, file)


def test_a_notebook_that_forbids_it_runs_nothing_whatever_the_session_allows(
    env: dict[str, str], model: ScriptedModel
) -> None:
    save(env, policy="never")
    with running(BEAKER_POLICY="auto", **env) as kernel:
        reply, outputs = kernel.client.run("%ask --auto compute")
        assert reply["status"] == "ok"
        assert "*This notebook allows no more than the policy never.*" in markdown(outputs)
        assert "42" not in [m["content"].get("text", "").strip() for m in outputs]
        assert "policy never" in model.requests[-1].body["messages"][-1]["content"]
        assert kernel.client.run("%beaker policy ask")[0]["ename"] == "ConfigurationError"
        save(env)
        assert kernel.client.run("%beaker policy ask")[0]["status"] == "ok"


def test_a_notebook_allows_no_more_than_the_session(env: dict[str, str]) -> None:
    save(env, policy="auto")
    with running(BEAKER_POLICY="ask", **env) as kernel:
        reply, _ = kernel.client.run("%ask compute")
        assert reply["ename"] == "ApprovalRequired"


def test_the_data_of_a_notebook_that_says_so_stay_here(
    env: dict[str, str], model: ScriptedModel
) -> None:
    save(env, local_only=True)
    elsewhere = {"OPENAI_BASE_URL": "http://192.0.2.1:9/v1", "BEAKER_MODEL": "there"}
    with running(**env | elsewhere) as kernel:
        reply, _ = kernel.client.run("%ask what is there?")
        assert (reply["ename"], "192.0.2.1" in reply["evalue"]) == ("ConfigurationError", True)
        assert "notebook" in reply["evalue"]
        reply = kernel.client.reply(kernel.client.send("llm_request", {"request": "and now?"}))
        assert reply["content"]["ename"] == "ConfigurationError"
    with running(**env) as kernel:
        assert kernel.client.run("%ask what is here?")[0]["status"] == "ok"
    assert len(model.requests) == 1


def test_a_frontend_brings_the_rules_with_its_notebook(
    env: dict[str, str], model: ScriptedModel
) -> None:
    told = {"notebook_state": {"cells": [], "metadata": {"beaker": {"local_only": "perhaps"}}}}
    with running(**env) as kernel:
        asked = kernel.client.send("llm_request", {"request": "and now?"}, metadata=told)
        assert kernel.client.reply(asked)["content"]["ename"] == "ConfigurationError"
    assert model.requests == []
