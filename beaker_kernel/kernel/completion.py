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
    start = ours["cursor_start"]
    if theirs["matches"] and theirs["cursor_start"] > start:
        _move(theirs, start, json.loads(asked)["code"][start : theirs["cursor_start"]])
    if not theirs["matches"]:
        return dumps(ours)
    if theirs["cursor_start"] != start:
        return replied
    _append(ours, theirs)
    return dumps(theirs)


def _move(theirs: dict[str, Any], start: int, before: str) -> None:
    """Let matches begin at a magic's ``%`` that begin behind it, and drop what is no magic.

    A subkernel that knows no such magic completes a name as anywhere else, but no language has a
    name right behind the ``%`` that begins a cell: to run ``%ascii`` is an error.
    """
    metadata = theirs.get("metadata") or {}  # R says [] for an empty one
    magics = [match for match in metadata.get(TYPES, []) if match.get("type") == "magic"]
    names = {match["text"] for match in magics}
    theirs["matches"] = [before + match for match in theirs["matches"] if match in names]
    theirs["cursor_start"] = start
    for match in magics:
        match |= {"start": start, "text": before + match["text"]}
    theirs["metadata"] = metadata | {TYPES: magics}


def _append(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Add matches, and their types where the subkernel tells its own."""
    theirs["matches"] += [match for match in ours["matches"] if match not in theirs["matches"]]
    if TYPES in theirs.get("metadata", {}):
        theirs["metadata"][TYPES] += ours["metadata"][TYPES]


def _completed(content: bytes) -> dict[str, Any]:
    request = json.loads(content)
    code = str(request.get("code", ""))
    at = request.get("cursor_pos")
    cursor = at if isinstance(at, int) else len(code)
    matches, start = magic.complete(code, cursor)
    types = [{"start": start, "end": cursor, "text": match, "type": "magic"} for match in matches]
    return {
        "status": "ok",
        "matches": matches,
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {TYPES: types},
    }
