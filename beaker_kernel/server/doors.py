"""Which host names and which origins the server answers to: decisions about headers alone."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT = re.compile(r":\d+$")
ORIGIN_HEADERS = ("Origin", "Sec-WebSocket-Origin")


@dataclass(frozen=True, slots=True)
class Doors:
    """The names that lead here, and the pages that may use what is here."""

    host_names: frozenset[str] = frozenset({"localhost"})
    origins: frozenset[str] = frozenset()
    remote: bool = False
    """Whether other machines may connect."""
    loosened: bool = False
    """Whether any name and any page will do: for a lab bench."""

    def answer_to(self, host: str) -> bool:
        """Tell whether a ``Host`` is ours.

        A page can have its own name resolve to our address (DNS rebinding), so a name must be one
        that we know; an address can't be rebound.
        """
        name = PORT.sub("", host).strip("[]").lower()
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return self.loosened or name in self.host_names
        return self.loosened or self.remote or address.is_loopback

    def welcome(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request comes from no page, from one of our own, or from a listed one."""
        origins = [headers[name] for name in ORIGIN_HEADERS if name in headers]
        own = {f"{scheme}://{headers.get('Host', '')}" for scheme in ("http", "https")}
        return self.loosened or all(origin in own | self.origins for origin in origins)

    def echo(self, headers: Mapping[str, str]) -> str | None:
        """Return the origin that may read the answer, if the request names one and it is listed."""
        origin = headers.get("Origin")
        return origin if origin in self.origins or self.loosened else None


def sent_by_a_foreign_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser says that another site's page made it send a request.

    Images, scripts and forms without an ``Origin`` are such.
    """
    site = headers.get("Sec-Fetch-Site", "none")
    return "Origin" not in headers and site not in ("none", "same-origin")
