"""What makes the server safe by default, and the refusal to start when it is only half so."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_server.serverapp import ServerApp

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
        "identity_provider_class": "beaker_kernel.server.identity.HeaderTokenIdentity",
        "ip": "127.0.0.1",
        "max_body_size": MAX_BODY,
        "max_buffer_size": MAX_BODY,
        "open_browser": False,
        "quit_button": False,
        "terminals_enabled": False,
        "tornado_settings": {
            "headers": {
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "Vary": "Origin",
                "X-Frame-Options": "DENY",
            },
            "websocket_max_message_size": MAX_BODY,
        },
    },
    "MultiKernelManager": {"default_kernel_name": "beaker"},
}

ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]+)?|https?://\[[0-9a-f:.]+\](:[0-9]+)?")


def defaults() -> Config:
    """Return the settings of the headless server that all others come on top of."""
    return Config(copy.deepcopy(DEFAULTS))


def check(server: ServerApp) -> None:
    """Refuse to serve with the guard half down.

    Raises:
        ConfigurationError: it says which setting is meant and what to do instead.
    """
    for reason, mend in _faults(server):
        message = f"refusing to start: {reason}; {mend}"
        raise ConfigurationError(message)


def _faults(server: ServerApp) -> Iterable[tuple[str, str]]:
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


def origin_pattern(origins: Iterable[str]) -> str:
    """Return a pattern that matches exactly these origins, and none if there are none.

    Raises:
        ConfigurationError: one of them is not of the form ``scheme://host[:port]``.
    """
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            message = (
                f"refusing to start: {origin!r} is no origin; "
                "write scheme://host[:port] in lower case, such as http://127.0.0.1:5173"
            )
            raise ConfigurationError(message)
    return "|".join(re.escape(origin) for origin in origins) or "(?!)"


def closed_paths(base_url: str) -> str:
    """Return a pattern of the paths that are not open below the base URL."""
    return rf"(?!{re.escape(base_url)}(?:{'|'.join(OPEN_PATHS)})(?:/|$)).*"
