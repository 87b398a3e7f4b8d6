"""What a typed function takes: its schema, and whether given arguments fit."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import to_json

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a function behind its first one, which is no caller's business.

    Attributes:
        name: the function's.
        description: its docstring.

    """

    name: str
    description: str
    _adapters: dict[str, TypeAdapter[Any]]
    _defaults: dict[str, Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Signature:
        """Read a function's signature.

        Raises:
            ConfigurationError: a parameter has no type, or one that JSON has no word for.

        """
        _, *parameters = inspect.signature(function).parameters.values() or (None,)
        hints = _hints(function, {p.name for p in parameters})
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        adapters = {p.name: _adapter(function, p.name, hints) for p in parameters}
        return cls(function.__name__, inspect.getdoc(function) or "", adapters, defaults)

    @property
    def schema(self) -> dict[str, Any]:
        """The parameters as a JSON Schema of type object."""
        return {
            "type": "object",
            "properties": {name: self._property(name) for name in self._adapters},
            "required": [name for name in self._adapters if name not in self._defaults],
            "additionalProperties": False,
        }

    def _property(self, name: str) -> dict[str, Any]:
        default = {"default": self._defaults[name]} if name in self._defaults else {}
        return self._adapters[name].json_schema() | default

    def fit(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return arguments as the function wants them.

        Raises:
            TypeError: they don't fit; one line says why.

        """
        missing = self._adapters.keys() - self._defaults.keys() - arguments.keys()
        if missing or not arguments.keys() <= self._adapters.keys():
            raise TypeError(f"{self.name} takes {', '.join(self._adapters) or 'nothing'}")
        return {name: self._fitted(name, value) for name, value in arguments.items()}

    def _fitted(self, name: str, value: object) -> Any:  # noqa: ANN401 (whatever its type says)
        try:
            return self._adapters[name].validate_json(to_json(value), strict=True)
        except ValidationError as error:
            raise TypeError(f"{name}: {error.errors()[0]['msg']}") from error


def _hints(function: Callable[..., Any], wanted: set[str]) -> dict[str, Any]:
    """Resolve the annotations of some parameters; those of others may name what isn't imported."""
    annotations = inspect.get_annotations(function)
    asked = SimpleNamespace(__annotations__={n: annotations[n] for n in wanted & {*annotations}})
    try:
        return get_type_hints(asked, getattr(function, "__globals__", {}))
    except NameError as error:
        raise ConfigurationError(f"{function.__name__}: {error}, at run time") from error


def _adapter(function: Callable[..., Any], name: str, hints: dict[str, Any]) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(hints[name])
    except (KeyError, PydanticSchemaGenerationError) as error:
        message = f"{function.__name__}: the parameter {name!r} needs a type that JSON has"
        raise ConfigurationError(message) from error
