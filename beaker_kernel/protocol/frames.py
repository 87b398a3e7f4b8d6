"""Jupyter messages as raw frames: composed, signed and verified with the standard library alone.

A message on a ZMQ socket is ``[*identities, DELIMITER, signature, header, parent_header, metadata,
content, *buffers]`` (messaging spec, "The Wire Protocol"). The four parts between the signature and
the buffers are called *parts* here; they are what is signed, and they pass through Beaker as bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from beaker_kernel.protocol.mac import Mac, compare_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

DELIMITER = b"<IDS|MSG>"
JUPYTER_VERSION = "5.4"

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_loads = json.JSONDecoder().decode


def dumps(value: object) -> bytes:
    """Encode a JSON value as it goes over the wire; lone surrogates become ``?``."""
    return _dumps(value).encode("utf-8", "replace")


def loads(data: bytes) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Decode a JSON value as it came over the wire: in UTF-8, which `json.loads` would look for.

    Raises:
        ValueError: it is none.

    """
    return _loads(data.decode("utf-8", "surrogatepass"))


def msg_id(header: bytes) -> str:
    """Return the id in a header; the parent header of a message without a parent has none.

    Some kernels write ``null`` for that one.
    """
    return str((loads(header) or {}).get("msg_id", ""))


def msg_type(header: bytes) -> str:
    """Return the type in a header."""
    return str((loads(header) or {}).get("msg_type", ""))


class Signer:
    """Signs and verifies with one connection's key; an empty key means no signatures."""

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        self._mac = Mac(key, scheme.removeprefix("hmac-")) if key else None

    def sign(self, parts: Sequence[bytes]) -> bytes:
        """Return the hex digest over the parts."""
        return self._mac.hexdigest(parts).encode() if self._mac else b""

    def verify(self, signature: bytes, parts: Sequence[bytes]) -> bool:
        """Tell whether the signature is that of the parts, in constant time."""
        return self._mac is None or compare_digest(signature, self.sign(parts))

    def frames(self, parts: list[bytes]) -> list[bytes]:
        """Return the parts as they are sent: delimiter and signature in front."""
        return [DELIMITER, self.sign(parts), *parts]


class Composer:
    """Makes messages, whose ids count up behind a name of their own.

    Attributes:
        session: which their headers name; it is the composer's own as long as none other is set.

    """

    def __init__(self, name: str, username: str = "beaker") -> None:
        self.name = name
        self.session = name
        self._username = username
        self._count = 0

    def compose(
        self,
        msg_type: str,
        content: dict[str, Any],
        parent_header: bytes = b"{}",
        metadata: dict[str, Any] | None = None,
    ) -> list[bytes]:
        """Return the four parts of a new message."""
        self._count += 1
        header = {
            "msg_id": f"{self.name}_{self._count}",
            "msg_type": msg_type,
            "session": self.session,
            "username": self._username,
            "date": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "version": JUPYTER_VERSION,
        }
        return [dumps(header), parent_header, dumps(metadata or {}), dumps(content)]
