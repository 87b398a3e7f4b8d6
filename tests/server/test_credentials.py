"""Each form of the token: where it counts, and that nothing keeps it."""

from __future__ import annotations

import asyncio
import json

import pytest
from running_server import TOKEN, serving
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from beaker_kernel.server.doors import Doors
from beaker_kernel.server.tickets import MOST, SECONDS, Tickets

LISTED, FOREIGN = "http://127.0.0.1:5173", "http://evil.example"
TAKES_URL_TOKEN = ("kernels", "sessions", "kernelspecs", "status", "me")
NAVIGATED = {"Sec-Fetch-Site": "none"}
EMBEDDED = {"Sec-Fetch-Site": "cross-site"}
HOSTS = {"lab.example": 200, "rebound.example": 403, "192.0.2.1": 200, "localhost:8888": 200}


def with_url_token(server, path, headers=None, token=TOKEN):
    return server.ask("GET", f"{path}?token={token}", headers, token=None).status


def buy(server, path):
    reply = server.ask("POST", "/beaker/ticket", body=json.dumps({"path": path}).encode())
    assert reply.status == 200
    return reply.json()["ticket"]


def opened(server, path, query, **headers):
    """Return whether a websocket opens, by the status of the handshake."""

    async def handshake():
        address = f"ws://{server.host}:{server.port}{path}?{query}"
        try:
            socket = await websocket_connect(HTTPRequest(address, headers=headers))
        except HTTPClientError as refused:
            return refused.code
        socket.close()
        while await socket.read_message() is not None:
            pass
        return 101

    return asyncio.run(handshake())


@pytest.fixture(scope="module")
def channels(server):
    return f"/api/kernels/{server.start_kernel()}/channels"


@pytest.mark.parametrize("name", TAKES_URL_TOKEN)
@pytest.mark.parametrize("headers", [{}, NAVIGATED, {"Origin": LISTED, **EMBEDDED}])
def test_stock_clients_may_put_the_token_in_the_url(server, name, headers):
    assert with_url_token(server, f"/api/{name}", headers) == 200
    assert with_url_token(server, f"/api/{name}", headers, token="another") == 401


@pytest.mark.parametrize("name", TAKES_URL_TOKEN)
def test_what_a_foreign_page_embeds_is_refused_even_with_the_token(server, name):
    assert with_url_token(server, f"/api/{name}", EMBEDDED) == 401
    assert with_url_token(server, f"/api/{name}", {"Origin": FOREIGN}) == 403


@pytest.mark.parametrize("path", ["/api/contents", "/api/config/x", "/metrics", "/api/kernelsx"])
def test_the_token_in_any_other_url_counts_for_nothing(server, path):
    assert with_url_token(server, path) == 401


def test_the_token_in_urls_can_be_switched_off(tmp_path):
    with serving(tmp_path, "--no-url-token", JUPYTER_TOKEN=TOKEN) as server:
        assert with_url_token(server, "/api/kernels") == 401
        assert server.ask("GET", "/api/kernels").status == 200


def test_a_wrong_header_is_not_mended_by_a_good_url(server):
    assert server.ask("GET", f"/api/me?token={TOKEN}", token="another").status == 401


def test_a_token_in_a_body_or_a_cookie_counts_for_nothing(server):
    form = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"token={TOKEN}"}
    body = f"token={TOKEN}".encode()
    assert server.ask("POST", "/api/kernels", form, body, token=None).status == 401


def test_a_ticket_opens_one_websocket_once(server, channels):
    ticket = buy(server, channels)
    assert opened(server, channels, f"ticket={ticket}", Origin=LISTED) == 101
    assert opened(server, channels, f"ticket={ticket}", Origin=LISTED) == 401


def test_a_ticket_is_good_for_its_path_alone(server, channels):
    ticket = buy(server, "/api/events/subscribe")
    assert opened(server, channels, f"ticket={ticket}", Origin=LISTED) == 401


def test_a_ticket_does_not_help_a_foreign_page(server, channels):
    assert opened(server, channels, f"ticket={buy(server, channels)}", Origin=FOREIGN) == 403


