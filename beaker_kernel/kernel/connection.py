"""Connection files: where a kernel's five sockets are, and the key that signs its messages."""

from __future__ import annotations

import os
import time

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel.early import dumps_flat, load, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
NEW = 5.0
"""Seconds in which a relay starts whose connection file was written for it."""


class Connection:
    """A connection file's content (jupyter_client docs, "Connection files").

    Attributes:
        ports: of each channel.
        curve_publickey: there where the server wants the frontends' connections encrypted.
        curve_secretkey: there with it.

    """

    def __init__(
        self,
        *,
        transport: str,
        ip: str,
        key: str,
        signature_scheme: str,
        ports: Iterable[int],
        curve_publickey: str = "",
        curve_secretkey: str = "",
    ) -> None:
        self.transport = transport
        self.ip = ip
        self.key = key
        self.signature_scheme = signature_scheme
        self.ports = dict(zip(CHANNELS, ports, strict=True))
        self.curve_publickey = curve_publickey
        self.curve_secretkey = curve_secretkey

    @property
    def named_ports(self) -> dict[str, int]:
        """The ports by the names that connection files and `connect_reply` have for them."""
        return {f"{channel}_port": port for channel, port in self.ports.items()}

    def path(self, channel: str) -> str:
        """Return the file that is a channel's socket; empty over TCP."""
        return f"{self.ip}-{self.ports[channel]}" if self.transport == "ipc" else ""

    def url(self, channel: str) -> str:
        """Return the ZMQ address of a channel."""
        separator = ":" if self.transport == "tcp" else "-"
        return f"{self.transport}://{self.ip}{separator}{self.ports[channel]}"


def read(path: str) -> Connection:
    """Read a connection file; fields that we don't know are left out.

    Raises:
        ConfigurationError: it can't be read, or something is missing in it.

    """
    try:
        return of(load(path))
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} is no connection file: {error}"
        raise ConfigurationError(message) from error


def of(info: Mapping[str, Any]) -> Connection:
    """Return what a connection file's content says; fields that we don't know are left out.

    Raises:
        ValueError: something is missing in it.

    """
    try:
        return Connection(
            transport=info["transport"],
            ip=info["ip"],
            key=info["key"],
            signature_scheme=info.get("signature_scheme", "hmac-sha256"),
            ports=[info[f"{channel}_port"] for channel in CHANNELS],
            curve_publickey=info.get("curve_publickey", ""),
            curve_secretkey=info.get("curve_secretkey", ""),
        )
    except KeyError as error:
        raise ValueError(f"it has no {error.args[0]}") from error


def is_restart(path: str) -> bool:
    """Tell whether there was a kernel here before: a server writes the connection file once."""
    return time.time() - os.stat(path).st_mtime > NEW


def mark_used(path: str) -> None:
    """Have the next relay with this connection file know that it is a restart, however soon."""
    stat = os.stat(path)
    with suppress(OSError):  # somebody else's, or not to be written: then its own time has to do
        os.utime(path, (stat.st_atime, stat.st_mtime - 2 * NEW))


def write(path: str, connection: Connection) -> None:
    """Write the connection file of a kernel whose connections are not encrypted.

    Only its owner can read it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    content: dict[str, str | int] = {
        "transport": connection.transport,
        "ip": connection.ip,
        "key": connection.key,
        "signature_scheme": connection.signature_scheme,
        "kernel_name": "",
    }
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(dumps_flat(content | connection.named_ports))


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
    return Connection(
        transport=transport,
        ip=ip,
        key=front.key,
        signature_scheme=front.signature_scheme,
        ports=ports,
    )
