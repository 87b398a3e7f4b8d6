"""What others add by entry point; what doesn't load is named in a line and costs only itself."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
OURS = "beaker-kernel"
CONTEXTS, TOOLS = "beaker_kernel.contexts", "beaker_kernel.tools"


class Plugins(NamedTuple, Generic[T]):
    """The entry points of one group.

    Attributes:
        found: what they name, by their own names.
        problems: a line for each that is left out.

    """

    found: dict[str, T]
    problems: tuple[str, ...]


def load(group: str, kind: type[T]) -> Plugins[T]:
    """Load every entry point of a group; ours go before others of the same name."""
    found: dict[str, T] = {}
    problems = []
    for entry_point in _ours_first(entry_points(group=group)):
        thing, problem = _loaded(entry_point, kind)
        if thing is not None and entry_point.name in found:
            problem = "there is one of that name already"
        elif thing is not None:
            found[entry_point.name] = thing
        if problem:
            problems.append(f"{entry_point.name} ({entry_point.value}) is left out: {problem}")
    return Plugins(found, tuple(problems))


def _loaded(entry_point: EntryPoint, kind: type[T]) -> tuple[T | None, str]:
    """Return what an entry point names, or in a line why not."""
    try:
        thing = entry_point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the edge: anybody's program
        return None, f"{type(error).__name__}: {error}".partition("\n")[0]
    if not isinstance(thing, kind):
        return None, f"it is no {kind.__name__}"
    return thing, ""


def _ours_first(found: Iterable[EntryPoint]) -> list[EntryPoint]:
    return sorted(found, key=lambda e: (e.dist is None or e.dist.name != OURS, e.name))
