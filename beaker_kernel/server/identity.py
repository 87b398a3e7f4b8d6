"""Who may come in: whoever shows the server's token in the ``Authorization`` header.

A browser never sends that header of its own accord, so a request that bears the token can't be
forged by another site: it needs neither a cookie nor an XSRF token. Nothing else is accepted, and
no cookie is ever set.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.identity import IdentityProvider, User
from traitlets import Unicode, default

if TYPE_CHECKING:
    from tornado.web import RequestHandler

CREDENTIAL = re.compile(r"(?:token|bearer)\s+(\S+)\s*", re.IGNORECASE)


class HeaderTokenIdentity(IdentityProvider):
    """One token, in one place: ``Authorization: token T`` or ``Authorization: Bearer T``."""

    token_file = Unicode(
        help="""A file that holds the token; it is made, with mode 0600 and a new token, where it
        is missing. Default: the environment variable JUPYTER_TOKEN_FILE.""",
    ).tag(config=True)

    @default("token_file")
    def _token_file_from_environment(self) -> str:
        return os.environ.get("JUPYTER_TOKEN_FILE", "")

    @default("token")
    def _token_default(self) -> str:
        if self.token_file:
            return read_or_make(Path(self.token_file))
        return os.environ.get("JUPYTER_TOKEN", "").strip() or new_token()

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return the bearer of the token, or None."""
        shown = CREDENTIAL.fullmatch(handler.request.headers.get("Authorization", ""))
        token = str(self.token)
        if shown and token and hmac.compare_digest(shown[1].encode(), token.encode()):
            return User("beaker")
        return None

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Say whether the request showed the token; there is no other way in."""
        return handler.current_user is not None

    @property
    def login_available(self) -> bool:
        """There is no login page; also, this keeps a preflight from echoing a foreign origin."""
        return False

    def get_handlers(self) -> list[tuple[str, Any]]:
        """Serve neither ``/login`` nor ``/logout``."""
        return []


def new_token() -> str:
    """Make a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def read_or_make(path: Path) -> str:
    """Return the token in a file, which is made for its owner alone if it is missing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    token = new_token()
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(token + "\n")
    return token
