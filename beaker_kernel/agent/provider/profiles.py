"""Models by names of the person's own: where each is, what it can do, what it costs.

A profile never holds a key, only says where one is: under a variable that no subkernel gets, or in
a file that nobody else can read.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

from beaker_kernel.errors import ConfigurationError, ProtocolError
from beaker_kernel.protocol.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = ("BEAKER_", "OPENAI_")
"""How the variables begin that reach the agent alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One model.

    Attributes:
        model: its name at the endpoint.
        endpoint: the base URL; by default that of the settings, with their key.
        key_variable: the name of the variable that holds the key.
        key_file: the file that holds it.
        context: tokens that fit into a request with its answer; 0 where nobody has said.
        prices: dollars for a million tokens of prompt and of completion.
        images: whether it can look at images.
        tools: how it is told of tools.

    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    model: str
    endpoint: str = ""
    key_variable: str = ""
    key_file: str = ""
    context: int = 0
    prices: tuple[float, float] | None = None
    images: bool = True
    tools: Literal["auto", "native", "json"] = "auto"

    @classmethod
    def read(cls, name: str, said: object) -> Profile:
        """Read a profile.

        Raises:
            ConfigurationError: in one line, what is wrong and where.

        """
        try:
            return validate(TypeAdapter(cls), f"models: {name}", said)
        except ProtocolError as error:
            raise ConfigurationError(str(error)) from error

    def settings(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return what leads to this model; a key goes to the endpoint that it is for, and no other.

        Raises:
            ConfigurationError: the key can't be had.

        """
        found = {**environ, "BEAKER_MODEL": self.model}
        if self.endpoint:
            found |= {"OPENAI_BASE_URL": self.endpoint, "OPENAI_API_KEY": ""}
        if key := self._key(environ):
            found["OPENAI_API_KEY"] = key
        return found

    def _key(self, environ: Mapping[str, str]) -> str:
        if self.key_file:
            return _read_secret(Path(self.key_file).expanduser())
        if not self.key_variable:
            return ""
        if not self.key_variable.startswith(HIDDEN):
            raise ConfigurationError(
                f"key_variable {self.key_variable}: cells could read it; let its name begin with "
                "BEAKER_, which no subkernel gets"
            )
        return environ.get(self.key_variable, "")


def _read_secret(path: Path) -> str:
    """Return what a file holds that only its owner can read.

    Raises:
        ConfigurationError: others can, or nobody can.

    """
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigurationError(f"{path} can be read by others: chmod 600 {path}")
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: the key can't be read: {error}") from error
