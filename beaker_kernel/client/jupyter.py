"""One kernel of a Jupyter Server, over HTTP and a websocket."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from beaker_kernel.errors import BeakerError, ProtocolError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

FAILURES = (
    BeakerError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    WebSocketException,
    OSError,
    ValueError,
)
"""What can go wrong with a server, or between it and us."""
GRACE = 10.0
"""Seconds in which a kernel that was started must be gone again."""
CLOSING = 1.0
"""Seconds that a websocket has to say good-bye."""

log = logging.getLogger(__name__)


class RemoteKernel:
    """A kernel that lives as long as this object is open."""

    def __init__(self, base_url: str, token: str = "", password: str = "") -> None:
        self._base_url = base_url.rstrip("/") + "/"
        self._password = "" if token else password
        self._token_shown = {"Authorization": f"token {token}"} if token else {}
        # Whoever waits has a deadline for the whole.
        self._http = httpx2.AsyncClient(timeout=None)
        self._starting: asyncio.Task[str] | None = None

    async def start(self) -> None:
        """Log in where there is a password, and start the server's default kernel.

        Raises:
            ProtocolError: the answer names no kernel.
            httpx2.HTTPError: the server refuses, or can't be reached.
        """
        if self._password:
            await self._log_in()
        # A request that is cancelled may have started a kernel: `close` needs its answer.
        self._starting = asyncio.create_task(self._start_kernel())
        await asyncio.shield(self._starting)

    async def _log_in(self) -> None:
        """Trade the password for a cookie, as the server's login page does."""
        form = await self._http.get(self._base_url + "login")
        form.raise_for_status()
        fields = {"_xsrf": self._http.cookies.get("_xsrf", ""), "password": self._password}
        answer = await self._http.post(self._base_url + "login", data=fields)
        if not answer.is_redirect:  # the server leads a person on to its page
            answer.raise_for_status()

    async def _start_kernel(self) -> str:
        url = self._base_url + "api/kernels"
        answer = await self._http.post(url, headers=self._credentials())
        answer.raise_for_status()
        match answer.json():
            case {"id": str(kernel_id)}:
                return kernel_id
        raise ProtocolError("the server started a kernel and did not say which")

    def _credentials(self) -> dict[str, str]:
        """Return the token, or the header without which a cookie counts for nothing."""
        unforged = self._http.cookies.get("_xsrf")
        return self._token_shown or ({"X-XSRFToken": unforged} if unforged else {})

    async def channels(self) -> connect:
        """Return the kernel's websocket, to be opened by ``async with``."""
        assert self._starting is not None, "start it first"
        kernel_id = await self._starting
        url = self._base_url.replace("http", "ws", 1) + f"api/kernels/{kernel_id}/channels"
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies.jar)
        shown = self._credentials() | ({"Cookie": cookies} if cookies else {})
        return connect(
            url,
            additional_headers=shown,
            max_size=None,
            open_timeout=None,
            ping_interval=None,
            close_timeout=CLOSING,
        )

    async def close(self) -> None:
        """Delete the kernel if there is one, and close the connection; nothing is raised."""
        try:
            async with asyncio.timeout(GRACE):
                await self._delete()
        except FAILURES as error:
            log.warning("the kernel could not be deleted: %s", error)
        finally:
            await self._http.aclose()

    async def _delete(self) -> None:
        if self._starting is None:
            return
        try:
            kernel_id = await self._starting
        except FAILURES:
            return  # none was started, and `start` has said why
        url = f"{self._base_url}api/kernels/{kernel_id}"
        (await self._http.delete(url, headers=self._credentials())).raise_for_status()


async def read(channels: ClientConnection) -> dict[str, Any]:
    """Return the next message; one with buffers comes without them.

    Raises:
        ProtocolError: it is no message.
        WebSocketException: the connection is gone.
    """
    frame = await channels.recv()
    if isinstance(frame, bytes):  # a count of parts, their offsets, the message, its buffers
        count, start = int.from_bytes(frame[:4]), int.from_bytes(frame[4:8])
        end = int.from_bytes(frame[8:12]) if count > 1 else len(frame)
        frame = frame[start:end].decode()
    match json.loads(frame):
        case dict(message):
            return message
    raise ProtocolError("the server sent what is no message")
