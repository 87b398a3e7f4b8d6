"""Each request has an id, which its answer bears and the log names."""

from __future__ import annotations

import json
import logging
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jupyter_server.prometheus.log_functions import prometheus_log_method
from tornado.log import access_log

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest
    from tornado.web import RequestHandler

HEADER = "X-Request-Id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a client may call its own request."""
FIELD = "request"
"""The attribute of a log record that holds the request's fields."""


def request_id(request: HTTPServerRequest) -> str:
    """Return a request's id: its client's if that is a plain word, else one that stays with it."""
    given = request.headers.get(HEADER, "")
    if not GIVEN.fullmatch(given):
        given = request.headers[HEADER] = secrets.token_hex(8)
    return given


def log_request(handler: RequestHandler) -> None:
    """Log a request that is over: at level debug if it went well."""
    request, status = handler.request, handler.get_status()
    fields = {
        "request_id": request_id(request),
        "method": request.method,
        "path": request.path,
        "status": status,
        "address": request.remote_ip,
        "who": getattr(getattr(handler, "_current_user", None), "username", None),
        "milliseconds": round(1000 * request.request_time(), 1),
    }
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.DEBUG
    said = " ".join(str(value) for value in fields.values() if value is not None)
    getattr(handler, "log", access_log).log(level, said, extra={FIELD: fields})
    prometheus_log_method(handler)  # type: ignore[no-untyped-call]


class JsonFormatter(logging.Formatter):
    """A line of JSON for each record; a request's fields stand in it by themselves."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **getattr(record, FIELD, {"message": record.getMessage()}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
