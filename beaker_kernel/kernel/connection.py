"""Connection files: where a kernel's five sockets are, and the key that signs its messages."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection file's content (jupyter_client docs, "Connection files")."""

    transport: str
    ip: str
    key: str
    signature_scheme: str = "hmac-sha256"
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
    """Read a connection file; fields that we don't know are left out."""
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    fields = Connection.__dataclass_fields__
    return Connection(**{name: content[name] for name in fields if name in content})


def write(path: str, connection: Connection) -> None:
    """Write a connection file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump({**asdict(connection), "kernel_name": ""}, file)


def over_ipc(front: Connection, prefix: str) -> Connection:
    """Return a connection with `front`'s key whose sockets are files that begin with `prefix`."""
    ports = {f"{channel}_port": number for number, channel in enumerate(CHANNELS, 1)}
    return Connection(
        transport="ipc",
        ip=prefix,
        key=front.key,
        signature_scheme=front.signature_scheme,
        **ports,
    )


def over_tcp(front: Connection) -> Connection:
    """Return a connection with `front`'s key on five free ports of the loopback interface."""
    import socket  # noqa: PLC0415 (only for kernels that know no ipc)

    holders = [socket.create_server(("127.0.0.1", 0)) for _ in CHANNELS]
    ports = {
        f"{channel}_port": holder.getsockname()[1]
        for channel, holder in zip(CHANNELS, holders, strict=True)
    }
    for holder in holders:
        holder.close()
    return Connection(
        transport="tcp",
        ip="127.0.0.1",
        key=front.key,
        signature_scheme=front.signature_scheme,
        **ports,
    )
