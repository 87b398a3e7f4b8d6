"""What a function's signature says is what may be given to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import jsonschema
import pytest

from beaker_kernel.agent.signature import Signature
from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Unwritable:
    pass


async def everything(
    turn: Sequence[str],  # not to be resolved: it is imported for types alone
    text: str,
    number: int,
    part: float,
    really: bool,
    names: list[str],
    order: Literal["up", "down"] = "up",
    limit: int | None = None,
) -> str:
    """Take everything."""
    return text


async def unknown(turn: object, where: Sequence[str]) -> str:
    """Take what is imported for types alone."""
    return ""


async def untyped(turn: object, where) -> str:
    """Take anything."""
    return ""


async def unwritable(turn: object, where: Unwritable) -> str:
    """Take what JSON has no word for."""
    return ""


FITTING = {"text": "a", "number": 1, "part": 2, "really": True, "names": ["b"]}
SIGNATURE = Signature.of(everything)


def test_the_schema_names_every_type() -> None:
    assert SIGNATURE.schema == {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "number": {"type": "integer"},
            "part": {"type": "number"},
            "really": {"type": "boolean"},
            "names": {"type": "array", "items": {"type": "string"}},
            "order": {"type": "string", "enum": ["up", "down"], "default": "up"},
            "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        },
        "required": ["text", "number", "part", "really", "names"],
        "additionalProperties": False,
    }
    jsonschema.Draft202012Validator.check_schema(SIGNATURE.schema)


def test_what_fits_is_given_as_it_is_and_defaults_are_left_to_the_function() -> None:
    assert SIGNATURE.fit(FITTING) == FITTING
    assert SIGNATURE.fit(FITTING | {"order": "down", "limit": None})["order"] == "down"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"number": "1"}, "number: Input should be a valid integer"),
        ({"number": True}, "number: Input should be a valid integer"),
        ({"really": 1}, "really: Input should be a valid boolean"),
        ({"names": "b"}, "names: Input should be a valid array"),
        ({"names": [1]}, "names: Input should be a valid string"),
        ({"order": "sideways"}, "order: Input should be 'up' or 'down'"),
        ({"more": 1}, "everything takes text, number, part"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(wrong, said) -> None:
    with pytest.raises(TypeError, match=said):
        SIGNATURE.fit(FITTING | wrong)


def test_what_is_missing_is_said() -> None:
    with pytest.raises(TypeError, match="everything takes text, number"):
        SIGNATURE.fit({"text": "a"})


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (unknown, "'Sequence' is not defined, at run time"),
        (untyped, "the parameter 'where' needs a type that JSON has"),
        (unwritable, "the parameter 'where' needs a type that JSON has"),
    ],
)
def test_a_function_that_cannot_be_described_is_refused_by_name(function, said) -> None:
    with pytest.raises(ConfigurationError, match=f"{function.__name__}: .*{said}"):
        Signature.of(function)
