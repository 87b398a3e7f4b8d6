"""Every route of the server, read from its router, is attacked; none but the fixed few is open."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from running_server import TOKEN, environment, serving
from test_credentials import buy, opened
from test_server_kernels import printed, run_cell

PROBE = Path(__file__).with_name("routes_probe.py")
LISTED, FOREIGN = "http://127.0.0.1:5173", "http://evil.example"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
OURS = ("health", "docs", "docs/page.css", "docs/page.js")
OPEN = {("GET", "/api"), *(("GET", f"/beaker/api/v1/{path}") for path in OURS)}
"""What asks for no credential; to add to it is a decision about security."""
SPELLINGS = {"/api/kernels/", "/api//kernels", "/API/kernels", "/api/./kernels", "/api/../lab"}
"""Other ways to write a path."""
KEY = "sk-a-canary-of-a-key"
FIRST_FOUND = hypothesis.settings(
    database=None, deadline=None, derandomize=True, phases=[hypothesis.Phase.generate]
)
PRINTABLE = st.characters(codec="ascii", categories=["L", "N"], include_characters="/-_.")


@dataclass(frozen=True)
class Route:
    path: str
    websocket: bool


def example(pattern):
    """Return a path that a route's pattern matches, the same each time."""
    paths = st.from_regex(re.compile(pattern), fullmatch=True, alphabet=PRINTABLE)
    found = hypothesis.find(paths, lambda _: True, settings=FIRST_FOUND)
    return "/" + found.removeprefix("/")


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("routes")
    probe = subprocess.run(
        [sys.executable, PROBE],
        cwd=folder,
        env=environment(folder, JUPYTER_TOKEN=TOKEN),
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = json.loads(probe.stdout)
    assert len(found) > 30
    routes = [Route(example(route["pattern"]), route["websocket"]) for route in found]
    return routes + [Route(path, websocket=False) for path in sorted(SPELLINGS)]


@pytest.fixture(autouse=True)
def nothing_happens(server):
    def state():
        asked = ("/api/kernels", "/api/sessions", "/api/contents")
        return [
            [entry.get("id") or entry["name"] for entry in listed]
            for listed in (server.ask("GET", path).json() for path in asked)
            for listed in [listed["content"] if isinstance(listed, dict) else listed]
        ]

    before = state()
    yield
    assert state() == before


def answers(server, routes, headers, query=""):
    """Ask each route by each method, and return the statuses; nobody gets a cookie."""
    found = {}
    for method in METHODS:
        for route in routes:
            reply = server.ask(method, route.path + query, headers, b"{}", token=None)
            assert reply.headers["Set-Cookie"] is None, (method, route)
            found[method, route.path] = reply.status
    return found


def let_in(found):
    return {asked for asked, status in found.items() if status not in (401, 403, 404)}


BEARING = {"Authorization": f"Bearer {TOKEN}"}
NOTHING_GOOD = {
    "no token": {},
    "a wrong token": {"Authorization": "token wrong"},
    "a longer token": {"Authorization": f"token {TOKEN}x"},
    "two tokens": {"Authorization": f"token {TOKEN} {TOKEN}"},
    "a token as a password": {"Authorization": "Basic YmVha2VyOmJlYWtlcg=="},
    "the token in a header of its own": {"X-Access-Token": TOKEN, "Token": TOKEN},
    "the token in a cookie": {"Cookie": f"token={TOKEN}; _xsrf=a; username-127-0-0-1={TOKEN}"},
    "a forged forwarding": {"X-Forwarded-User": "beaker", "X-Real-Ip": "127.0.0.1"},
}


@pytest.mark.parametrize("shown", NOTHING_GOOD.values(), ids=NOTHING_GOOD.keys())
def test_no_route_but_the_fixed_few_answers_to(server, routes, shown):
    assert let_in(answers(server, routes, shown)) == OPEN


@pytest.mark.parametrize("query", ["?token=wrong", "?ticket=wrong", "?token=", "?access_token=x"])
def test_no_route_opens_to_a_wrong_query(server, routes, query):
    assert let_in(answers(server, routes, {}, query)) == OPEN


def test_the_token_in_a_url_opens_the_table_s_routes_alone(server, routes):
    asked = [route for route in routes if not route.path.startswith(TABLE)]
    assert let_in(answers(server, asked, {}, f"?token={TOKEN}")) == OPEN


TABLE = tuple(f"/api/{name}" for name in ("kernels", "sessions", "kernelspecs", "status", "me"))


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost.evil.example", "file://"])
@pytest.mark.parametrize("shown", [BEARING, {}], ids=["with the token", "without"])
def test_no_route_answers_a_foreign_page(server, routes, origin, shown):
    found = answers(server, routes, {"Origin": origin, **shown})
    assert set(found.values()) == {403}


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.nip.example:80", "169.254.1.1"])
def test_no_route_answers_to_a_rebound_name(server, routes, host):
    found = answers(server, routes, {"Host": host, "Origin": f"http://{host}", **BEARING})
    assert set(found.values()) == {403}


def test_no_refusal_redirects(server, routes):
    found = answers(server, routes, {}).values()
    assert {status for status in found if 300 <= status < 400} == set()


def test_no_websocket_opens_to_a_foreign_page_or_a_wrong_credential(server, routes):
    sockets = [route.path for route in routes if route.websocket]
    assert "/api/events/subscribe" in sockets
    for path in sockets:
        for origin in (FOREIGN, "null"):
            assert opened(server, path, "", Origin=origin, **BEARING) == 403
            assert opened(server, path, f"token={TOKEN}", Origin=origin) == 403
            assert opened(server, path, f"ticket={buy(server, path)}", Origin=origin) == 403
        for wrong in ("", "token=wrong", "ticket=wrong", f"ticket={buy(server, '/api/x')}"):
            assert opened(server, path, wrong, Origin=LISTED) == 401
            assert opened(server, path, wrong) == 401


@pytest.fixture(scope="module")
def channels(server):
    return f"/api/kernels/{server.start_kernel()}/channels"


@pytest.mark.parametrize("origin", [{}, {"Origin": LISTED}], ids=["no page", "a listed page"])
def test_each_good_credential_opens_a_kernels_websocket(server, channels, origin):
    assert opened(server, channels, "", **origin, **BEARING) == 101
    assert opened(server, channels, f"token={TOKEN}", **origin) == 101
    assert opened(server, channels, f"ticket={buy(server, channels)}", **origin) == 101


def test_a_big_body_is_not_even_read_from_nobody(server):
    with pytest.raises(ConnectionError):
        server.ask("PUT", "/api/contents/big", body=b"x" * 32_000_000, token=None)


def test_token_and_key_are_found_nowhere(tmp_path):
    canary = "a-canary-of-a-token"
    settings = {"JUPYTER_TOKEN": canary, "OPENAI_API_KEY": KEY}
    data = {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "IPYTHONDIR": str(tmp_path / "ipython")}
    root = tmp_path / "root"
    root.mkdir()
    with serving(tmp_path, "--debug", f"--root={root}", **settings, **data) as server:
        kernel = server.ask("POST", f"/api/kernels?token={canary}", token=None).json()["id"]
        told = printed(asyncio.run(run_cell(server, kernel, SHOW, token=canary)))
        saved = {"type": "file", "format": "text", "content": told}
        body = json.dumps(saved).encode()
        assert server.ask("PUT", "/api/contents/told", body=body, token=canary).status == 201
        server.ask("GET", f"/api/contents?token={canary}", token=None)
        server.ask("PATCH", f"/api/me?token={canary}", body=b"{", token=None)
        assert server.stop() == 0
        log = "".join(server.log.lines)
    assert "PATH" in told
    assert (canary in log, KEY in log) == (False, False)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kept = [path for path in files if holds(path, canary) or holds(path, KEY)]
    assert (root / "told" in files, kept) == (True, [])


SHOW = """import os, sys, traceback
print(dict(os.environ), sys.argv)
try:
    1 / 0
except ZeroDivisionError:
    print(traceback.format_exc())"""


def holds(path, canary):
    return canary.encode() in path.read_bytes()
