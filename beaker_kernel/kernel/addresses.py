"""Where a channel's socket is: a TCP port, or a file."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from beaker_kernel.kernel.connection import Connection

BACKLOG = 100


def listen(connection: Connection, channel: str) -> socket.socket:
    """Listen on a channel's address.

    Raises:
        ConfigurationError: somebody else does.

    """
    path = connection.path(channel)
    listener = socket.socket(socket.AF_UNIX if path else _family(connection))
    try:
        if path:
            with suppress(FileNotFoundError):
                os.unlink(path)
        elif os.name == "posix":  # elsewhere it would let two listen at once
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(path or (connection.ip.replace("*", ""), connection.ports[channel]))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", "") or error
        message = f"can't listen on {connection.url(channel)}: {why}"
        raise ConfigurationError(message) from error
    listener.setblocking(False)
    return listener


def connect(connection: Connection, channel: str) -> socket.socket | None:
    """Begin to connect to a channel's address; None if that can't be now."""
    path = connection.path(channel)
    address = path or (connection.ip, connection.ports[channel])
    try:
        stream = socket.socket(socket.AF_UNIX if path else _family(connection))
    except OSError:  # no descriptor is left
        return None
    hurry(stream)
    stream.setblocking(False)
    try:
        stream.connect(address)
    except BlockingIOError:
        if not path:
            return stream
    except (OSError, OverflowError):
        pass
    else:
        return stream
    stream.close()  # nobody listens, or too many wait to be let in
    return None


def _family(connection: Connection) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in connection.ip else socket.AF_INET


def hurry(stream: socket.socket) -> None:
    """Have a TCP connection send each message at once."""
    if stream.family != socket.AF_UNIX:
        with suppress(OSError):  # it is gone already
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
