"""One running server for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from running_server import TOKEN, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, "--origin", "http://127.0.0.1:5173", JUPYTER_TOKEN=TOKEN) as running:
        yield running
