"""The command in a folder of its own, and a scripted model for it to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import Command

from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def beaker(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture
def model(beaker: Command) -> Iterator[ScriptedModel]:
    with ScriptedModel() as scripted:
        beaker.settings |= {"OPENAI_BASE_URL": scripted.base_url, "OPENAI_API_KEY": "sk-a-secret"}
        yield scripted
