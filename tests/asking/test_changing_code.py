"""Code that is to be changed, and the rules of the folder that the model follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.agent.changes import ERROR
from tests.asking.conftest import KEY
from tests.support.kernels import Kernel, markdown, running, text
from tests.support.replies import call
from tests.support.replies import text as say

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.scripted_model import ScriptedModel


def test_fix_explains_the_last_error_and_offers_the_corrected_cell_as_a_diff(
    kernel: Kernel, model: ScriptedModel
) -> None:
    fixed = "values = [1, 2]\nvalues[1]"
    model.when("has failed", call("insert_cell", code=fixed), say("There are two values."))
    kernel.client.run("values = [1, 2]\nvalues[2]", stop_on_error=False)
    kernel.client.run("'another cell, and another question'")
    kernel.client.run("%ask hello")
    reply, outputs = kernel.client.run("%fix", allow_stdin=True)
    question = model.requests[-2].question
    assert "values[2]" in question
    assert "IndexError" in question
    assert reply["payload"][0]["text"] == fixed
    assert markdown(outputs) == [
        "```diff\n@@ -1,2 +1,2 @@\n values = [1, 2]\n-values[2]\n+values[1]\n```",
        "There are two values.",
    ]


def test_of_a_key_in_a_failed_cells_long_output_no_part_is_told(
    kernel: Kernel, model: ScriptedModel
) -> None:
    half = ERROR // 2 - 30 - len(KEY) // 2
    parts = f"'{KEY[:9]}' + '{KEY[9:]}'"
    kernel.client.run(f"print('y' * {half} + {parts} + 'z' * 6_000); 1 / 0", stop_on_error=False)
    kernel.client.run("%ask hello")
    kernel.client.run("%fix")
    told = model.requests[-1].question
    assert "yyyy[redacted]" in told
    assert "yyyysk" not in told


def test_where_no_cell_has_failed_there_is_nothing_to_fix(model: ScriptedModel) -> None:
    with running(OPENAI_BASE_URL=model.base_url) as kernel:
        reply, _ = kernel.client.run("%fix")
        assert (reply["ename"], "no cell has failed" in reply["evalue"]) == (
            "ConfigurationError",
            True,
        )


def test_edit_changes_the_code_below_it_by_an_instruction(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when(
        "as a loop", call("insert_cell", code="for i in (1, 2):\n    print(i)"), say("Done.")
    )
    reply, outputs = kernel.client.run("%%edit as a loop\nprint(1)\nprint(2)", allow_stdin=True)
    assert "print(1)\nprint(2)" in model.requests[-2].question
    assert reply["payload"][0]["text"].startswith("for i")
    assert markdown(outputs)[0].startswith("```diff\n@@ -1,2 +1,2 @@\n-print(1)")
    assert "stream" not in {o["msg_type"] for o in outputs}, "the code below ran"


def test_the_folders_rules_join_the_prompt_and_the_person_is_told_once(
    model: ScriptedModel, tmp_path: Path
) -> None:
    rules = tmp_path / "AGENTS.md"
    rules.write_text(f"Plot with seaborn. {KEY}")
    env = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}
    with running(cwd=str(tmp_path), **env) as kernel:
        _, first = kernel.client.run("%ask hello")
        _, second = kernel.client.run("%ask hello")
        _, shown = kernel.client.run("%beaker context")
    system = model.requests[-1].body["messages"][0]["content"]
    assert "Plot with seaborn." in system
    assert KEY not in system
    assert "The rules in AGENTS.md of this folder are followed." in text(first)
    assert "AGENTS.md" not in text(second)
    assert "Plot with seaborn." in text(shown)
