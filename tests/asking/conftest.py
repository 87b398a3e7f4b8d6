"""The whole way: a question, a model over real HTTP, code in the live session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, running
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk-canary-0123456789abcdef"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def kernel(model: ScriptedModel) -> Iterator[Kernel]:
    env = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}
    with running(**env) as kernel:
        kernel.client.run("x = 41")
        kernel.client.run("%ask hello")  # starts the agent, which then lives as long as the kernel
        yield kernel
