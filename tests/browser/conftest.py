"""One JupyterLab, one browser and one scripted model for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.lab import chromium, serving
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.lab import Lab


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def lab(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    endpoint = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-a-secret"}
    with chromium() as browser, serving(folder, browser, **endpoint) as running:
        yield running
