"""A kernel's websocket: prompt, and each cell that enters through it is in the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from beaker_kernel.server.audit import SETTING, Audit, digest

if TYPE_CHECKING:
    from asyncio import Future

V1 = "v1.kernel.websocket.jupyter.org"
HEADER, CONTENT = 0, 3
"""Where they stand among the parts of a message of that protocol."""


class KernelConnection(ZMQChannelsWebsocketConnection):
    """What stands between a kernel's websocket and its sockets."""

    def connect(self) -> Future[None] | None:  # type: ignore[override]
        """Connect the websocket to the kernel.

        Without TCP_NODELAY each small message waits for the acknowledgement of the one before it:
        up to 40 ms.
        """
        self.websocket_handler.set_nodelay(True)
        return super().connect()

    def handle_incoming_message(self, incoming_msg: str) -> None:
        """Note a cell, and hand the message on; one that can't be read is not handed on.

        Raises:
            ValueError: it can't be read; Tornado closes the websocket.
        """
        code = cell_in(incoming_msg, self.subprotocol)
        if code is not None:
            self._note(code)
        super().handle_incoming_message(incoming_msg)

    def _note(self, code: str) -> None:
        handler = self.websocket_handler
        audit: Audit = handler.settings[SETTING]
        audit.executed(
            who=handler.current_user.username,
            origin=handler.get_origin(),
            address=handler.request.remote_ip,
            session=str(self.kernel_id),
            sha256=digest(code),
            verdict="accepted",
        )


def cell_in(message: str | bytes, subprotocol: str | None) -> str | None:
    """Return the code that a message from a websocket asks to execute, or None.

    Raises:
        ValueError: it can't be read.
    """
    header, content = _read(message, subprotocol)
    if not isinstance(header, dict) or header.get("msg_type") != "execute_request":
        return None
    content = json.loads(content) if isinstance(content, bytes) else content
    return str(content["code"]) if isinstance(content, dict) and "code" in content else None


def _read(message: str | bytes, subprotocol: str | None) -> tuple[Any, Any]:
    """Return a message's header, and its content, which may still be bytes."""
    if subprotocol == V1:
        _, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
        return json.loads(parts[HEADER]), parts[CONTENT]
    load = json.loads if isinstance(message, str) else deserialize_binary_message
    whole = load(message)
    return whole.get("header"), whole.get("content")
