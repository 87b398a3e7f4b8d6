"""What a notebook says of itself that binds the agent: it can only narrow what may be done.

Its metadata hold ``{"beaker": {"policy": "ask", "local_only": true}}``: as its frontend tells them,
and as its file has them where the server has named that. A notebook may be anybody's, so what it
would allow beyond the person's and the administrator's settings counts for nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, cast, get_args

from beaker_kernel.agent.files import open_regular
from beaker_kernel.agent.outputs import shorten
from beaker_kernel.agent.policy import narrowest
from beaker_kernel.errors import ConfigurationError
from beaker_kernel.protocol.replies import Policy

if TYPE_CHECKING:
    from beaker_kernel.agent.notebook import NotebookState

MOST = 200_000_000
"""Bytes of a notebook's file that are read."""
VALUE = 100
"""Characters of a wrong value that are shown."""


class Rules(NamedTuple):
    """The most that may be allowed, and whether data stay on this machine."""

    policy: Policy = "auto"
    local_only: bool = False

    def and_(self, other: Rules) -> Rules:
        """Return the narrower of two."""
        return Rules(narrowest(self.policy, other.policy), self.local_only or other.local_only)

    @property
    def told(self) -> list[str]:
        """What a person is to know of them."""
        narrow = f"This notebook allows no more than the policy {self.policy}."
        local = "This notebook's data stay on this machine."
        return [narrow] * (self.policy != "auto") + [local] * self.local_only


ANY = Rules()


def read_rules(metadata: object) -> Rules:
    """Read what a notebook's metadata say.

    Raises:
        ConfigurationError: a value is none of those that there are.

    """
    beaker = metadata.get("beaker") if isinstance(metadata, dict) else None
    said = beaker if isinstance(beaker, dict) else {}
    policy, local_only = said.get("policy", "auto"), said.get("local_only", False)
    if policy not in get_args(Policy):
        names = ", ".join(get_args(Policy))
        raise ConfigurationError(f"the notebook's beaker.policy is {_cut(policy)}, none of {names}")
    if not isinstance(local_only, bool):
        wrong = _cut(local_only)
        raise ConfigurationError(f"the notebook's beaker.local_only is {wrong}, no boolean")
    return Rules(cast("Policy", policy), local_only)


def _cut(value: object) -> str:
    return shorten(repr(value), VALUE)


class NotebookRules:
    """The rules of one notebook, as they were last seen.

    Args:
        path: its file; empty where nobody says.

    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._version: tuple[int, ...] = ()
        self._filed = self._told = ANY

    @property
    def now(self) -> Rules:
        """The narrowest of what its file and its frontend have said."""
        return self._filed.and_(self._told)

    async def look(self, state: NotebookState | None = None) -> Rules:
        """Look again, and return what holds for a question that tells the notebook's `state`.

        Raises:
            ConfigurationError: a value is none of those that there are.

        """
        if state and isinstance(state.metadata, dict):
            self._told = read_rules(state.metadata)
        told = self._told  # another question may tell another state meanwhile
        await asyncio.to_thread(self._read_file)
        return self._filed.and_(told)

    def _read_file(self) -> None:
        """Read the file if it was written since; one that can't be read changes nothing."""
        if not self._path:
            return
        with (
            suppress(AttributeError, OSError, RecursionError, ValueError),
            open_regular(os.path.realpath(self._path)) as file,
        ):
            found = os.fstat(file.fileno())
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            if version != self._version and found.st_size <= MOST:
                self._filed = read_rules(json.loads(file.read(MOST)).get("metadata"))
                self._version = version
