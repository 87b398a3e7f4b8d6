"""One handler for every operation of the execution API: it validates, calls, and answers."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel, ValidationError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from beaker_kernel import errors
from beaker_kernel.server import scopes
from beaker_kernel.server.audit import SETTING, digest
from beaker_kernel.server.operations import EVENTS, JSON, Content, Events, Problems
from beaker_kernel.server.request_log import HEADER, request_id

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from beaker_kernel.execution.limits import Rate
    from beaker_kernel.execution.service import ExecutionService
    from beaker_kernel.server.audit import Audit
    from beaker_kernel.server.operations import Answer, Operation

RESOURCE = "beaker"
"""What an authorizer is asked about."""
CHUNK = 1 << 16
STATUSES: dict[type[errors.BeakerError], int] = {
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.InvalidRequest: 422,
    errors.TooMany: 429,
    errors.BeakerError: 503,
}
Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")


class ClientGone(Exception):
    """The client has closed its connection."""


class Call:
    """One request, validated.

    Attributes:
        who: the name of whoever asks.
        path: the values in its path.
        query: its query, as the operation's model.
        body: its body, as the operation's model.
        raw: its body as it came.
        files: the files of a form, by name.
        headers: of the request.

    """

    def __init__(self, handler: Endpoint, operation: Operation, path: dict[str, str]) -> None:
        request = handler.request
        self.path = path
        self.headers = request.headers
        self.raw = request.body
        self.files = {f.filename: f.body for group in request.files.values() for f in group}
        self.query: Any = operation.query and handler.validated(operation.query, _query(handler))
        self.body: Any = None
        if isinstance(operation.body, type):
            self.body = handler.validated(operation.body, handler.json_body())
        self._gone = handler.gone
        self._audit: Audit = handler.settings[SETTING]
        self.who: str = handler.current_user.username
        self._address = request.remote_ip

    @property
    def wants_events(self) -> bool:
        """Whether the client would rather have events than one answer."""
        return EVENTS in self.headers.get("Accept", "")

    @property
    def last_event(self) -> int:
        """The number of the last event that the client has; 0 for none."""
        given = self.headers.get("Last-Event-ID", "")
        return int(given[:9]) if given.isdecimal() else 0

    def note(self, session: str, code: str, verdict: str) -> None:
        """Note an execution in the audit log."""
        self._audit.executed(
            who=self.who,
            origin=self.headers.get("Origin"),
            address=self._address,
            session=session,
            sha256=digest(code),
            verdict=verdict,
        )

    async def unless_gone(self, answer: Coroutine[Any, Any, T]) -> T:
        """Wait for something as long as there is a client.

        Raises:
            ClientGone: there is none any more.

        """
        return await _unless(self._gone, answer)


class Endpoint(APIHandler):
    """One path of the API, and its operations by method."""

    auth_resource = RESOURCE
    heeds_scopes = True

    def initialize(
        self, operations: Mapping[str, Operation], service: ExecutionService, rate: Rate
    ) -> None:
        """Take in what is served here."""
        self._operations = operations
        self._service = service
        self._rate = rate
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def set_default_headers(self) -> None:
        """Have every answer bear the request's id."""
        super().set_default_headers()
        self.set_header(HEADER, request_id(self.request))

    def on_connection_close(self) -> None:
        """Note that there is nobody to answer."""
        if not self.gone.done():
            self.gone.set_result(None)
        super().on_connection_close()

    @authenticated
    async def serve(self, **path: str) -> None:
        """Do what is asked for, if it may be done."""
        operation = self._operations.get(str(self.request.method))
        if operation is None:
            self.set_header("Allow", ", ".join(sorted(self._operations)))
            raise HTTPError(405)
        user = self.current_user
        allowed = self.authorizer.is_authorized(self, user, operation.action, RESOURCE)
        if not await ensure_async(allowed):
            raise HTTPError(403)
        if not scopes.may(user, operation.scope):
            raise HTTPError(403, f"the token lacks the scope {operation.scope!r}")
        try:
            self._rate.take(user.username)
            answer = await operation.serve(self._service, Call(self, operation, path))
            await self._answer(answer)
        except errors.BeakerError as error:
            await self._refuse(error)
        except (ClientGone, StreamClosedError):
            pass

    get = post = put = delete = serve

    def json_body(self) -> Any:  # noqa: ANN401 (any JSON)
        """Return the request's body.

        Raises:
            HTTPError: it is of another kind (415), or not JSON (400).

        """
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip() != JSON:
            raise HTTPError(415, f"the body must be {JSON}")
        try:
            return json.loads(self.request.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise HTTPError(400, "the body is not JSON") from None

    def validated(self, model: type[Model], value: object) -> Model:
        """Return what was sent as a model.

        Raises:
            Invalid: it doesn't fit.

        """
        try:
            return model.model_validate(value)
        except ValidationError as error:
            raise Invalid(error) from None

    async def _answer(self, answer: Answer) -> None:
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        match answer.body:
            case None:
                self.finish(set_content_type=JSON)
            case BaseModel() as model:
                self.finish(model.model_dump_json())
            case Events() as events:
                await self._stream(events)
            case Content() as content:
                await self._send(content)

    async def _stream(self, events: Events) -> None:
        """Send events as they come, until there are no more or nobody reads them."""
        self.set_header("Content-Type", EVENTS)
        self.set_header("Cache-Control", "no-store")
        try:
            await _unless(self.gone, self._write(events))
        except (ClientGone, StreamClosedError):
            if events.ends:
                await self._service.interrupt(events.ends)
            raise
        self.finish(set_content_type=EVENTS)

    async def _write(self, events: Events) -> None:
        async for event in events.coming:
            number = f"id: {event.id}\n" if event.id else ""
            self.write(f"{number}event: {event.type}\ndata: ")
            await self._write_in_chunks(event.data)

    async def _write_in_chunks(self, data: bytes) -> None:
        """Write an event's data and its end, of which Tornado shall not make several copies."""
        last = len(data) - len(data) % CHUNK
        for start in range(0, last, CHUNK):
            self.write(data[start : start + CHUNK])
            await self.flush()
        self.write(data[last:] + b"\n\n")
        await self.flush()  # which waits for a slow reader

    async def _send(self, content: Content) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", content.size)
        name = quote(content.name, safe="")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
        with content.file as file:
            left = content.size
            while left > 0 and (data := file.read(min(CHUNK, left))):
                left -= len(data)
                self.write(data)
                await self.flush()
        self.finish(set_content_type="application/octet-stream")

    async def _refuse(self, error: errors.BeakerError) -> None:
        status = next(code for kind, code in STATUSES.items() if isinstance(error, kind))
        where: tuple[str | int, ...] = ()
        if isinstance(error, errors.InvalidRequest):
            where = error.where
            status = 400 if where[0] == "path" else status
        if isinstance(error, errors.TooMany):
            self.set_header("Retry-After", max(1, round(error.retry_after)))
        self.set_status(status)
        problem = Problems.of(str(error), type(error).__name__, *where)
        if isinstance(error, Invalid):
            problem = error.refusal
        self.finish(problem.model_dump_json())

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 (Tornado's)
        """Answer in the shape of all refusals, and say nothing of the server's inside."""
        error = kwargs.get("exc_info", (None, None))[1]
        phrase = HTTPStatus(status_code).phrase
        said = error.log_message if isinstance(error, HTTPError) and status_code < 500 else None
        self.finish(Problems.of(said or phrase, phrase.replace(" ", "")).model_dump_json())


class Invalid(errors.InvalidRequest):
    """What was sent is not what the operation's model says."""

    def __init__(self, error: ValidationError) -> None:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        self.refusal = Problems.model_validate({"detail": found})
        super().__init__("the request does not fit")


def _query(handler: Endpoint) -> dict[str, str]:
    return {name: handler.get_query_argument(name) for name in handler.request.query_arguments}


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON


async def _unless(gone: asyncio.Future[None], answer: Coroutine[Any, Any, T]) -> T:
    """Wait for an answer, or drop it once there is nobody to have it."""
    task = asyncio.ensure_future(answer)
    awaited: set[asyncio.Future[Any]] = {task, gone}
    try:
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        task.cancel()
