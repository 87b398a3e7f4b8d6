"""What a notebook says of itself: it can only narrow what may be done."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from beaker_kernel.agent.notebook import read_state
from beaker_kernel.agent.notebook_rules import NotebookRules, Rules, read_rules
from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


def notebook(**beaker: Any) -> dict[str, Any]:
    return {"cells": [], "metadata": {"beaker": beaker}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "penguins.ipynb"


def save(file: Path, **beaker: Any) -> None:
    file.write_text(json.dumps(notebook(**beaker)))


def spoil(file: Path, damage: str | None) -> None:
    if damage is None:
        file.unlink()
    else:
        file.write_text(damage)


@pytest.mark.parametrize("metadata", [None, [], {}, {"beaker": None}, {"beaker": {"other": 1}}])
def test_a_notebook_that_says_nothing_narrows_nothing(metadata: object) -> None:
    assert read_rules(metadata) == Rules()
    assert Rules().told == []


@pytest.mark.parametrize("beaker", [{"policy": "always"}, {"policy": []}, {"local_only": "yes"}])
def test_what_is_no_rule_is_an_error(beaker: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"beaker.{next(iter(beaker))}"):
        read_rules({"beaker": beaker})


async def test_the_file_is_read_again_when_it_was_written(file: Path) -> None:
    rules = NotebookRules(str(file))
    assert await rules.look() == Rules()
    save(file, policy="ask")
    assert await rules.look() == Rules("ask")
    save(file, local_only=True)
    assert await rules.look() == Rules(local_only=True)


@pytest.mark.parametrize("damage", [None, "", "[]", "[" * 100_000, '{"metadata": '])
async def test_a_file_that_has_gone_or_is_damaged_leaves_the_rules_as_they_were(
    file: Path, damage: str | None
) -> None:
    save(file, policy="never")
    rules = NotebookRules(str(file))
    await rules.look()
    spoil(file, damage)
    assert await rules.look() == Rules("never")


async def test_the_narrower_of_file_and_frontend_counts(file: Path) -> None:
    save(file, policy="guarded", local_only=True)
    rules = NotebookRules(str(file))
    assert await rules.look(read_state(notebook(policy="ask"))) == Rules("ask", local_only=True)
    assert await rules.look(read_state(notebook(policy="auto"))) == Rules("guarded", True)


async def test_a_frontend_that_says_nothing_of_its_metadata_takes_nothing_back() -> None:
    rules = NotebookRules("")
    await rules.look(read_state(notebook(policy="never")))
    assert await rules.look(read_state({"cells": []})) == Rules("never")
    assert await rules.look(read_state({"cells": [], "metadata": {}})) == Rules()


async def test_each_question_has_the_rules_of_the_notebook_that_came_with_it() -> None:
    rules = NotebookRules("")
    states = [read_state(notebook(policy=policy)) for policy in ("never", "auto")]
    found = await asyncio.gather(*map(rules.look, states))
    assert [each.policy for each in found] == ["never", "auto"]


async def test_a_file_that_was_made_in_the_year_1970_is_read(file: Path) -> None:
    save(file, policy="never")
    os.utime(file, ns=(0, 0))
    assert await NotebookRules(str(file)).look() == Rules("never")


async def test_a_notebook_may_be_a_link_and_nobody_waits_for_a_pipe(file: Path) -> None:
    save(file, policy="never")
    link, pipe = file.with_name("link.ipynb"), file.with_name("pipe.ipynb")
    os.symlink(file, link)
    os.mkfifo(pipe)
    async with asyncio.timeout(5):
        assert await NotebookRules(str(link)).look() == Rules("never")
        assert await NotebookRules(str(pipe)).look() == Rules()


def test_a_wrong_value_is_shown_in_short() -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_rules({"beaker": {"policy": "x" * 1_000_000}})
    assert len(str(raised.value)) < 300


def test_a_person_is_told_of_them() -> None:
    assert Rules("ask", local_only=True).told == [
        "This notebook allows no more than the policy ask.",
        "This notebook's data stay on this machine.",
    ]
