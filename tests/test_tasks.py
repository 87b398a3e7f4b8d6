"""The tasks can be done, are not done by themselves, and are told in a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from benchmarks.tasks.__main__ import endpoint, main
from benchmarks.tasks.attempt import Attempt, attempt
from benchmarks.tasks.table import markdown
from benchmarks.tasks.task import Seen, load
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from pathlib import Path

TASKS = {task.name: task for task in load()}
SOME = ["a value that only an output shows", "a plot of a column", "what an edited cell would give"]


def scored(name: str, text: str, images: int = 0, **session: object) -> bool:
    return bool(eval(Seen(text=text, images=images).score(TASKS[name]), session))


def test_there_are_as_many_tasks_as_names_and_no_fewer_than_25() -> None:
    assert len(TASKS) == len(load()) >= 25


def test_a_check_finds_numbers_and_words_in_what_was_seen() -> None:
    assert scored("rows that fulfil a condition", "There are 3 rows.")
    assert not scored("rows that fulfil a condition", "There are 33 rows.")
    assert scored("dates", "274.0 days")
    assert scored("a nested mapping", "It is 5,544.")
    assert scored("the largest by another column", "the Rhine, of course")
    assert not scored("the largest by another column", "Rhine, Oder, Weser")
    assert scored("a plot of a column", "", images=1)


def test_what_was_put_out_is_seen() -> None:
    seen = Seen()
    seen.add(
        {"msg_type": kind, "content": content}
        for kind, content in [
            ("stream", {"text": "printed"}),
            ("execute_result", {"data": {"text/plain": "42", "image/png": "…"}}),
            ("llm_response", {"text": "said"}),
            ("code_cell", {"code": "offered"}),
            ("status", {"execution_state": "idle"}),
        ]
    )
    assert seen.text == "printed\n42\n\nsaid"
    assert (seen.images, seen.offered) == (1, ["offered"])


def test_the_tables_have_a_row_for_each_model_and_each_task() -> None:
    first = Attempt(task="one", right=True, steps=2, tokens=1500, seconds=3.25)
    second = Attempt(task="two", right=False, steps=1, tokens=500, seconds=1)
    assert markdown({"0.5B": [first, second], "1.5B": [first, first]}).splitlines() == [
        "| model | right | steps | tokens | seconds |",
        "|---|---|---|---|---|",
        "| 0.5B | 1 of 2 | 1.5 | 1,000 | 2.1 |",
        "| 1.5B | 2 of 2 | 2 | 1,500 | 3.2 |",
        "",
        "| task | 0.5B | 1.5B |",
        "|---|---|---|",
        "| one | right, 2 steps, 1,500 tokens, 3.2 s | right, 2 steps, 1,500 tokens, 3.2 s |",
        "| two | **wrong**, 1 steps, 500 tokens, 1.0 s | right, 2 steps, 1,500 tokens, 3.2 s |",
    ]


@pytest.mark.parametrize("name", SOME)
def test_a_task_is_done_by_its_solution(name: str, tmp_path: Path) -> None:
    with endpoint("scripted", [TASKS[name]], 1) as env:
        made = attempt(TASKS[name], tmp_path, env)
    assert (made.right, made.steps, made.tokens) == (True, 2, 240)
    assert made.seconds > 0


def test_a_cell_that_is_offered_is_run_by_the_person(tmp_path: Path) -> None:
    task = TASKS["results of several cells"]
    with ScriptedModel() as model:
        model.when(task.question, call("insert_cell", code=task.solution), say("There."))
        assert attempt(task, tmp_path, {"OPENAI_BASE_URL": model.base_url}).right


def test_an_answer_that_does_nothing_is_wrong(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        made = attempt(TASKS["a new column"], tmp_path, {"OPENAI_BASE_URL": model.base_url})
    assert (made.right, made.steps) == (False, 1)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_every_task_is_done_by_its_solution(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "scripted"]) == 0
    printed = capsys.readouterr().out
    assert re.search(rf"\| scripted \| {len(TASKS)} of {len(TASKS)} \|", printed)
