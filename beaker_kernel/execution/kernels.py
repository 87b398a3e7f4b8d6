"""Which kernel runs a language, and what its environment is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from jupyter_client.kernelspec import KernelSpecManager

from beaker_kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_client.multikernelmanager import MultiKernelManager

BEAKER = "beaker"
RESERVED = ("BEAKER_", "JUPYTER_", "JPY_", "OPENAI_")
"""What the environment's names may not begin with: a request would undo the server's settings."""


class Choice(NamedTuple):
    """A kernel to start.

    Attributes:
        name: of its kernelspec.
        subkernel: the kernelspec behind it, where it is Beaker's and not its default.

    """

    name: str
    subkernel: str = ""

    def environment(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Return the environment to start it in.

        Raises:
            InvalidRequest: `wanted` names a variable that is not a session's to set.

        """
        for name in wanted:
            if name.upper().startswith(RESERVED):
                message = f"{name} is the server's to set"
                raise InvalidRequest(message, "body", "env", name)
        chosen = {"BEAKER_SUBKERNEL": self.subkernel} if self.subkernel else {}
        return {**os.environ, **wanted, **chosen}


def choose(kernels: MultiKernelManager, language: str | None, kernel: str | None) -> Choice:
    """Return the kernel of a name, or for a language, or the server's default.

    Raises:
        InvalidRequest: there is none.

    """
    languages = installed(kernels)
    if kernel:
        if kernel not in languages:
            raise _missing("kernel", kernel, languages)
        return Choice(kernel)
    default = str(kernels.default_kernel_name)
    if not language or languages.get(default) == language.lower():
        return Choice(default)
    found = [name for name, spoken in languages.items() if spoken == language.lower()]
    if not found:
        raise _missing("language", language, languages.values())
    return Choice(BEAKER, subkernel=found[0]) if BEAKER in languages else Choice(found[0])


def installed(kernels: MultiKernelManager) -> dict[str, str]:
    """Return the language of each installed kernelspec, in lower case."""
    specs = (kernels.kernel_spec_manager or KernelSpecManager()).get_all_specs()
    return {name: str(found["spec"]["language"]).lower() for name, found in sorted(specs.items())}


def _missing(what: str, name: str, known: object) -> InvalidRequest:
    there = ", ".join(sorted(set(known)))  # type: ignore[call-overload]
    return InvalidRequest(f"there is no {what} {name!r}; there are {there}", "body", what)
