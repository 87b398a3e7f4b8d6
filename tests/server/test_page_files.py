"""`beaker serve --ui` serves the page's files, to anybody, and nothing else more than before."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from running_server import TOKEN, Server, serving
from test_attacks import BEARING, FOREIGN

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.server import page
from tests.browser.page import built_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UI = "/beaker/ui/"
FIRST_LOAD = 700_000
"""Bytes, packed, of all that is fetched before the page can be used."""
ELSEWHERE = "http://127.0.0.1:9999"

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    built_page()
    folder = tmp_path_factory.mktemp("page")
    options = ("--ui", f"--ui-server={ELSEWHERE}")
    with serving(folder, *options, JUPYTER_TOKEN=TOKEN) as running:
        yield running


def test_the_page_needs_no_credential_and_says_what_it_may_do(server):
    reply = server.ask("GET", UI, token=None)
    policy = reply.headers["Content-Security-Policy"]
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html")
    assert "script-src 'self';" in policy
    assert f"connect-src 'self' {ELSEWHERE} ws://127.0.0.1:9999" in policy
    assert policy.startswith("default-src 'none'")


def test_files_named_by_their_content_are_kept_for_ever_and_the_index_is_not(server):
    index = server.ask("GET", UI, token=None)
    script = re.search(r'src="\./(assets/[^"]+\.js)"', index.body.decode())
    assert script
    reply = server.ask("GET", UI + script[1], token=None)
    assert index.headers["Cache-Control"] == "no-cache"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Content-Type"].endswith("javascript")


def test_text_is_packed_for_those_who_can_unpack_it(server):
    plain = server.ask("GET", UI, token=None)
    packed = server.ask("GET", UI, {"Accept-Encoding": "br, gzip"}, token=None)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_the_first_load_is_small(server):
    packed = {"Accept-Encoding": "gzip"}
    index = server.ask("GET", UI, packed, token=None).body
    loaded = re.findall(r'(?:src|href)="\./([^"]+)"', gzip.decompress(index).decode())
    sizes = [len(server.ask("GET", UI + name, packed, token=None).body) for name in loaded]
    assert len(index) + sum(sizes) <= FIRST_LOAD


@pytest.mark.parametrize(
    "path", ["../page.py", "%2e%2e/%2e%2e/page.py", "/etc/passwd", "assets", "assets/", "nothing"]
)
def test_nothing_but_the_page_is_there(server, path):
    assert server.ask("GET", UI + path, token=None).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_page_is_only_read(server, method):
    assert server.ask(method, UI, token=None).status == 401
    assert server.ask(method, UI).status == 405


def test_a_foreign_page_may_not_read_ours(server):
    assert server.ask("GET", UI, {"Origin": FOREIGN, **BEARING}, token=None).status == 403


def test_all_else_stays_shut(server):
    assert server.ask("GET", "/api/contents", token=None).status == 401
    policy = server.ask("GET", "/api/contents").headers["Content-Security-Policy"]
    assert "script-src" not in policy


def test_no_page_that_is_not_built_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "BUILT", tmp_path)
    page.PageSettings().check()
    with pytest.raises(ConfigurationError, match="make page"):
        page.PageSettings(enabled=True).check()
