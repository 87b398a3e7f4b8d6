"""Who answers a request: a pure decision over a message's type and content, without I/O."""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import TYPE_CHECKING

from beaker_kernel.protocol import magic
from beaker_kernel.protocol.names import COMM_TARGET, SHELL_ANSWERS, SHELL_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Collection

ONE_WAY = SHELL_ANSWERS | {"comm_open", "comm_msg", "comm_close"}
"""Message types that nobody replies to."""
OURS = SHELL_REQUESTS | SHELL_ANSWERS


class Route(Enum):
    """Who answers."""

    SUBKERNEL = auto()
    AGENT = auto()
    RELAY = auto()


def route(
    msg_type: str,
    content: bytes,
    actions: Collection[str] = (),
    comms: Collection[bytes] = (),
) -> Route:
    """Decide who answers a request on shell or control.

    Args:
        msg_type: the header's type.
        content: the content as it came; it is parsed only where it mentions one of our names.
        actions: request types that the agent's active context added.
        comms: ids of the comms that are open to the agent.

    """
    match msg_type:
        case "execute_request":
            ours = _is_our_cell(content)
        case "comm_open":
            ours = b'"beaker"' in content and _target(content) == COMM_TARGET
        case "comm_msg" | "comm_close":
            ours = any(comm in content for comm in comms) and comm_id(content) in comms
        case "complete_request":
            ours_alone = _is_our_cell(content) and not completes_name(content)
            return Route.RELAY if ours_alone else Route.SUBKERNEL
        case "is_complete_request" | "inspect_request":
            return Route.RELAY if _is_our_cell(content) else Route.SUBKERNEL
        case "connect_request":
            return Route.RELAY
        case _:
            ours = msg_type in OURS or msg_type in actions
    return Route.AGENT if ours else Route.SUBKERNEL


def completes_name(content: bytes) -> bool:
    """Tell whether a complete_request asks for what may become the name of one of our magics."""
    if b"%" not in content:
        return False
    request = json.loads(content)
    code = str(request.get("code", ""))
    at = request.get("cursor_pos")
    return magic.is_naming(code, at if isinstance(at, int) else len(code))


def comm_id(content: bytes) -> bytes:
    """Return the id in a comm message's content."""
    return str(json.loads(content).get("comm_id", "")).encode()


def _is_our_cell(content: bytes) -> bool:
    return magic.mentions(content) and magic.is_magic(str(json.loads(content).get("code", "")))


def _target(content: bytes) -> str:
    return str(json.loads(content).get("target_name", ""))
