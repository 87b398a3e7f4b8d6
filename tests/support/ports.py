"""Waiting for a server that says its address before it listens, as Jupyter Server does."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from tests.support.leftovers import PATIENCE


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until_it_listens(address: str, patience: float = PATIENCE) -> None:
    """Return when a connection to this URL's host and port succeeds.

    Raises OSError when it still fails after a while.
    """
    url = urlsplit(address)
    end = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((url.hostname, url.port), timeout=PATIENCE).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
