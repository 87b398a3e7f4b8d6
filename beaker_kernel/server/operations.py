"""What the execution API offers, as data: one table that routes, validates and describes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from beaker_kernel.execution.events import Event
    from beaker_kernel.execution.run import Run
    from beaker_kernel.execution.service import ExecutionService
    from beaker_kernel.server.endpoint import Call
    from beaker_kernel.server.scopes import Scope

JSON = "application/json"
EVENTS = "text/event-stream"
BYTES = "application/octet-stream"
FORM = "multipart/form-data"


class Events(NamedTuple):
    """An answer that is a stream of server-sent events.

    Attributes:
        coming: the events.
        ends: the run that ends with its client.

    """

    coming: AsyncIterator[Event]
    ends: Run | None = None


class Content(NamedTuple):
    """An answer that is a file, or a part of one."""

    file: BinaryIO
    size: int
    name: str


class Answer(NamedTuple):
    """What an operation answers with."""

    status: int
    body: BaseModel | Events | Content | None = None
    headers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path.

    Attributes:
        method: of HTTP.
        path: below the API's root, with ``{names}``; ``{path}`` holds slashes.
        summary: what it does, in a line.
        serve: the function that does it; its name is the operation's id.
        scope: what a token must have, where it has scopes.
        action: what an authorizer is asked about.
        body: the model of the request's JSON, or its media type where it is none.
        query: the model of the query.
        answers: the model of each good answer's JSON, or its media type; None for no body.
        streams: whether it also answers with events.
        refusals: the statuses that refuse it, beside 401, 403 and 429.

    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    summary: str
    serve: Callable[[ExecutionService, Call], Awaitable[Answer]]
    scope: Scope
    action: Literal["read", "write", "execute"] = "read"
    body: type[BaseModel] | str | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | str | None] = field(default_factory=dict)
    streams: bool = False
    refusals: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.serve.__name__


class Query(BaseModel):
    """A query, of which nothing is ignored."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    loc: list[str | int]
    msg: str
    type: str


class Problems(BaseModel):
    """The body of every answer that is none of the good ones."""

    detail: list[Problem]

    @classmethod
    def of(cls, message: str, kind: str, *where: Any) -> Problems:  # noqa: ANN401 (a str or an int)
        """Make a refusal of one problem."""
        return cls(detail=[Problem(loc=list(where), msg=message, type=kind)])
