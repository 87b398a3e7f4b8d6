"""Connection files: where a kernel's five sockets are, and the key that signs its messages."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
DEFAULTS = {"signature_scheme": "hmac-sha256", "curve_publickey": "", "curve_secretkey": ""}


class Connection(NamedTuple):
    """A connection file's content (jupyter_client docs, "Connection files").

    The curve keys are there where the server wants the frontends' connections encrypted.
    """

    transport: str
    ip: str
    key: str
    signature_scheme: str
    curve_publickey: str
    curve_secretkey: str
    shell_port: int
    iopub_port: int
    stdin_port: int
    control_port: int
    hb_port: int

    def url(self, channel: str) -> str:
        """Return the ZMQ address of a channel."""
        separator = ":" if self.transport == "tcp" else "-"
        return f"{self.transport}://{self.ip}{separator}{getattr(self, f'{channel}_port')}"


def read(path: str) -> Connection:
    """Read a connection file; fields that we don't know are left out.

    Raises:
        ConfigurationError: it can't be read, or something is missing in it.

    """
    try:
        with open(path, encoding="utf-8") as file:
            return of(json.load(file))
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} is no connection file: {error}"
        raise ConfigurationError(message) from error


def of(info: Mapping[str, Any]) -> Connection:
    """Return what a connection file's content says; fields that we don't know are left out.

    Raises:
        TypeError: something is missing in it.

    """
    content = {**DEFAULTS, **info}
    return Connection(**{name: content[name] for name in Connection._fields if name in content})


def write(path: str, connection: Connection) -> None:
    """Write a connection file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    content = {
        name: value for name, value in connection._asdict().items() if value or name == "key"
    }
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump({**content, "kernel_name": ""}, file)


def over_ipc(front: Connection, prefix: str) -> Connection:
    """Return a connection with `front`'s key whose sockets are files that begin with `prefix`."""
    return _elsewhere(front, "ipc", prefix, [1, 2, 3, 4, 5])


def over_tcp(front: Connection) -> Connection:
    """Return a connection with `front`'s key on five free ports of the loopback interface."""
    import socket  # noqa: PLC0415 (only for kernels that know no ipc)

    holders = [socket.create_server(("127.0.0.1", 0)) for _ in CHANNELS]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return _elsewhere(front, "tcp", "127.0.0.1", ports)


def _elsewhere(front: Connection, transport: str, ip: str, ports: list[int]) -> Connection:
    return Connection(transport, ip, front.key, front.signature_scheme, "", "", *ports)
