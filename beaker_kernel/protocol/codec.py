"""The one boundary between JSON and the message classes.

Encoding is a walk over fields, since thousands of pieces of an answer pass each second; decoding
validates with pydantic, which is imported on the first use.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from beaker_kernel.protocol.messages import Envelope
    from beaker_kernel.protocol.registry import Content

_ATOMS = (str, int, float, bool, dict)


def encode(message: DataclassInstance) -> dict[str, Any]:
    """Turn a message, a reply, or a part of one into its JSON object.

    Fields that are ``None`` are left out; free-form objects are not copied.
    """
    content = {}
    for name in _field_names(type(message)):
        value = getattr(message, name)
        if value is not None:
            content[name] = value if type(value) in _ATOMS else _plain(value)
    return content


def decode(msg_type: str, content: dict[str, Any]) -> Content:
    """Read the content of a message of ours; a reply becomes its class or an `ErrorReply`.

    Raises:
        ProtocolError: no such type, a field is missing or of the wrong type; one line says which.

    """
    from beaker_kernel.protocol import validation  # noqa: PLC0415 - pydantic costs its import

    return validation.validate(validation.adapter(msg_type), msg_type, content)


def decode_envelope(data: dict[str, Any]) -> Envelope:
    """Read the data of a ``comm_msg``; its content is still to be decoded, by its type.

    Raises:
        ProtocolError: it is no envelope.

    """
    from beaker_kernel.protocol import validation  # noqa: PLC0415 - pydantic costs its import

    return validation.validate(validation.envelope_adapter(), "comm_msg", data)


@cache
def _field_names(cls: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def _plain(value: object) -> object:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return encode(value) if is_dataclass(value) and not isinstance(value, type) else value
