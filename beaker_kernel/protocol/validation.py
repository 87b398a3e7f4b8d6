"""Validation by pydantic: the half of the codec that is imported on the first decoding."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.messages import Envelope
from beaker_kernel.protocol.registry import MESSAGES, REPLIES, Content
from beaker_kernel.protocol.replies import ErrorReply

T = TypeVar("T")


@cache
def adapter(msg_type: str) -> TypeAdapter[Content]:
    """Build what validates a message of ours: a class, or for replies a union told by ``status``.

    Raises:
        ProtocolError: there is no such type.

    """
    if msg_type in MESSAGES:
        return TypeAdapter(MESSAGES[msg_type])
    if msg_type in REPLIES:
        either: Any = Annotated[REPLIES[msg_type] | ErrorReply, Field(discriminator="status")]
        return TypeAdapter(either)
    raise ProtocolError(f"{msg_type}: Beaker has no such message")


@cache
def envelope_adapter() -> TypeAdapter[Envelope]:
    """Build what validates the data of a ``comm_msg``."""
    return TypeAdapter(Envelope)


def validate(adapter: TypeAdapter[T], what: str, content: object) -> T:
    """Validate as JSON: only there does strict mode take arrays and objects for our classes.

    Raises:
        ProtocolError: in one line, `what` is wrong and where.

    """
    try:
        return adapter.validate_json(to_json(content), strict=True)
    except ValidationError as error:
        raise ProtocolError(f"{what}: {_first_problem(error)}") from error
    except (PydanticSerializationError, RecursionError) as error:
        raise ProtocolError(f"{what}: this is no JSON") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{place or 'content'}: {problem['msg']}{more}"
