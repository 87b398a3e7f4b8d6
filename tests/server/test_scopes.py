"""Tokens with scopes: what each opens, and that it opens nothing else of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from executions import API, JSON
from running_server import TOKEN, serving
from test_credentials import opened

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.server import scopes
from beaker_kernel.server.execution_routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from running_server import Server

TOKENS = {scope: f"a-token-that-may-{scope}" for scope in sorted(scopes.SCOPES)}
LINES = "".join(f"{scope}er {scope} {token}\n" for scope, token in TOKENS.items())
MOST = f"most read,run,files {'a-token-that-may-most'}\n"
JUPYTERS = ("/api/kernels", "/api/contents", "/api/me", "/metrics", "/api/kernelspecs")


@pytest.fixture(scope="module")
def scoped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("scopes")
    file = folder / "tokens"
    file.write_text(f"# name scopes token\n\n{LINES}{MOST}")
    file.chmod(0o600)
    settings = {"BEAKER_TOKENS_FILE": str(file), "BEAKER_EXECUTION_COMMANDS": "1"}
    with serving(folder, JUPYTER_TOKEN=TOKEN, **settings) as server:
        yield server


@pytest.mark.parametrize("scope", TOKENS)
def test_a_scope_opens_its_operations_and_no_other(scoped: Server, scope: str) -> None:
    for operation in OPERATIONS:
        path = API + operation.path.replace("{id}", "none").replace("{path}", "none")
        body = b"" if operation.method == "GET" else b"[]"
        reply = scoped.ask(operation.method, path, JSON, body, token=TOKENS[scope])
        assert (reply.status == 403) == (operation.scope != scope), operation.name


@pytest.mark.parametrize("token", [*TOKENS.values(), "a-token-that-may-most"])
def test_it_opens_nothing_of_jupyters(scoped: Server, token: str) -> None:
    for path in JUPYTERS:
        assert scoped.ask("GET", path, token=token).status == 403
        assert scoped.ask("GET", f"{path}?token={token}", token=None).status == 401
    assert scoped.ask("POST", "/api/kernels", token=token).status == 403
    assert scoped.ask("POST", "/beaker/ticket", body=b"{}", token=token).status == 403
    kernel = scoped.start_kernel()
    bearing = {"Authorization": f"Bearer {token}"}
    assert opened(scoped, f"/api/kernels/{kernel}/channels", "", **bearing) == 403
    scoped.ask("DELETE", f"/api/kernels/{kernel}")


def test_several_scopes_run_code_and_read_it_under_their_holders_name(scoped: Server) -> None:
    token = "a-token-that-may-most"
    reply = scoped.ask("POST", f"{API}/executions", JSON, b'{"code": "6 * 7"}', token=token)
    assert reply.json()["results"][0]["text"] == "42"
    found = scoped.ask("GET", f"{API}/executions/{reply.json()['id']}", token=token)
    assert found.json() == reply.json()


def test_the_servers_own_token_has_every_scope(scoped: Server) -> None:
    body = b'{"command": "echo on"}'
    assert scoped.ask("POST", f"{API}/commands", JSON, body).json()["stdout"] == "on\n"


def test_anybody_with_a_token_may_read_the_description(scoped: Server) -> None:
    path = f"{API}/openapi.json"
    assert scoped.ask("GET", path, token=TOKENS["read"]).status == 200
    assert scoped.ask("GET", path, token="a-token-that-is-none-of-them").status == 401


@pytest.mark.parametrize(
    "line",
    ["name read", "name read,fly a-long-enough-token", "name  a-long-enough-token", "n read short"],
)
def test_a_line_that_says_something_else_is_refused_without_showing_it(
    tmp_path: Path, line: str
) -> None:
    file = tmp_path / "tokens"
    file.write_text(line)
    file.chmod(0o600)
    with pytest.raises(ConfigurationError, match="a line of") as refusal:
        scopes.read(file)
    assert "enough" not in str(refusal.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(LINES)
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        scopes.read(file)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        scopes.read(tmp_path / "none")
