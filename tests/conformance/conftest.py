"""The same session for plain ipykernel and for beaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Client, Kernel, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def plain() -> Iterator[Kernel]:
    with running("python3") as kernel:
        yield kernel


@pytest.fixture(scope="module")
def beaker() -> Iterator[Kernel]:
    with running("beaker") as kernel:
        yield kernel


@pytest.fixture(scope="module", params=["python3", "beaker"])
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """Each of them in turn; what is asked of one is asked of the other."""
    with running(request.param) as kernel:
        yield kernel


@pytest.fixture
def second(kernel: Kernel) -> Iterator[Client]:
    client = kernel.another_client()
    yield client
    client.close()
