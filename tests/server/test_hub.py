"""A person's server behind JupyterHub, our extension in it: the hub says who comes in."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import psutil
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from beaker_kernel.client import BeakerClient, execute_code_jupyter
from beaker_kernel.errors import NotAllowed
from tests.support.leftovers import PATIENCE, running_after
from tests.support.ports import free_port, wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXY = shutil.which("configurable-http-proxy")
MISSING = not (PROXY and importlib.util.find_spec("jupyterhub"))
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        MISSING,
        reason="needs `uv pip install jupyterhub` and `npm install -g configurable-http-proxy`",
    ),
]
ADMIN = "the-token-of-these-tests"
CONFIG = """
import sys
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{0}/a/hub/"
c.JupyterHub.hub_port = {1}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{2}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = [sys.executable, "-P", "-m", "jupyterhub.singleuser"]
c.Spawner.environment = {{
    "JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp",
    "JUPYTER_DATA_DIR": {folder!r},
}}
c.Spawner.args = ["--allow-root"]
c.Spawner.notebook_dir = {folder!r}
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 120}}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "scopes": ["admin:users", "admin:servers", "tokens"], "services": ["tests"]}}
]
"""


@dataclass(frozen=True)
class Hub:
    """A hub at which alice has a server, and bob has none."""

    url: str
    folder: Path

    @property
    def server(self) -> str:
        return f"{self.url}/user/alice"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"token {ADMIN}"}
        url = f"{self.url}/hub/api{path}"
        answer = httpx2.post(url, json=body or {}, headers=headers, timeout=150)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def token(self, name: str) -> str:
        """Have the hub give somebody a token."""
        return str(self.ask(f"/users/{name}/tokens")["token"])

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        """Log alice in, as a browser does: at the hub, then by its OAuth at her server."""
        with httpx2.Client(follow_redirects=True, timeout=60) as browser:
            browser.get(f"{self.url}/hub/login")
            form = {"username": "alice", "password": "", "_xsrf": self._xsrf(browser, "/hub/")}
            browser.post(f"{self.url}/hub/login", data=form)
            assert browser.get(f"{self.server}/api/me").status_code == 200
            yield browser

    @staticmethod
    def _xsrf(browser: httpx2.Client, path: str) -> str:
        return next(c.value for c in browser.cookies.jar if c.name == "_xsrf" and path in c.path)

    def xsrf(self, browser: httpx2.Client) -> dict[str, str]:
        """Return what only a page of the server's own origin can know."""
        return {"X-XSRFToken": self._xsrf(browser, "/user/alice/")}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    ports = [free_port() for _ in range(3)]
    written = CONFIG.format(*ports, proxy=PROXY, folder=str(folder), token=ADMIN)
    folder.joinpath("config.py").write_text(written)
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("JUPYTER", "BEAKER"))}
    with folder.joinpath("log").open("w") as log:
        process = psutil.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", "config.py"],
            cwd=folder,
            env=inherited,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_it_listens(f"http://127.0.0.1:{ports[1]}", 120)
        hub = Hub(f"http://127.0.0.1:{ports[0]}/a/hub", folder)
        hub.ask("/users", {"usernames": ["alice", "bob"]})
        hub.ask("/users/alice/server")
        yield hub
    finally:
        family = [process, *process.children(recursive=True)]
        process.terminate()
        assert running_after(family, PATIENCE) == []


def execute(where: httpx2.Client, hub: Hub, **headers: str) -> httpx2.Response:
    url = f"{hub.server}/beaker/api/v1/executions"
    return where.post(url, json={"code": "6 * 7"}, headers=headers)


async def test_a_token_of_hers_runs_code_and_the_audit_log_names_her(hub: Hub) -> None:
    async with BeakerClient(hub.server, hub.token("alice")) as client:
        execution = await client.run_code("6 * 7")
        assert execution.results[0].text == "42"
    lines = (hub.folder / "beaker" / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["who"] for line in lines][-1] == "alice"


def test_a_stock_clients_websocket_goes_through_the_hubs_proxy(hub: Hub) -> None:
    found = asyncio.run(execute_code_jupyter(hub.server, "print(6 * 7)", hub.token("alice")))
    assert found == {"stdout": "42", "stderr": "", "result": ""}


async def test_nobody_elses_token_does(hub: Hub) -> None:
    for token in (hub.token("bob"), "wrong", "none"):
        async with BeakerClient(hub.server, token) as client:
            with pytest.raises(NotAllowed):
                await client.run_code("1")
            with pytest.raises(NotAllowed):
                await client.sessions()


def test_who_shows_nothing_gets_nothing_but_what_is_open(hub: Hub) -> None:
    with httpx2.Client() as stranger:
        assert execute(stranger, hub).status_code in (401, 403)
        assert stranger.get(f"{hub.server}/beaker/api/v1/sessions").status_code in (302, 401, 403)
        assert stranger.get(f"{hub.server}/beaker/api/v1/health").status_code == 200


def test_her_browser_is_let_in_by_the_hub_and_only_her_own_page_can_use_that(hub: Hub) -> None:
    with hub.browser() as browser:
        assert execute(browser, hub, **hub.xsrf(browser)).json()["results"][0]["text"] == "42"
        for forged in ({}, {"Origin": "http://evil.example"}, {"X-XSRFToken": "guessed"}):
            assert execute(browser, hub, **forged).status_code == 403


def test_a_foreign_pages_websocket_is_refused_whatever_cookie_it_sends(hub: Hub) -> None:
    with hub.browser() as browser:
        made = browser.post(f"{hub.server}/api/kernels", headers=hub.xsrf(browser)).json()
        cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
        refused = asyncio.run(_status(hub, made["id"], cookies, "http://evil.example"))
        let_in = asyncio.run(_status(hub, made["id"], cookies, hub.url.removesuffix("/a/hub")))
        browser.delete(f"{hub.server}/api/kernels/{made['id']}", headers=hub.xsrf(browser))
    assert (refused, let_in) == (403, 101)


async def _status(hub: Hub, kernel: str, cookies: str, origin: str) -> int:
    """Return with what a websocket is answered."""
    url = f"{hub.server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
    headers = {"Cookie": cookies, "Origin": origin}
    try:
        socket = await websocket_connect(HTTPRequest(url, headers=headers, request_timeout=60))
    except HTTPClientError as error:
        return error.code
    socket.close()
    while await socket.read_message() is not None:
        pass
    return 101
