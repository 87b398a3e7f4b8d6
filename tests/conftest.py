"""What holds for every test: it leaves no process, and nothing reads the machine's own settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN = ("OPENAI_", "BEAKER_", "JUPYTER_TOKEN", "JPY_")


def pytest_configure() -> None:
    """Keep the person's own key and settings out of what the tests start."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) and name not in ("BEAKER_CACHE", "BEAKER_REQUIRE_MODEL"):
            del os.environ[name]
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


@pytest.fixture(scope="session", autouse=True)
def no_process_survives_the_run() -> Iterator[None]:
    """Fail the run if a process that it started lives on."""
    before = set(psutil.Process().children(recursive=True))
    yield
    left = set(psutil.Process().children(recursive=True)) - before
    _, alive = psutil.wait_procs(left, timeout=5)
    assert not alive, f"still running: {[process.cmdline() for process in alive]}"


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"
