"""The tree of exceptions is the one that its docstring draws."""

from __future__ import annotations

import inspect
import re

from beaker_kernel import errors


def drawn() -> dict[str, int]:
    """Return the names in the drawing with their depth."""
    lines = re.findall(r"^([ │]*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    return {name: len(indent) // 4 for indent, name in lines}


def test_the_drawing_names_every_exception_at_its_depth() -> None:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    depths = {c.__name__: len(c.__mro__) - 5 for c in classes if c is not errors.BeakerError}
    shift = min(depths.values())
    drawn_shift = min(drawn().values())
    assert {n: d - shift for n, d in depths.items()} == {
        n: d - drawn_shift for n, d in drawn().items()
    }


def test_every_exception_says_what_it_means() -> None:
    for _, cls in inspect.getmembers(errors, inspect.isclass):
        assert inspect.getdoc(cls)
        assert issubclass(cls, errors.BeakerError)
