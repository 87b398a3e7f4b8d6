"""Puts off building the grammar of IRIs: two thirds of a server's start would go into it.

`jsonschema` imports `rfc3987_syntax` for the formats `iri` and `iri-reference`, which no schema of
Jupyter's has, and importing it builds Earley parsers. Here the first text of such a format does.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType

GRAMMAR = "rfc3987_syntax"


def put_off() -> None:
    """Have `jsonschema` build the grammar when it first needs it, unless it is there already."""
    if GRAMMAR not in sys.modules and find_spec(GRAMMAR):
        stand_in = ModuleType(GRAMMAR)
        vars(stand_in)["is_valid_syntax"] = _is_valid_syntax
        sys.modules[GRAMMAR] = stand_in


def _is_valid_syntax(term: str, value: str) -> bool:
    if _is_valid_syntax is vars(sys.modules[GRAMMAR]).get("is_valid_syntax"):
        del sys.modules[GRAMMAR]
    valid: bool = importlib.import_module(GRAMMAR).is_valid_syntax(term, value)
    return valid
