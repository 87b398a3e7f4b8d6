"""What the relay needs of `json`, `signal` and `contextlib` before it has started the subkernel.

These three import `enum`, `re` and `functools`, which take as long as the interpreter's own start.
CPython keeps the parts that are used here in modules of C that import nothing; where it doesn't,
the standard modules do.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping
    from typing import Any
else:
    try:
        import _signal as signal
    except ImportError:
        import signal

__all__ = ["dumps_flat", "load", "loads", "signal", "suppress"]


class _Settings:
    """What JSON becomes: Python's own types, as `json.JSONDecoder` has it."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


_scan: Any
try:
    import _json

    _settings: Any = _Settings()
    _scan, _quoted = _json.make_scanner(_settings), _json.encode_basestring_ascii
except (ImportError, AttributeError):
    import json

    _scan, _quoted = json.JSONDecoder().raw_decode, json.dumps


def load(path: str) -> Any:  # noqa: ANN401 (JSON has no narrower type)
    """Return what a JSON file holds.

    Raises:
        OSError: it can't be read.
        ValueError: it is no JSON.

    """
    with open(path, encoding="utf-8") as file:
        return loads(file.read())


def loads(text: str) -> Any:  # noqa: ANN401 (JSON has no narrower type)
    """Return what JSON says.

    Raises:
        ValueError: it is none.

    """
    text = text.strip(" \t\n\r")
    with suppress(StopIteration, ValueError):
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    import json  # noqa: PLC0415 (it says what is wrong)

    return json.loads(text)


def dumps_flat(values: Mapping[str, str | int]) -> str:
    """Return an object of strings and integers as JSON."""
    pairs = ((name, _quoted(v) if isinstance(v, str) else v) for name, v in values.items())
    return "{" + ", ".join(f"{_quoted(name)}: {value}" for name, value in pairs) + "}"


class suppress:  # noqa: N801 (as `contextlib` calls it)
    """Leave a block quietly where it raises one of some exceptions."""

    def __init__(self, *expected: type[BaseException]) -> None:
        self._expected = expected

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Tell whether the block's exception was expected."""
        return kind is not None and issubclass(kind, self._expected)
