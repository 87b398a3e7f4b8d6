"""What an adapter must give, and how the one of a language is found."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from beaker_kernel.protocol.replies import VariablesReply

GROUP = "beaker_kernel.languages"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A request to the subkernel that finds something out and leaves no trace.

    `marker` is what the adapter looks for in the answer; nobody else needs it.
    """

    code: str = ""
    user_expressions: dict[str, str] = field(default_factory=dict)
    silent: bool = True
    marker: str = ""

    def content(self) -> dict[str, Any]:
        """Give the content of the ``execute_request`` to send."""
        return {
            "code": self.code,
            "silent": self.silent,
            "store_history": False,
            "user_expressions": self.user_expressions,
            "allow_stdin": False,
            "stop_on_error": False,
        }


class Language(Protocol):
    """An adapter. A probe that it gives is sent; what came back goes to `parse`."""

    @property
    def name(self) -> str:
        """The language as ``kernel_info_reply`` names it, in lower case."""

    @property
    def fence(self) -> str:
        """The info string of a Markdown code block."""

    @property
    def subshells(self) -> bool:
        """Whether code may run in a subshell (JEP 91) of its kernels while a cell runs.

        A kernel's own word isn't enough: wrapper kernels inherit ipykernel's, and type into one
        interpreter from two threads.
        """

    def variables(self, limit: int) -> Probe | None:
        """Ask for the `limit` newest variables; ``None`` where the adapter can't."""

    def describe(self, names: tuple[str, ...]) -> Probe | None:
        """Ask for the variables in `names`, with longer previews; ``None`` where it can't."""

    def parse(self, probe: Probe, reply: dict[str, Any], stdout: str) -> VariablesReply:
        """Read the answer: the content of the ``execute_reply``, and what was printed.

        Raises:
            ProtocolError: the subkernel answered something else.

        """

    def install_hint(self, module: str) -> str:
        """Say how to get a module that is missing, as code that can be run where there is any."""


@dataclass(frozen=True, slots=True)
class Default:
    """The adapter of a language that has none: cells work, variables can't be listed."""

    name: str
    subshells = False

    @property
    def fence(self) -> str:
        """The language's own name."""
        return self.name

    def variables(self, limit: int) -> None:
        """Nothing to ask: how variables are listed in this language is unknown."""

    def describe(self, names: tuple[str, ...]) -> None:
        """Nothing to ask, as above."""

    def parse(self, probe: Probe, reply: dict[str, Any], stdout: str) -> VariablesReply:
        """Never called, since there is no probe."""
        raise NotImplementedError(f"Beaker can't list variables in {self.name}")

    def install_hint(self, module: str) -> str:
        """Name what is missing."""
        return f"{module} is not installed; use the package manager of {self.name}."


def load(language: str) -> Language:
    """Find the adapter of `language`, as ``kernel_info_reply`` names it; any case will do."""
    name = language.lower()
    for entry_point in entry_points(group=GROUP, name=name):
        try:
            adapter: Language = entry_point.load()()
        except Exception:
            log.exception("the adapter %s doesn't load", entry_point.value)
        else:
            return adapter
    return Default(name)
