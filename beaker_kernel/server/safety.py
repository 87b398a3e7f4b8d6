"""What makes the server safe by default, and the refusal to start when it is only half so."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.server import environment
from beaker_kernel.server.doors import Doors
from beaker_kernel.server.identity import TokenIdentity
from beaker_kernel.server.request_log import log_request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beaker_kernel.server.app import HeadlessServer

MAX_BODY = 64 * 1024 * 1024
"""Bytes that one request, or one message on a websocket, may have."""

SERVICES = (
    "api",
    "auth",
    "config",
    "contents",
    "events",
    "kernels",
    "kernelspecs",
    "security",
    "sessions",
    "shutdown",
)
"""Jupyter Server's services that stay; ``files``, ``nbconvert`` and ``view`` serve pages."""

OPEN_PATHS = ("api", "beaker", "kernelspecs", "metrics")
"""What is served below the base URL; every other path is closed."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "ServerApp": {
        "allow_unauthenticated_access": False,
        "contents_manager_class": "beaker_kernel.server.contents.RootedContents",
        "identity_provider_class": "beaker_kernel.server.identity.TokenIdentity",
        "ip": "127.0.0.1",
        "max_body_size": MAX_BODY,
        "max_buffer_size": MAX_BODY,
        "open_browser": False,
        "quit_button": False,
        "terminals_enabled": False,
        "tornado_settings": {
            "log_function": log_request,
            "headers": {
                "Access-Control-Expose-Headers": "location, retry-after, x-request-id",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "Vary": "Origin",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
            },
            "websocket_max_message_size": MAX_BODY,
        },
    },
    "KernelManager": {"transport_encryption": "auto"},
    "MultiKernelManager": {"default_kernel_name": "beaker"},
}

ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]+)?|https?://\[[0-9a-f:.]+\](:[0-9]+)?")


def defaults() -> Config:
    """Return the settings of the headless server that all others come on top of."""
    return Config(copy.deepcopy(DEFAULTS))


def check(server: HeadlessServer) -> None:
    """Refuse to serve with the guard half down; a loosened server says loudly what is down.

    Raises:
        ConfigurationError: it says which setting is meant and what to do instead.
    """
    if isinstance(server.identity_provider, TokenIdentity):
        server.identity_provider.read_tokens()
    for reason, mend in _faults(server):
        if not server.loosened:
            message = f"refusing to start: {reason}; {mend}"
            raise ConfigurationError(message)
        server.log.warning("LOOSENED: %s", reason)
    if server.loosened:
        server.log.warning("LOOSENED: any page and any host name may use this server")
    if server.allow_remote_access and not (server.certfile or server.loosened):
        server.log.warning("Other machines may connect, without TLS: set ServerApp.certfile")


def _faults(server: HeadlessServer) -> Iterable[tuple[str, str]]:
    if not isinstance(server.identity_provider, TokenIdentity):
        yield "identity_provider_class is set", "remove it, or load Beaker into `jupyter server`"
    if not server.identity_provider.token:
        yield "the token is empty", "set JUPYTER_TOKEN, or leave it unset and one is made"
    if server.disable_check_xsrf:
        yield "disable_check_xsrf is on", "remove it: a token in the header needs no XSRF token"
    if server.allow_origin or server.allow_origin_pat:
        setting = "allow_origin" if server.allow_origin else "allow_origin_pat"
        yield f"{setting} is set", "name each origin with --origin or BEAKER_ORIGINS"
    if server.allow_credentials:
        yield "allow_credentials is on", "remove it: the token goes in the Authorization header"
    if server.allow_unauthenticated_access:
        yield "allow_unauthenticated_access is on", "remove it: every request shows the token"
    if server.keyfile and not server.certfile:
        yield "keyfile is set without certfile", "set both, or neither"
    if not environment.is_private(server.runtime_dir):
        yield f"others may enter {server.runtime_dir}", f"chmod 700 {server.runtime_dir}"


def doors(server: HeadlessServer) -> Doors:
    """Return the names and origins that the server answers to.

    Raises:
        ConfigurationError: an origin is not of the form ``scheme://host[:port]``.
    """
    for origin in server.allowed_origins:
        if not ORIGIN.fullmatch(origin):
            message = (
                f"refusing to start: {origin!r} is no origin; "
                "write scheme://host[:port] in lower case, such as http://127.0.0.1:5173"
            )
            raise ConfigurationError(message)
    return Doors(
        host_names=frozenset({"localhost", server.ip, *server.host_names}),
        origins=frozenset(server.allowed_origins),
        remote=bool(server.allow_remote_access),
        loosened=server.loosened,
    )


def origin_pattern(origins: Iterable[str]) -> str:
    """Return a pattern that matches exactly these origins, and none if there are none."""
    return "|".join(re.escape(origin) for origin in origins) or "(?!)"


def closed_paths(base_url: str) -> re.Pattern[str]:
    """Return a pattern of the paths that are not open below the base URL."""
    return re.compile(rf"(?!{re.escape(base_url)}(?:{'|'.join(OPEN_PATHS)})(?:/|$)).*")
