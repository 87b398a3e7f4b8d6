"""One server (with JupyterLab or with our page), browser and scripted model for a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.lab import chromium, serving
from tests.browser.page import PATIENCE_MS, page_served
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.lab import Lab
    from tests.browser.page import Site

expect.set_options(timeout=PATIENCE_MS)


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


@pytest.fixture(scope="module")
def site(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    endpoint = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-a-secret"}
    with chromium() as browser, page_served(folder, browser, **endpoint) as served:
        yield served


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    with site.opened() as opened:
        yield opened
