"""Our routes in a stock Jupyter Server: its identity holds, and nothing is opened there."""

from __future__ import annotations

import httpx2
import pytest
from test_attacks import METHODS, OURS, routes  # noqa: F401 (a fixture)

from tests.client.stock_server import TOKEN, Address, stock

OPEN = {("GET", f"/beaker/api/v1/{path}") for path in OURS}


@pytest.fixture(scope="module")
def stock_server(tmp_path_factory: pytest.TempPathFactory):
    with stock(tmp_path_factory.mktemp("stock")) as server:
        yield server


def let_in(server: Address, paths: list[str], headers: dict[str, str]) -> set[tuple[str, str]]:
    with httpx2.Client(base_url=server.base_url, headers=headers) as client:
        asked = {(m, p): client.request(m, p, content=b"{}") for m in METHODS for p in paths}
    return {each for each, answer in asked.items() if answer.status_code not in (401, 403, 405)}


@pytest.mark.parametrize(
    "shown",
    [{}, {"Authorization": "token wrong"}, {"Cookie": "_xsrf=a", "X-XSRFToken": "a"}],
    ids=["nothing", "a wrong token", "a forged cookie"],
)
def test_our_routes_want_the_credential_of_a_stock_server(stock_server, routes, shown):  # noqa: F811
    # The gate that sells tickets is not there; a stock server leads a person to its login.
    ours = [route.path for route in routes if route.path.startswith("/beaker/api")]
    assert len(ours) > 5
    assert let_in(stock_server, ours, shown) == OPEN


def test_a_stock_server_serves_its_own_pages_still(stock_server):
    shown = {"Authorization": f"token {TOKEN}"}
    assert httpx2.get(f"{stock_server.base_url}/api/me", headers=shown).status_code == 200
    assert httpx2.get(f"{stock_server.base_url}/login").status_code == 200
