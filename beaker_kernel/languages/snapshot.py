"""A bounded look at a namespace. `python.py` sends this file's text to the subkernel.

So it imports little, runs on any Python from 3.8, and calls no code of the user's: an object is
read through its type and its attributes as they are stored, never through its ``__repr__``,
``__len__`` or ``__iter__``. What it takes does not grow with the values.
"""
# ruff: noqa: ANN401 - whatever stands in a namespace is looked at

from __future__ import annotations

import datetime
import json
import sys
import types
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HIDDEN = {"In", "Out", "exit", "quit", "get_ipython", "open"}
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_ROOM_OF_A_FRAME = 600  # a column that is not named is one that a model makes up
_ROOM_OF_AN_ITEM = 60
_WIDE = 1000
_ORDERED: list[set[type]] = [{str}, {int}, {bytes}]  # compared without code of the user's
_REST, _OTHERS = 4, 8  # the flags of code that takes *args and **kwargs
_COUNTED = 100_000  # cells of a frame whose nulls are counted
_MANY, _FEW = 10_000, 100  # elements of a set that are put in order: plain ones, and any others


def snapshot(namespace: dict[str, Any], names: Any, limit: int, room: int) -> str:
    """Describe the variables in `names`, or the `limit` newest, as a `VariablesReply` in JSON.

    `room` is what a preview may take, in characters.
    """
    shown = [name for name, value in list(namespace.items()) if _is_shown(name, value)]
    there = [name for name in names or () if name in namespace]
    asked = [name for name in there if _is_the_persons(name, namespace[name])]
    wanted = shown[-limit:] if names is None else asked
    variables = [_variable(name, namespace[name], room) for name in wanted]
    return json.dumps({"status": "ok", "variables": variables, "total": len(shown)})


def _is_shown(name: Any, value: object) -> bool:
    return isinstance(name, str) and not name.startswith("_") and _is_the_persons(name, value)


def _is_the_persons(name: str, value: object) -> bool:
    """Tell a variable from a module, and from what the kernel itself puts into a namespace."""
    return name not in _HIDDEN and not issubclass(type(value), types.ModuleType)


def _variable(name: str, value: object, room: int) -> dict[str, Any]:
    described = {
        "name": _cut(name, 200),
        "type": _attempt(lambda: _cut(_type_name(value), 200)) or "object",
        "preview": _attempt(lambda: _preview(value, room)) or "",
        "shape": _attempt(lambda: _shape(value)),
        "size": _attempt(lambda: _size(value)),
    }
    return {key: entry for key, entry in described.items() if entry is not None}


def _attempt(look: Callable[[], Any]) -> Any:
    """Look at what may be half-built, deleted or changing; a failure shows as nothing."""
    try:
        return look()
    except Exception:  # noqa: BLE001 - a library may raise anything, and the others are shown
        return None


def _type_name(value: object) -> str:
    cls = type(value)
    module = str(cls.__module__)
    return cls.__name__ if module in ("builtins", "__main__") else f"{module}.{cls.__name__}"


def _is_a(value: object, root: str, *names: str) -> bool:
    """Tell a library's class by its name, so that nothing is imported for it."""
    return any(
        cls.__name__ in names and str(cls.__module__).split(".")[0] == root
        for cls in type(value).__mro__
    )


def _is_frame(value: object) -> bool:
    return _is_a(value, "pandas", "DataFrame")


def _is_series(value: object) -> bool:
    return _is_a(value, "pandas", "Series", "Index")


def _is_array(value: object) -> bool:
    return (
        _is_a(value, "numpy", "ndarray")
        or _is_a(value, "torch", "Tensor")
        or _is_a(value, "polars", "DataFrame", "Series")
    )


def _shape(value: Any) -> list[int] | None:
    if _is_frame(value) or _is_series(value) or _is_array(value):
        return [int(length) for length in value.shape]
    for sized in (str, bytes, bytearray, list, tuple, set, frozenset, dict):
        if issubclass(type(value), sized):
            return [sized.__len__(value)]
    return None


