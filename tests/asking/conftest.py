"""The whole way: a question, a model over real HTTP, code in the live session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, running
from tests.support.notebook_frontend import NotebookFrontend
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


@pytest.fixture
def open_page(model: ScriptedModel, tmp_path: Path) -> Iterator[Callable[..., NotebookFrontend]]:
    """Open pages, each with a kernel of its own; they write to the same folder."""
    env = {"OPENAI_BASE_URL": model.base_url, "JUPYTER_DATA_DIR": str(tmp_path)}
    opened = []

    def opening(policy: str = "auto", keep: str = "0", **can: tuple[str, ...]) -> NotebookFrontend:
        kernel = running(BEAKER_POLICY=policy, BEAKER_KEEP_IN_NOTEBOOK=keep, **env)
        opened.append(kernel)
        return NotebookFrontend(kernel.__enter__().client, **can)

    yield opening
    for kernel in opened:
        kernel.__exit__(None, None, None)
