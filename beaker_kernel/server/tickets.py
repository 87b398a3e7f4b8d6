"""One-time tickets: how a page opens a websocket, which can bear no header.

A ticket is bought with the token, for one path; it is good for one use within half a minute, so
that what a log or a history keeps of its URL opens nothing.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_server.auth.identity import User

SECONDS = 30.0
"""How long a ticket is good for."""
MOST = 1000
"""How many may be open at a time."""


@dataclass(slots=True)
class Tickets:
    """The tickets that are open."""

    clock: Callable[[], float] = time.monotonic
    _open: dict[str, tuple[float, str, User]] = field(default_factory=dict)

    def issue(self, path: str, user: User) -> str | None:
        """Return a new ticket for a path, or None while too many are open."""
        now = self.clock()
        self._open = {ticket: kept for ticket, kept in self._open.items() if kept[0] > now}
        if len(self._open) >= MOST:
            return None
        ticket = secrets.token_urlsafe(32)
        self._open[ticket] = (now + SECONDS, path, user)
        return ticket

    def redeem(self, ticket: str, path: str) -> User | None:
        """Return who bought a ticket, which is void from now on, or None if it isn't good here."""
        end, bought_for, user = self._open.pop(ticket, (0.0, "", None))
        return user if bought_for == path and self.clock() < end else None


class TicketHandler(APIHandler):
    """``POST /beaker/ticket {path}``: sell a ticket for one websocket."""

    def initialize(self, tickets: Tickets) -> None:
        """Take the tickets from the identity that redeems them."""
        self._tickets = tickets

    @authenticated
    def post(self) -> None:
        """Answer with a ticket, and the seconds that it is good for."""
        ticket = self._tickets.issue(self._path(), self.current_user)
        if ticket is None:
            self.set_header("Retry-After", str(int(SECONDS)))
            raise HTTPError(429, "too many tickets are open")
        self.finish(json.dumps({"ticket": ticket, "expires_in": SECONDS}))

    def _path(self) -> str:
        """Return the path that is asked for.

        Raises:
            HTTPError: 400, there is none in the body.

        """
        match _parsed(self.request.body):
            case {"path": str(path)} if path.startswith(self.base_url) and "?" not in path:
                return path
        raise HTTPError(400, f"the body must be {{'path': '{self.base_url}…'}}, without a query")


def _parsed(body: bytes) -> object:
    """Return what a body says in JSON, or None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