def test_a_ticket_is_no_credential_for_a_request(server):
    ticket = buy(server, "/api/kernels")
    assert server.ask("GET", f"/api/kernels?ticket={ticket}", token=None).status == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"path": 1}', b'{"path": "/a?b=c"}'],
    ids=range(8),
)
def test_a_ticket_for_nothing_is_a_bad_request(server, body):
    assert server.ask("POST", "/beaker/ticket", body=body).status == 400


def test_a_user_has_nothing_to_update(server):
    assert server.ask("PATCH", "/api/me", body=b'{"color": "red"}').status == 400


def test_a_websocket_takes_the_token_in_its_url_from_no_page_or_a_listed_one(server, channels):
    query = f"token={TOKEN}"
    assert opened(server, channels, query) == 101
    assert opened(server, channels, query, Origin=LISTED) == 101
    assert opened(server, channels, query, Origin=FOREIGN) == 403
    assert opened(server, channels, "token=another") == 401


def test_no_log_shows_what_a_url_bore(tmp_path):
    shown = f"token={TOKEN}&tok%65n={TOKEN}&TOKEN={TOKEN}&ticket=a-wrong-one&x=1"
    paths = ("/api/kernels", "/api/contents", "/api/nothing", "/lab", "/beaker/ticket")
    with serving(tmp_path, "--debug", JUPYTER_TOKEN=TOKEN) as server:
        for path in paths:
            referred = {"Referer": f"http://a.example/?tok%65n={TOKEN}"}
            server.ask("GET", f"{path}?{shown}", referred, token=None)
            server.ask("POST", f"{path}?{shown}", referred)
        server.stop()
        log = "".join(server.log.lines)
    assert "/api/contents" in log
    assert (TOKEN in log, "a-wrong-one" in log) == (False, False)


def test_a_ticket_ends_with_its_time():
    now = [0.0]
    tickets = Tickets(clock=lambda: now[0])
    first, second = tickets.issue("/a", "user"), tickets.issue("/a", "user")
    now[0] = SECONDS - 1
    assert tickets.redeem(first, "/a") == "user"
    now[0] = SECONDS
    assert tickets.redeem(second, "/a") is None


def test_only_so_many_tickets_are_open_at_a_time():
    now = [0.0]
    tickets = Tickets(clock=lambda: now[0])
    assert None not in [tickets.issue("/a", "user") for _ in range(MOST)]
    assert tickets.issue("/a", "user") is None
    now[0] = SECONDS
    assert tickets.issue("/a", "user") is not None


@pytest.mark.parametrize(
    ("host", "local", "remote"),
    [
        ("localhost:8888", True, True),
        ("lab.example", True, True),
        ("LAB.example:1", True, True),
        ("evil.example", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("192.0.2.7:8888", False, True),
        ("[2001:db8::1]:8888", False, True),
        ("", False, False),
    ],
)
def test_a_name_must_be_listed_also_where_other_machines_may_connect(host, local, remote):
    names = frozenset({"localhost", "lab.example"})
    assert Doors(host_names=names).answer_to(host) is local
    assert Doors(host_names=names, remote=True).answer_to(host) is remote


def test_a_remote_server_refuses_names_that_are_not_listed(tmp_path):
    options = ("--ip=0.0.0.0", "--host=lab.example")
    with serving(tmp_path, *options, JUPYTER_TOKEN=TOKEN) as server:
        asked = {h: server.ask("GET", "/api/me", {"Host": h}).status for h in HOSTS}
    assert asked == HOSTS


def test_a_loosened_server_says_so_and_lets_any_page_in(tmp_path):
    options = ("--loosened", "--ServerApp.disable_check_xsrf=True")
    with serving(tmp_path, *options, JUPYTER_TOKEN=TOKEN) as server:
        asked = {"Origin": FOREIGN, "Host": "any.example"}
        reply = server.ask("GET", "/api/kernels", asked)
        assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert server.ask("GET", "/api/kernels", asked, token=None).status == 401
        assert server.ask("OPTIONS", "/api/kernels", asked, token=None).status == 204