def _size(value: Any) -> int | None:
    if _is_frame(value):
        return _size_of_frame(value)
    if _is_a(value, "numpy", "ndarray") or _is_series(value):
        return int(value.nbytes)
    return sys.getsizeof(value) if type(value).__sizeof__ in _KNOWN_SIZES else None


_KNOWN_SIZES: set[Any] = {
    cls.__sizeof__ for cls in (object, int, str, bytes, bytearray, list, tuple, set, dict)
}
"""The interpreter's own; any other could be the user's code."""


def _size_of_frame(frame: Any) -> int | None:
    if frame.shape[1] > _WIDE:
        return None
    return int(frame.memory_usage(index=False, deep=False).sum())


def _preview(value: Any, room: int) -> str:
    if _is_frame(value):
        room = max(room, _ROOM_OF_A_FRAME)
        return _cut(_frame(value, room // 40), room)
    count = max(5, room // 40)
    if issubclass(type(value), str):
        return _string(value, room)
    if issubclass(type(value), types.FunctionType):
        return _cut(_function(value) + _summary(value), max(room, _ROOM_OF_A_FRAME))
    return _cut(_brief(value, count, 3), room)


def _cut(text: str, room: int) -> str:
    short = text if len(text) <= room else text[: room - 1] + "…"
    return short.encode("utf-8", "replace").decode()


def _brief(value: Any, count: int, depth: int) -> str:
    """Show at most `count` items of each container, `depth` levels deep."""
    for kind, show in _ATOMS:
        if issubclass(type(value), kind):
            return show(value)
    for kind, show_items in _CONTAINERS:
        if issubclass(type(value), kind):
            return show_items(value, count, depth)
    if _is_a(value, "numpy", "generic"):
        return _brief(value.item(), count, depth)
    return _object(value, count, depth)


def _object(value: Any, count: int, depth: int) -> str:
    if _is_frame(value) or _is_array(value):
        return _array(value)
    if _is_series(value):
        return _series(value, count)
    if str(type(value).__module__).split(".")[0] in _SHORT_REPR:
        return repr(value)
    return _attributes(value, count, depth)


_SHORT_REPR = {"decimal", "fractions", "pathlib", "re", "uuid", "zoneinfo"}
"""Of the standard library: the objects of these modules show themselves in a line."""


def _int(value: int) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits < 1000 else f"<int of {bits} bits>"


def _string(value: str, room: int = _ROOM_OF_AN_ITEM) -> str:
    """Quote a string, cut before it is escaped."""
    text = repr(str.__getitem__(value, slice(room)))
    return _cut(text + "…" if str.__len__(value) > room else text, room)


def _bytes(value: bytes) -> str:
    return _cut(repr(bytes(memoryview(value)[:_ROOM_OF_AN_ITEM])), _ROOM_OF_AN_ITEM)


def _function(value: Any) -> str:
    if issubclass(type(value), types.MethodType):
        value = value.__func__
    if not issubclass(type(value), types.FunctionType):
        return f"{value.__name__}(…)"
    notes = _attempt(lambda: _annotations(value)) or {}
    returned = f" -> {_annotation(notes['return'])}" if "return" in notes else ""
    return f"{value.__name__}({', '.join(_parameters(value, notes))}){returned}"


def _parameters(function: Any, notes: dict[str, Any]) -> Iterable[str]:
    """Yield a function's parameters as they would be written, read from its code."""
    code, defaults = function.__code__, function.__defaults__ or ()
    first, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    rest, others = bool(code.co_flags & _REST), bool(code.co_flags & _OTHERS)
    names = code.co_varnames[: last + rest + others]
    given = {names[first - len(defaults) + i]: value for i, value in enumerate(defaults)}
    given.update(function.__kwdefaults__ or {})
    written = [_parameter(name, notes, given) for name in names]
    only = code.co_posonlyargcount
    yield from [*written[:only], "/"] if only else []
    yield from written[only:first]
    if rest or last > first:
        yield "*" + (written[last] if rest else "")
    yield from written[first:last]
    if others:
        yield "**" + written[last + rest]


def _parameter(name: str, notes: dict[str, Any], given: dict[str, Any]) -> str:
    written = f"{name}: {_annotation(notes[name])}" if name in notes else name
    equals = " = " if name in notes else "="
    shown = _cut(_brief(given[name], 3, 1), _ROOM_OF_AN_ITEM) if name in given else ""
    return written + equals + shown if shown else written


def _annotations(function: Any) -> dict[str, Any]:
    """Return a function's annotations; from 3.14 on they are code, and its source is asked for."""
    annotate = getattr(function, "__annotate__", None)
    if annotate is None:
        return dict(function.__annotations__)
    library: Any = sys.modules["annotationlib"]
    return dict(library.call_annotate_function(annotate, library.Format.STRING))


def _annotation(value: Any, depth: int = 3) -> str:
    """Show an annotation by its parts: how a class of the user's shows itself is their code."""
    if issubclass(type(value), str):
        return _cut(str.__str__(value), _ROOM_OF_AN_ITEM)
    if issubclass(type(value), type) or value is None:
        return "None" if value in (None, type(None)) else value.__name__
    if str(type(value).__module__) not in ("types", "typing") or not depth:
        return "…"
    arguments = getattr(value, "__args__", ())[:5]
    shown = [_annotation(argument, depth - 1) for argument in arguments]
    origin = getattr(value, "__origin__", None)
    if type(value).__name__ in ("UnionType", "Union") or getattr(origin, "_name", "") == "Union":
        return " | ".join(shown)
    name = getattr(value, "_name", None) or getattr(value, "__name__", None) or "…"
    return f"{name}[{', '.join(shown)}]" if shown else str(name)


def _summary(function: Any) -> str:
    """Return the first paragraph of a docstring, as what follows the signature."""
    text = function.__doc__
    if not issubclass(type(text), str):
        return ""
    told = " ".join(str.__getitem__(text, slice(400)).strip().partition("\n\n")[0].split())
    return f": {_cut(told, 200)}" if told else ""


def _class(value: type) -> str:
    bases = ", ".join(base.__name__ for base in value.__bases__[:5])
    return f"class {value.__name__}({bases})"


_ATOMS: list[tuple[Any, Callable[[Any], str]]] = [
    (bool, bool.__repr__),
    (int, _int),
    (float, float.__repr__),
    (complex, complex.__repr__),
    (str, _string),
    ((bytes, bytearray), _bytes),
    ((type(None), type(...), type(NotImplemented)), repr),
    (range, range.__repr__),
    (datetime.datetime, datetime.datetime.isoformat),
    (datetime.date, datetime.date.isoformat),
    (datetime.timedelta, datetime.timedelta.__str__),
    (_FUNCTIONS, _function),
    (type, _class),
]


def _mapping(value: Any, count: int, depth: int) -> str:
    if not depth:
        return "{…}"
    pairs = (
        f"{_brief(key, count, depth - 1)}: {_brief(entry, count, depth - 1)}"
        for key, entry in dict.items(value)
    )
    return "{" + _joined(pairs, count, dict.__len__(value)) + "}"


def _items(kind: Any, opening: str, closing: str) -> Callable[[Any, int, int], str]:
    """Make the function that shows the items of a `kind`, read by the kind's own iterator."""

    def show(value: Any, count: int, depth: int) -> str:
        if not depth:
            return opening + "…" + closing
        items = (_brief(item, count, depth - 1) for item in kind.__iter__(value))
        return opening + _joined(items, count, kind.__len__(value)) + closing

    return show


def _elements(kind: Any) -> Callable[[Any, int, int], str]:
    """Make the function that shows a `kind` of set, alike in each run of the same code."""

    def show(value: Any, count: int, depth: int) -> str:
        if not depth:
            return "{…}"
        return "{" + _joined(_sorted(kind, value, count, depth), count, kind.__len__(value)) + "}"

    return show


def _sorted(kind: Any, value: Any, count: int, depth: int) -> list[str]:
    """Return a set's first elements in an order that string hashing doesn't change.

    Of a set that is too big to be put in order there are none: which ones come first in it is
    known only when all are compared.
    """
    total, room = kind.__len__(value), min(count, 5)
    if total <= _MANY and set(map(type, kind.__iter__(value))) in _ORDERED:
        first = sorted(kind.__iter__(value))[:count]
        return [_brief(item, room, depth - 1) for item in first]
    if total <= _FEW:
        return sorted(_brief(item, room, depth - 1) for item in kind.__iter__(value))
    return []


def _joined(items: Iterable[str], count: int, total: int) -> str:
    shown = list(islice(items, count))
    more = [f"… {total - len(shown)} more"] if total > len(shown) else []
    return ", ".join([*shown, *more])


_CONTAINERS: list[tuple[Any, Callable[[Any, int, int], str]]] = [
    (dict, _mapping),
    (list, _items(list, "[", "]")),
    (tuple, _items(tuple, "(", ")")),
    (set, _elements(set)),
    (frozenset, _elements(frozenset)),
]


def _attributes(value: object, count: int, depth: int) -> str:
    """Show an object by what it stores, as a dataclass would."""
    name = type(value).__name__
    if not depth:
        return name + "(…)"
    stored = dict(islice(_slots(value), count))
    stored.update(_attempt(lambda: object.__getattribute__(value, "__dict__")) or {})
    pairs = (f"{key}={_brief(entry, count, depth - 1)}" for key, entry in stored.items())
    return f"{name}({_joined(pairs, count, len(stored))})"


def _slots(value: object) -> Iterable[tuple[str, Any]]:
    for cls in type(value).__mro__:
        for name, member in vars(cls).items():
            if type(member) is types.MemberDescriptorType:
                yield name, _attempt(lambda member=member: member.__get__(value))  # type: ignore[misc]


def _array(value: Any) -> str:
    dtype = f", {value.dtype}" if hasattr(type(value), "dtype") else ""
    return f"{type(value).__name__}{tuple(value.shape)}{dtype}"


def _series(value: Any, count: int) -> str:
    entries = value if _is_a(value, "pandas", "Index") else value.iloc
    length = value.shape[0]
    shown = (_brief(entries[position], count, 1) for position in range(min(count, length)))
    return f"{value.dtype} [{_joined(shown, count, length)}]"


def _frame(value: Any, count: int) -> str:
    """Show the columns with their dtypes, how many nulls they hold, and the first three rows."""
    head = value.iloc[:3, :count]
    columns = [f"{_brief(name, count, 1)}: {head.dtypes.iloc[i]}" for i, name in enumerate(head)]
    rows = [_row(head, i, len(columns)) for i in range(head.shape[0])]
    shown = _joined(columns, count, value.shape[1])
    nulls = _attempt(lambda: _nulls(value, count)) or "nulls not counted"
    return f"{shown}; {nulls}; first rows: {', '.join(rows)}"


def _nulls(frame: Any, count: int) -> str:
    """Count the nulls of the columns that are shown; empty for many cells or unknown types."""
    rows, columns = frame.shape
    part = frame.iloc[:, :count]
    known = all(str(type(t).__module__).split(".")[0] in ("numpy", "pandas") for t in part.dtypes)
    if not known or rows * min(columns, count) > _COUNTED:
        return ""
    found = [(name, int(part.iloc[:, i].isna().sum())) for i, name in enumerate(part)]
    some = [f"{_brief(name, 3, 1)}: {number}" for name, number in found if number]
    return f"nulls{' in these' if columns > count else ''}: {', '.join(some) or 'none'}"


def _row(head: Any, row: int, columns: int) -> str:
    return "[" + ", ".join(_brief(head.iat[row, column], 3, 1) for column in range(columns)) + "]"
