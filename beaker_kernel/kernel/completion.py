"""The relay's own words in completion and help; the agent need not run for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from beaker_kernel.protocol import magic
from beaker_kernel.protocol.frames import dumps

if TYPE_CHECKING:
    from beaker_kernel.kernel.inflight import Request

TYPES = "_jupyter_types_experimental"
"""Where ipykernel tells a match's type, which frontends show beside it."""


def answer(request: Request) -> dict[str, Any]:
    """Return the reply to a request in one of our cells."""
    match request.msg_type:
        case "complete_request":
            return _completed(request.content)
        case "inspect_request":
            return {
                "status": "ok",
                "found": True,
                "data": {"text/plain": magic.HELP},
                "metadata": {},
            }
    return {"status": "complete"}


def with_ours(asked: bytes, replied: bytes) -> bytes:
    """Add our magics to the subkernel's completion of a cell's first word."""
    ours, theirs = _completed(asked), json.loads(replied)
    if not ours["matches"] or theirs.get("status") != "ok":
        return replied
    if not theirs["matches"]:
        return dumps(ours)
    if theirs["cursor_start"] != ours["cursor_start"]:
        return replied
    _append(ours, theirs)
    return dumps(theirs)


def _append(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Add matches, and their types where the subkernel tells its own."""
    theirs["matches"] += [match for match in ours["matches"] if match not in theirs["matches"]]
    if TYPES in theirs.get("metadata", {}):
        theirs["metadata"][TYPES] += ours["metadata"][TYPES]


def _completed(content: bytes) -> dict[str, Any]:
    request = json.loads(content)
    code = str(request.get("code", ""))
    cursor = int(request.get("cursor_pos", len(code)))
    matches, start = magic.complete(code, cursor)
    types = [{"start": start, "end": cursor, "text": match, "type": "magic"} for match in matches]
    return {
        "status": "ok",
        "matches": matches,
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {TYPES: types},
    }
