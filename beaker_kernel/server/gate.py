"""The gate in front of every route: host, origin, credential; and no route can forget it.

It stands between the socket and Tornado's router, and looks at nothing but the request's headers.
What it refuses never reaches a handler, and its body is never kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.base.handlers import APIHandler, Template404
from tornado.routing import Router
from tornado.web import RequestHandler, stream_request_body

from beaker_kernel.server.operations import Problems
from beaker_kernel.server.request_log import HEADER, request_id
from beaker_kernel.server.scopes import ScopedUser

if TYPE_CHECKING:
    import re

    from jupyter_server.auth.identity import User
    from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
    from tornado.web import Application

    from beaker_kernel.server.doors import Doors
    from beaker_kernel.server.identity import TokenIdentity


@dataclass(frozen=True, slots=True)
class Ending:
    """With what a request ends at the gate."""

    status: HTTPStatus
    message: str = ""


FOREIGN_HOST = Ending(HTTPStatus.FORBIDDEN, "unknown host name; the server lists its own: --host")
FOREIGN_ORIGIN = Ending(HTTPStatus.FORBIDDEN, "unknown origin; the server lists them: --origin")
PREFLIGHT = Ending(HTTPStatus.NO_CONTENT)
NOT_HERE = Ending(HTTPStatus.NOT_FOUND, "there is nothing here")
OUT_OF_SCOPE = Ending(HTTPStatus.FORBIDDEN, "the token's scopes are of the execution API alone")
NOBODY = Ending(HTTPStatus.UNAUTHORIZED, "show the token: Authorization: Bearer …")

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
HEADERS = "accept, authorization, content-type, last-event-id, x-request-id, x-xsrftoken"
PREFLIGHT_SECONDS = "600"


class Gate(Router):
    """Hands a request on to the routes behind it, or to the handler that refuses it."""

    def __init__(self, app: Application, doors: Doors, closed: re.Pattern[str]) -> None:
        self._app = app
        self.behind = app.default_router
        self._doors = doors
        self._closed = closed

    def find_handler(self, request: HTTPServerRequest, **_: object) -> HTTPMessageDelegate:
        """Return what answers a request."""
        request_id(request)  # from here on it has one
        request.headers.pop("Referer", None)  # which may hold a credential, and is logged
        identity = cast("TokenIdentity", self._app.settings["identity_provider"])
        user = identity.bearer(request, self._app.settings["base_url"])
        route = cast("Any", self.behind.find_handler(request))
        ending = self._ending(request, route.handler_class, user)
        if ending is None:
            return cast("HTTPMessageDelegate", route)
        settings = {"ending": ending, "allowed_origin": self._doors.echo(request.headers)}
        return self._app.get_handler_delegate(request, Refusal, settings)

    def _ending(
        self, request: HTTPServerRequest, handler: type[RequestHandler], user: User | None
    ) -> Ending | None:
        """Return with what a request ends here, or None if it may pass."""
        if not self._doors.answer_to(request.host):
            return FOREIGN_HOST
        if not self._doors.welcome(request.headers):
            return FOREIGN_ORIGIN
        if request.method == "OPTIONS":
            return PREFLIGHT
        if self._closed.match(request.path):
            return NOT_HERE
        if not is_open(handler, request.method or "") and (refusal := _refusal(user, handler)):
            return refusal
        return NOT_HERE if handler is Template404 else None


def _refusal(user: User | None, handler: type[RequestHandler]) -> Ending | None:
    """Return why somebody may not pass to a handler; one that heeds scopes looks for itself."""
    if user is None:
        return NOBODY
    heeds_scopes = getattr(handler, "heeds_scopes", False)
    return OUT_OF_SCOPE if isinstance(user, ScopedUser) and not heeds_scopes else None


def is_open(handler: type[RequestHandler], method: str) -> bool:
    """Tell whether a method of an API is declared to be for everybody."""
    declared = getattr(handler, method.lower(), None)
    return issubclass(handler, APIHandler) and hasattr(declared, "__allow_unauthenticated")


@stream_request_body
class Refusal(RequestHandler):
    """Ends a request at its headers, in JSON; also the answer to a browser's preflight."""

    def initialize(self, ending: Ending, allowed_origin: str | None) -> None:
        """Take what to answer, and which origin may read it."""
        self._ending = ending
        self._allowed_origin = allowed_origin

    def prepare(self) -> None:
        """Answer."""
        for name, value in self.settings.get("headers", {}).items():
            self.set_header(name, value)
        self.set_header(HEADER, request_id(self.request))
        if self._allowed_origin:
            self._open_to(self._allowed_origin)
        if self._ending is FOREIGN_ORIGIN:  # it says nothing but that a server is here
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        if self._ending is NOBODY:
            self.set_header("WWW-Authenticate", 'Bearer realm="beaker"')
        self.set_status(self._ending.status)
        self.finish(self._body())

    def check_xsrf_cookie(self) -> None:
        """Nothing is done here that could be forged."""

    def _open_to(self, origin: str) -> None:
        self.set_header("Access-Control-Allow-Origin", origin)
        if self.request.method == "OPTIONS":
            self.set_header("Access-Control-Allow-Methods", METHODS)
            self.set_header("Access-Control-Allow-Headers", HEADERS)
            self.set_header("Access-Control-Max-Age", PREFLIGHT_SECONDS)

    def _body(self) -> str | None:
        if self._ending is PREFLIGHT:
            return None
        self.set_header("Content-Type", "application/json")
        phrase, message = self._ending.status.phrase, self._ending.message
        detail = Problems.of(message, phrase.replace(" ", "")).model_dump()["detail"]
        return json.dumps({"message": message, "reason": phrase, "detail": detail})

    def data_received(self, chunk: bytes) -> None:
        """Keep nothing of a body."""
