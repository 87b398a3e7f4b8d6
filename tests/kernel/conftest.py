"""One beaker kernel for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with running() as kernel:
        yield kernel
