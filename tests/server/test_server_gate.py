"""Who gets in, and what is there to get at."""

from __future__ import annotations

import pytest
from running_server import TOKEN

PAGES = (
    "/",
    "/edit/x.py",
    "/favicon.ico",
    "/files/x.txt",
    "/lab",
    "/lab/",
    "/lab/tree/x.ipynb",
    "/login",
    "/logout",
    "/nbconvert/html/x.ipynb",
    "/static/base/images/favicon.ico",
    "/terminals/1",
    "/tree",
    "/view/x.html",
)
LISTED, FOREIGN = "http://127.0.0.1:5173", "http://evil.example"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_served_to_anybody(server, path):
    assert server.ask("GET", path).status == 404
    assert server.ask("GET", path, token=None).status == 404


@pytest.mark.parametrize("path", ["/api/nbconvert", "/api/terminals", "/api/nothing"])
def test_an_api_that_is_not_there_redirects_nobody(server, path):
    assert server.ask("GET", path).status == 404
    assert server.ask("GET", path, token=None).status == 401


@pytest.mark.parametrize("path", ["/api/kernels", "/api/contents", "/api/me", "/metrics"])
def test_every_api_wants_the_token(server, path):
    assert server.ask("GET", path).status == 200
    for token in (None, "another"):
        refused = server.ask("GET", path, token=token)
        assert (refused.status, refused.json()["reason"]) == (401, "Unauthorized")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["token", "Token", "bearer", "Bearer"])
def test_the_header_token_is_accepted_as_token_and_as_bearer(server, scheme):
    shown = {"Authorization": f"{scheme} {TOKEN}"}
    assert server.ask("GET", "/api/me", shown, token=None).status == 200


@pytest.mark.parametrize("path", ["/api/me", "/api/kernels", "/lab", "/api/nothing"])
def test_a_request_with_the_token_gets_no_cookie(server, path):
    assert server.ask("GET", path).headers["Set-Cookie"] is None


def test_a_post_without_the_token_is_refused(server):
    assert server.ask("POST", "/api/kernels", token=None).status == 401


def test_a_forged_xsrf_cookie_lets_nobody_in(server):
    forged = {"Cookie": "_xsrf=abc", "X-XSRFToken": "abc"}
    assert server.ask("POST", "/api/kernels", forged, token=None).status == 401


def test_only_a_listed_origin_is_echoed(server):
    def echoed(origin, method="GET"):
        asked = {"Origin": origin, "Access-Control-Request-Headers": "authorization"}
        return server.ask(method, "/api/kernels", asked).headers["Access-Control-Allow-Origin"]

    assert (echoed(LISTED), echoed(LISTED, "OPTIONS")) == (LISTED, LISTED)
    assert (echoed(FOREIGN), echoed(FOREIGN, "OPTIONS")) == (None, None)
    assert echoed(LISTED + ".evil.example") is None


def test_credentials_are_never_allowed_across_origins(server):
    reply = server.ask("GET", "/api/kernels", {"Origin": LISTED})
    assert reply.headers["Access-Control-Allow-Credentials"] is None


@pytest.mark.parametrize("origin", [FOREIGN, "null", LISTED + ", " + FOREIGN, ""])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_a_foreign_page_is_refused_whatever_it_shows(server, origin, token):
    reply = server.ask("POST", "/api/kernels", {"Origin": origin}, token=token)
    assert (reply.status, "origin" in reply.json()["message"]) == (403, True)


def test_a_preflight_is_answered_for_a_listed_origin_alone(server):
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x"}
    granted = server.ask("OPTIONS", "/api/contents/x", {"Origin": LISTED, **asked}, token=None)
    assert (granted.status, granted.body) == (204, b"")
    assert "PUT" in granted.headers["Access-Control-Allow-Methods"]
    assert "authorization" in granted.headers["Access-Control-Allow-Headers"]
    for origin in (FOREIGN, "null"):
        refused = server.ask("OPTIONS", "/api/contents/x", {"Origin": origin, **asked}, token=None)
        named = [name for name in refused.headers if name.startswith("Access-Control-Allow")]
        assert (refused.status, named) == (403, [])


def test_a_refusal_can_be_read_by_a_listed_page(server):
    reply = server.ask("GET", "/api/kernels", {"Origin": LISTED}, token=None)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (401, LISTED)


@pytest.mark.parametrize("path", ["/api/kernels", "/api", "/lab", "/api/nothing"])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_every_answer_depends_on_the_origin(server, path, token):
    assert server.ask("GET", path, token=token).headers["Vary"] == "Origin"


@pytest.mark.parametrize("host", ["rebound.example", "localhost.example:8888", "10.0.0.1"])
def test_a_foreign_host_name_is_refused(server, host):
    assert server.ask("GET", "/api/kernels", {"Host": host}).status == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.2:9", "[::1]:8888"])
def test_this_machine_is_known_by_its_names(server, host):
    assert server.ask("GET", "/api/kernels", {"Host": host}).status == 200


def test_a_body_that_is_too_big_is_refused(server):
    declared = {"Content-Length": str(65 * 1024 * 1024)}
    assert server.ask("PUT", "/api/contents/x", declared).status == 400


def test_a_foreign_page_may_learn_that_it_is_refused_and_reads_nothing_else(server):
    policy = "Cross-Origin-Resource-Policy"
    refused = server.ask("POST", "/api", {"Origin": FOREIGN}, token=None)
    assert (refused.status, refused.headers[policy]) == (403, "cross-origin")
    assert refused.headers["Access-Control-Allow-Origin"] is None
    assert server.ask("GET", "/api", token=None).headers[policy] == "same-origin"
