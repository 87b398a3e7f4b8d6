"""The execution API as a client sees it: JSON in, JSON and events out."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from running_server import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from running_server import Reply, Server

API = "/beaker/api/v1"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Api:
    """A client of one server's API."""

    server: Server
    folder: Path

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send JSON, or bytes."""
        kind = {} if body is None or isinstance(body, bytes) else JSON
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.ask(method, API + path, headers={**kind, **sent}, body=data)

    def run(self, code: str, session: str | None = None, **more: Any) -> dict[str, Any]:
        """Run code to its end."""
        reply = self.ask("POST", "/executions", {"code": code, "session": session, **more})
        assert reply.status == 200, reply.body
        return dict(reply.json())

    def start(self, code: str, session: str, **more: Any) -> str:
        """Run code in the background, and return its id."""
        body = {"code": code, "session": session, "background": True, **more}
        reply = self.ask("POST", "/executions", body)
        assert reply.status == 202, reply.body
        return str(reply.json()["id"])

    def end(self, execution: str) -> dict[str, Any]:
        """Wait for an execution's end, by its events."""
        with self.events("GET", f"/executions/{execution}") as events:
            *_, (_, kind, data) = events
        assert kind == "done"
        return dict(data)

    @contextmanager
    def session(self, **wanted: Any) -> Iterator[str]:
        """Have a session."""
        reply = self.ask("POST", "/sessions", wanted)
        assert reply.status == 201, reply.body
        name = str(reply.json()["id"])
        try:
            yield name
        finally:
            self.ask("DELETE", f"/sessions/{name}")

    @contextmanager
    def events(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> Iterator[Iterator[tuple[int, str, Any]]]:
        """Follow events; leaving early closes the connection."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        sent = {"Accept": "text/event-stream", "Authorization": f"token {TOKEN}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, API + path, data, {**sent, **(JSON if data else {})})
            response = connection.getresponse()
            assert response.status == 200, response.read()
            assert response.headers["Content-Type"] == "text/event-stream"
            yield parsed(response)
            response.close()
        finally:
            connection.close()


def parsed(lines: Any) -> Iterator[tuple[int, str, Any]]:
    """Yield each event's number, type and data."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            found[name] = value
        elif found:
            yield int(found.get("id", 0)), found["event"], json.loads(found["data"])
            found = {}
