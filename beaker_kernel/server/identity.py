"""Who may come in: whoever shows the server's token, or a ticket that was bought with it.

A browser sends none of the credentials of its own accord, so a request that bears one can't be
forged by another site: it needs neither a cookie nor an XSRF token, and no cookie is ever set.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from weakref import WeakKeyDictionary

from jupyter_server.auth.identity import IdentityProvider, User
from traitlets import Bool, Unicode, default

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.server import scopes
from beaker_kernel.server.doors import sent_by_a_foreign_page
from beaker_kernel.server.tickets import TicketHandler, Tickets

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest
    from tornado.web import RequestHandler

    from beaker_kernel.server.scopes import Holder

IN_HEADER = re.compile(r"(?:token|bearer)\s+(\S+)\s*", re.IGNORECASE)
TAKES_URL_TOKEN = re.compile(r"api/(kernels|sessions|kernelspecs|status|me)(/|$)")
"""What stock clients ask with ``?token=``; never pages, files or contents."""
CREDENTIALS = ("token", "ticket")
"""What a query may bear."""
OWNER = "beaker"
ANYBODY = "anybody"


class TokenIdentity(IdentityProvider):
    """One token: in the ``Authorization`` header, in some URLs, or turned into a ticket."""

    token_file = Unicode(
        help="""A file that holds the token; it is made, with mode 0600 and a new token, where it
        is missing. Default: the environment variable JUPYTER_TOKEN_FILE.""",
    ).tag(config=True)

    url_token = Bool(
        default_value=True,
        help="""Whether Jupyter's own API for kernels, sessions and kernelspecs takes the token as
        ?token= too, as stock clients send it.""",
    ).tag(config=True)

    tokens_file = Unicode(
        help="""A file of further tokens, each with a name and scopes (read, run, files, commands)
        for the execution API. Default: the environment variable BEAKER_TOKENS_FILE.""",
    ).tag(config=True)

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 (traitlets' signature)
        super().__init__(**settings)
        self._tickets = Tickets()
        self.scoped: tuple[Holder, ...] = ()
        self._known: WeakKeyDictionary[HTTPServerRequest, User | None] = WeakKeyDictionary()

    @default("token_file")
    def _token_file_from_environment(self) -> str:
        return os.environ.get("JUPYTER_TOKEN_FILE", "")

    @default("tokens_file")
    def _tokens_file_from_environment(self) -> str:
        return os.environ.get("BEAKER_TOKENS_FILE", "")

    def read_tokens(self) -> None:
        """Take in the tokens that have scopes.

        Raises:
            ConfigurationError: their file can't be read, or is wrong.
        """
        self.scoped = scopes.read(Path(self.tokens_file)) if self.tokens_file else ()

    @default("updatable_fields")
    def _nothing_of_a_user_is_updatable(self) -> list[str]:
        return []

    @default("token")
    def _token_default(self) -> str:
        if self.token_file:
            return read_or_make(Path(self.token_file))
        return os.environ.get("JUPYTER_TOKEN", "").strip() or new_token()

    def bearer(self, request: HTTPServerRequest, base_url: str = "/") -> User | None:
        """Return who shows a credential that is good for this request, or None.

        It is looked for once, and taken out of the URL: no log and no traceback can show it.
        """
        if request not in self._known:
            shown = _take_from_url(request)
            self._known[request] = self._recognised(request, base_url, shown)
        return self._known[request]

    def _recognised(
        self, request: HTTPServerRequest, base_url: str, shown: dict[str, str]
    ) -> User | None:
        if not self.token:
            return User(ANYBODY)  # which only a loosened server starts with
        if in_header := IN_HEADER.fullmatch(request.headers.get("Authorization", "")):
            return self._owner(in_header[1]) or scopes.holder_of(in_header[1], self.scoped)
        if "ticket" in shown and request.headers.get("Upgrade", "").lower() == "websocket":
            return self._tickets.redeem(shown["ticket"], request.path)
        if "token" in shown and self._takes_url_token(request, base_url):
            return self._owner(shown["token"])
        return None

    def _takes_url_token(self, request: HTTPServerRequest, base_url: str) -> bool:
        served = TAKES_URL_TOKEN.match(request.path.removeprefix(base_url))
        return bool(self.url_token and served) and not sent_by_a_foreign_page(request.headers)

    def _owner(self, shown: str) -> User | None:
        same = hmac.compare_digest(shown.encode(), str(self.token).encode())
        return User(OWNER) if same else None

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return who shows a good credential, or None."""
        return self.bearer(handler.request, handler.settings["base_url"])

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Say whether the request showed a credential; there is no other way in."""
        return handler.current_user is not None

    @property
    def login_available(self) -> bool:
        """There is no login page."""
        return False

    def get_handlers(self) -> list[tuple[str, Any, dict[str, Any]]]:  # type: ignore[override]
        """Sell tickets; serve neither ``/login`` nor ``/logout``."""
        return [("/beaker/ticket", TicketHandler, {"tickets": self._tickets})]


def _secret(part: str) -> bool:
    """Tell whether a part of a query names a credential, however it is spelt."""
    return unquote_plus(part.partition("=")[0]).lower() in CREDENTIALS


def _take_from_url(request: HTTPServerRequest) -> dict[str, str]:
    """Take token and ticket out of a request's URL, and return those that it had."""
    shown = {}
    for name in CREDENTIALS:
        if values := request.query_arguments.pop(name, None):
            request.arguments.pop(name, None)
            shown[name] = values[-1].decode(errors="replace")
    if parts := request.query.split("&") if request.query else []:
        request.query = "&".join(part for part in parts if not _secret(part))
        request.uri = f"{request.path}?{request.query}".removesuffix("?")
    return shown


def new_token() -> str:
    """Make a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def read_or_make(path: Path) -> str:
    """Return the token in a file, which is made for its owner alone if it is missing.

    Raises:
        ConfigurationError: it can't be made, or not be read.

    """
    try:
        return _read_or_make(path)
    except OSError as error:
        message = f"the token file {path} can't be made or read: {error.strerror}; --token-file"
        raise ConfigurationError(f"{message} takes one in a folder of yours") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"the token file {path} holds no text") from None


def _read_or_make(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    token = new_token()
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(token + "\n")
    return token
