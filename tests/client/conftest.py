"""One server of each kind for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from tests.client.stock_server import PASSWORD, Address, stock
from tests.server.running_server import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def beaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    settings = {"JUPYTER_TOKEN": TOKEN, "BEAKER_EXECUTION_COMMANDS": "1"}
    with serving(tmp_path_factory.mktemp("beaker"), **settings) as server:
        process = psutil.Process(server.process.pid)
        yield Address(process, f"http://{server.host}:{server.port}", TOKEN)


@pytest.fixture(scope="module")
def with_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with stock(tmp_path_factory.mktemp("token")) as server:
        yield server


@pytest.fixture(scope="module")
def with_password(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with stock(tmp_path_factory.mktemp("password"), password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="module", params=["beaker", "with_token", "with_password"])
def server(request: pytest.FixtureRequest) -> Address:
    """Give each kind in turn."""
    found: Address = request.getfixturevalue(request.param)
    return found
