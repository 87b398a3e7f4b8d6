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
def test_an_api_that_is_not_there_is_a_404_without_a_redirect(server, path):
    assert server.ask("GET", path, token=None).status == 404


@pytest.mark.parametrize("path", ["/api/kernels", "/api/contents", "/api/me", "/metrics"])
def test_every_api_wants_the_token(server, path):
    assert server.ask("GET", path).status == 200
    assert server.ask("GET", path, token=None).status == 403
    assert server.ask("GET", path, token="another").status == 403


@pytest.mark.parametrize("scheme", ["token", "Token", "bearer", "Bearer"])
def test_the_header_token_is_accepted_as_token_and_as_bearer(server, scheme):
    shown = {"Authorization": f"{scheme} {TOKEN}"}
    assert server.ask("GET", "/api/me", shown, token=None).status == 200


def test_a_token_in_the_url_is_refused(server):
    assert server.ask("GET", f"/api/kernels?token={TOKEN}", token=None).status == 403


@pytest.mark.parametrize("path", ["/api/me", "/api/kernels", "/lab", "/api/nothing"])
def test_a_request_with_the_token_gets_no_cookie(server, path):
    assert server.ask("GET", path).headers["Set-Cookie"] is None


def test_a_post_without_the_token_is_refused(server):
    reply = server.ask("POST", "/api/kernels", token=None)
    assert (reply.status, "_xsrf" in reply.json()["message"]) == (403, True)


def test_a_forged_xsrf_cookie_lets_nobody_in(server):
    forged = {"Cookie": "_xsrf=abc", "X-XSRFToken": "abc"}
    assert server.ask("POST", "/api/kernels", forged, token=None).status == 403


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


def test_a_foreign_page_can_not_start_a_kernel(server):
    assert server.ask("POST", "/api/kernels", {"Origin": FOREIGN}, token=None).status == 404


def test_a_foreign_host_name_is_refused(server):
    assert server.ask("GET", "/api/kernels", {"Host": "rebound.example"}).status == 403


def test_a_body_that_is_too_big_is_refused(server):
    declared = {"Content-Length": str(65 * 1024 * 1024)}
    assert server.ask("PUT", "/api/contents/x", declared).status == 400
