"""The requests in flight: who asked what, and what is still owed to them."""

from __future__ import annotations

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel.routing import ONE_WAY, Route
from beaker_kernel.protocol.frames import DELIMITER, loads


class Request:
    """One request from a frontend.

    Attributes:
        channel: ``shell`` or ``control``.
        frames: the whole message, identity first.
        at: the index of the delimiter in it.
        subshell: whether it runs beside the main shell.
        owner: who answers it.
        started: whether it was handed to its owner, rather than waiting for its turn.
        replied: whether the frontend has its reply.
        idle: whether the frontend has its idle.

    """

    __slots__ = (
        "at",
        "channel",
        "frames",
        "idle",
        "msg_id",
        "msg_type",
        "owner",
        "replied",
        "started",
        "subshell",
    )

    def __init__(
        self, channel: str, msg_id: str, msg_type: str, frames: list[bytes], at: int
    ) -> None:
        self.channel = channel
        self.msg_id = msg_id
        self.msg_type = msg_type
        self.frames = frames
        self.at = at
        self.subshell = False
        self.owner = Route.SUBKERNEL
        self.started = self.replied = self.idle = False

    @property
    def identity(self) -> bytes:
        """The routing id of the frontend's socket."""
        return self.frames[0]

    @property
    def route(self) -> list[bytes]:
        """The routing ids that lead back to the frontend: several, where a device is between."""
        return self.frames[: self.at]

    @property
    def signature(self) -> bytes:
        """The signature as it came."""
        return self.frames[self.at + 1]

    @property
    def header(self) -> bytes:
        """The header as it came: the parent header of whatever answers it."""
        return self.frames[self.at + 2]

    @property
    def content(self) -> bytes:
        """The content as it came."""
        return self.frames[self.at + 5]

    @property
    def parts(self) -> list[bytes]:
        """The four parts that are signed."""
        return self.frames[self.at + 2 : self.at + 6]

    @property
    def is_cell(self) -> bool:
        """Whether it takes its turn in the main shell."""
        return self.msg_type == "execute_request" and self.channel == "shell" and not self.subshell

    @property
    def stops_on_error(self) -> bool:
        """Whether the cells queued behind it are aborted when it fails."""
        return bool(loads(self.content).get("stop_on_error", True))


def read(channel: str, frames: list[bytes]) -> Request:
    """Read a request's header; nothing else of it is parsed.

    Raises:
        ProtocolError: the frames are no Jupyter message.

    """
    try:
        at = frames.index(DELIMITER, 1)
        header = loads(frames[at + 2])
        request = Request(channel, str(header["msg_id"]), header["msg_type"], frames, at)
        request.subshell = bool(header.get("subshell_id"))
        request.content  # noqa: B018 (a message cut short has none)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"not a Jupyter message: {error}"
        raise ProtocolError(message) from error
    return request


class InFlight:
    """The requests that still want a reply or an idle, in the order in which they came."""

    def __init__(self) -> None:
        self._requests: dict[str, Request] = {}

    def add(self, request: Request) -> None:
        """Note a request, unless nobody replies to its type."""
        if request.msg_type not in ONE_WAY:
            self._requests[request.msg_id] = request

    def get(self, msg_id: str) -> Request | None:
        """Return the request of that id, if something is still owed to it."""
        return self._requests.get(msg_id)

    def replied(self, msg_id: str) -> Request | None:
        """Note that a request has its reply."""
        request = self._requests.get(msg_id)
        if request:
            request.replied = True
            self._drop_if_done(request)
        return request

    def idled(self, msg_id: str) -> Request | None:
        """Note that a request's outputs are complete."""
        request = self._requests.get(msg_id)
        if request:
            request.idle = True
            self._drop_if_done(request)
        return request

    def of(self, owner: Route) -> list[Request]:
        """Return the open requests of one owner, oldest first."""
        return [r for r in self._requests.values() if r.owner is owner]

    def running(self) -> Request | None:
        """Return the oldest request that keeps the subkernel's main shell busy."""
        shell = (r for r in self.of(Route.SUBKERNEL) if r.channel == "shell" and not r.idle)
        return next((r for r in shell if not r.subshell), None)

    def take(self, request: Request) -> None:
        """Forget a request."""
        self._requests.pop(request.msg_id, None)

    def give_up(self, msg_id: str) -> None:
        """Forget a request that has its idle and no reply; should that come, it is passed on."""
        request = self._requests.get(msg_id)
        if request and request.idle:
            self.take(request)

    def _drop_if_done(self, request: Request) -> None:
        if request.replied and request.idle:
            del self._requests[request.msg_id]
