"""What a notebook says of itself that binds the agent: it can only narrow what may be done.

Its metadata hold ``{"beaker": {"policy": "ask", "local_only": true}}``: as its frontend tells them,
and as its file has them where the server has named that. A notebook may be anybody's, so what it
would allow beyond the person's and the administrator's settings counts for nothing.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast, get_args

from beaker_kernel.agent.policy import narrowest
from beaker_kernel.errors import ConfigurationError
from beaker_kernel.protocol.replies import Policy

if TYPE_CHECKING:
    from beaker_kernel.agent.notebook import NotebookState


class Rules(NamedTuple):
    """The most that may be allowed, and whether data stay on this machine."""

    policy: Policy = "auto"
    local_only: bool = False

    @property
    def told(self) -> list[str]:
        """What a person is to know of them."""
        narrow = f"This notebook allows no more than the policy {self.policy}."
        local = "This notebook's data stay on this machine."
        return [narrow] * (self.policy != "auto") + [local] * self.local_only


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
        raise ConfigurationError(f"the notebook's beaker.policy is {policy!r}, none of {names}")
    if not isinstance(local_only, bool):
        raise ConfigurationError(f"the notebook's beaker.local_only is {local_only!r}, no boolean")
    return Rules(cast("Policy", policy), local_only)


class NotebookRules:
    """The rules of one notebook, as they were last seen.

    Args:
        path: its file; empty where nobody says.

    """

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._written = 0
        self._filed = self._told = Rules()

    @property
    def now(self) -> Rules:
        """The narrowest of what its file and its frontend have said."""
        filed, told = self._filed, self._told
        return Rules(narrowest(filed.policy, told.policy), filed.local_only or told.local_only)

    async def look(self, state: NotebookState | None) -> Rules:
        """Look again: at how the notebook is, where its frontend tells, and how it was saved.

        Raises:
            ConfigurationError: a value is none of those that there are.

        """
        if state:
            self._told = read_rules(state.metadata)
        await asyncio.to_thread(self._read_file)
        return self.now

    def _read_file(self) -> None:
        """Read the file if it was written since; one that can't be read changes nothing."""
        with suppress(AttributeError, OSError, RecursionError, ValueError):
            if self._path and (written := self._path.stat().st_mtime_ns) != self._written:
                content = json.loads(self._path.read_bytes())
                self._filed = read_rules(content.get("metadata"))
                self._written = written
