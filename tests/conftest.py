"""What holds for every test: it leaves nothing behind, and reads no setting of the machine's."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

import beaker_kernel.server  # noqa: F401 (puts off what would take two seconds of each worker)
from tests.support import leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN = ("OPENAI_", "BEAKER_", "JUPYTER_TOKEN", "JPY_", "MAKEFLAGS", "MFLAGS")
OURS = ("BEAKER_CACHE", "BEAKER_REQUIRE_MODEL")
RUN = "WHICH_TEST_RUN"
"""Marks each process of a run; not by our prefix, which kernels don't hand on."""
DATA = TemporaryDirectory(prefix="beaker-tests-")


def pytest_configure() -> None:
    """Keep the person's own key and settings out of what the tests start, and mark it."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) and name not in OURS:
            del os.environ[name]
    os.environ["JUPYTER_DATA_DIR"] = DATA.name  # or conversations would be kept in the person's
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    os.environ[RUN] = uuid4().hex


def pytest_unconfigure() -> None:
    """Remove what was kept."""
    DATA.cleanup()


@pytest.fixture(scope="session", autouse=True)
def no_process_survives_the_run() -> Iterator[None]:
    """Fail the run if a process that it started lives on, wherever it hangs by now."""
    yield
    marked = leftovers.marked(RUN, os.environ[RUN])
    alive = leftovers.running_after(marked, leftovers.PATIENCE)
    assert not alive, f"still running: {[process.cmdline() for process in alive]}"


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail a test that leaves a process, a thread or a socket; fixtures of wider scope may."""
    before = leftovers.held()
    yield
    left = leftovers.left_since(before)
    assert not left, f"left behind: {left}"


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"
