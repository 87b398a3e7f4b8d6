"""Tokens with scopes: each opens a part of the execution API, and nothing else of the server."""

from __future__ import annotations

import hmac
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from jupyter_server.auth.identity import User

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Scope = Literal["read", "run", "files", "commands"]
SCOPES = frozenset(get_args(Scope))
SHORTEST = 20
"""Characters of a token, at the least: who may guess a minute long finds none."""


@dataclass
class ScopedUser(User):
    """Who holds a token with scopes."""

    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """A token, and whose it is."""

    token: str
    user: ScopedUser


def may(user: object, scope: Scope) -> bool:
    """Tell whether a user's token has a scope; one without scopes has all."""
    return not isinstance(user, ScopedUser) or scope in user.scopes


def holder_of(token: str, holders: Iterable[Holder]) -> ScopedUser | None:
    """Return whose a token is; it takes the same time whoever that is."""
    shown = token.encode()
    found = [h.user for h in holders if hmac.compare_digest(shown, h.token.encode())]
    return found[0] if found else None


def read(path: Path) -> tuple[Holder, ...]:
    """Return the tokens in a file: on each line a name, scopes with commas between, and a token.

    Raises:
        ConfigurationError: others may read it, or a line says something else.

    """
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                message = f"others may read {path}; chmod 600 {path}"
                raise ConfigurationError(message)
            lines = [line.split() for line in file if line.strip() and line[0] != "#"]
    except OSError as error:
        message = f"can't read {path}: {error.strerror}"
        raise ConfigurationError(message) from error
    return tuple(_holder(words, path) for words in lines)


def _holder(words: list[str], path: Path) -> Holder:
    """Return what a line says; no error shows a token."""
    match words:
        case [name, scopes, token] if SCOPES.issuperset(scopes.split(",")):
            if len(token) >= SHORTEST:
                return Holder(token, ScopedUser(name, scopes=frozenset(scopes.split(","))))
    message = (
        f"a line of {path} is no name, scopes ({', '.join(sorted(SCOPES))}; commas between) "
        f"and token of {SHORTEST} characters or more"
    )
    raise ConfigurationError(message)
