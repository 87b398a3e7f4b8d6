"""The kernel that `beaker ask` talks to: one of its own, or one that runs already."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import find_connection_file
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_runtime_dir

from beaker_kernel.errors import ConfigurationError, KernelDied, KernelSpecNotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

READY_SECONDS = 60.0


@asynccontextmanager
async def started(name: str) -> AsyncIterator[AsyncKernelClient]:
    """Start a kernel and end it with the block.

    Raises:
        KernelSpecNotFound: there is no kernelspec of that name.
        ConfigurationError: the kernel is not Beaker's.
        KernelDied: it does not come up.

    """
    manager = AsyncKernelManager(kernel_name=name, connection_file=_connection_file())
    try:
        await manager.start_kernel(stdout=sys.stderr.fileno())
    except NoSuchKernel:
        message = f"no kernel {name!r} is installed; `beaker install` installs Beaker's"
        raise KernelSpecNotFound(message) from None
    client = manager.client()
    try:
        yield await _ready(client)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel()


@asynccontextmanager
async def existing(file: str) -> AsyncIterator[AsyncKernelClient]:
    """Join a running kernel for the length of the block.

    Raises:
        ConfigurationError: there is no such connection file, or the kernel is not Beaker's.
        KernelDied: the kernel does not answer.

    """
    try:
        path = find_connection_file(file)
    except OSError:
        message = f"no connection file {file!r}; `%connect_info` in the notebook prints its name"
        raise ConfigurationError(message) from None
    client = AsyncKernelClient(connection_file=path)
    client.load_connection_file()
    try:
        yield await _ready(client)
    finally:
        client.stop_channels()


def _connection_file() -> str:
    """Name a connection file where Jupyter looks for them, so that others can join the kernel."""
    folder = Path(jupyter_runtime_dir())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder / f"kernel-ask-{os.getpid()}.json")


async def _ready(client: AsyncKernelClient) -> AsyncKernelClient:
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=READY_SECONDS)
    except RuntimeError as error:
        raise KernelDied(f"the kernel does not answer: {error}") from None
    info = await client.kernel_info(reply=True, timeout=READY_SECONDS)
    if "beaker" not in info["content"].get("supported_features", []):
        name = info["content"].get("implementation", "this")
        raise ConfigurationError(f"{name} is not a Beaker kernel: it can't be asked")
    return client
