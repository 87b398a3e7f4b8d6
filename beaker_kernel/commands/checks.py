"""What `beaker doctor` looks at: one function per check, none of which changes anything."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from beaker_kernel import __version__
from beaker_kernel.errors import BeakerError, NoModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator

    from beaker_kernel.agent.provider.endpoints import Endpoint

PACKAGES = ("ipykernel", "jupyter_client", "jupyter_server", "pyzmq", "openai")
KEY = "OPENAI_API_KEY"
ANSWER_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at; a ``note`` is worth knowing, but nothing fails for it."""

    name: str
    state: Literal["ok", "fault", "note"] = "ok"
    found: str
    mend: str = ""


async def examine(begin: Callable[[str], None]) -> AsyncIterator[Check]:
    """Look at everything; `begin` is told what takes longer than a moment."""
    from beaker_kernel.server.environment import read_dotenv  # noqa: PLC0415

    from_file = read_dotenv()
    for check in chain([python()], packages(), kernelspec()):
        yield check
    begin("starting a kernel")
    yield await kernel()
    async for check in model(begin):
        yield check
    for check in (key(from_file), sandbox(), *runtime_folders(), *memory()):
        yield check


def python() -> Check:
    """Which interpreter this is."""
    return Check(name="python", found=f"{sys.version.split()[0]} ({sys.executable})")


def packages() -> Iterator[Check]:
    """Whether what Beaker stands on is installed."""
    yield Check(name="beaker-kernel", found=__version__)
    for name in PACKAGES:
        try:
            yield Check(name=name, found=version(name))
        except PackageNotFoundError:
            mend = f"{sys.executable} -m pip install {name}"
            yield Check(name=name, state="fault", found="not installed", mend=mend)


def kernelspec() -> Iterator[Check]:
    """Whether Jupyter finds our kernelspecs, and whether each still fits."""
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415

    from beaker_kernel.commands import install  # noqa: PLC0415

    ours = 0
    for name, place in sorted(KernelSpecManager().find_kernel_specs().items()):
        folder = Path(place)
        if not install.is_ours(install.read(folder)):
            continue
        ours += 1
        fault = install.staleness(folder)
        yield Check(
            name="kernelspec",
            state="fault" if fault else "ok",
            found=f"{name} in {folder}" + (f": {fault}" if fault else ""),
            mend=f"beaker install --name {name}{_sandbox(folder)}" if fault else "",
        )
    if not ours:
        yield Check(
            name="kernelspec", state="fault", found="not installed", mend="beaker install --user"
        )


def _sandbox(folder: Path) -> str:
    """Return the options that keep a kernelspec's sandbox."""
    from beaker_kernel.commands import install  # noqa: PLC0415

    config = install.read(folder).get("metadata", {}).get("beaker", {}).get("sandbox")
    if not config:
        return ""
    return " --sandbox --network" if config.get("network") else " --sandbox"


async def kernel() -> Check:
    """Whether a kernel comes up, with a subkernel that answers."""
    from beaker_kernel.commands.kernels import started  # noqa: PLC0415

    begun = time.monotonic()
    try:
        async with started("beaker") as client:
            info = (await client.kernel_info(reply=True, timeout=60))["content"]
    except (BeakerError, OSError) as error:
        mend = "run `jupyter console --kernel beaker` to see what it says"
        return Check(name="kernel", state="fault", found=str(error), mend=mend)
    seconds = time.monotonic() - begun
    runs = info.get("beaker", {}).get("subkernel", info["implementation"])
    inside = f", in {box}" if (box := info.get("beaker", {}).get("sandbox")) else ""
    found = f"starts and stops in {seconds:.1f} s; cells run in {runs}{inside}"
    return Check(name="kernel", found=found)


async def model(begin: Callable[[str], None]) -> AsyncIterator[Check]:
    """Which endpoint is used, and whether its model answers."""
    begin("looking for a model")
    from beaker_kernel.agent.models import Models  # noqa: PLC0415 (a second of imports)
    from beaker_kernel.agent.provider.endpoints import find_endpoint  # noqa: PLC0415
    from beaker_kernel.agent.settings import load  # noqa: PLC0415

    environ = {name: value for name, value in os.environ.items() if value}
    try:
        permitted = Models(load(environ), environ).permitted
        endpoint = await find_endpoint(environ, permitted=permitted)
    except NoModel as error:
        found, _, mend = str(error).partition("\n")
        yield Check(name="endpoint", state="fault", found=found, mend=mend)
    except BeakerError as error:
        yield Check(name="endpoint", state="fault", found=str(error))
    else:
        where = "on this machine" if endpoint.local else "your data goes there"
        yield Check(name="endpoint", found=f"{endpoint.base_url} ({where})")
        begin(f"waiting for {endpoint.model}")
        yield await answer(endpoint)


async def answer(endpoint: Endpoint) -> Check:
    """Whether the model answers; its first word is enough."""
    from openai import OpenAIError  # noqa: PLC0415 (a second of imports)

    begun = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _first_word(endpoint)
    except (OpenAIError, TimeoutError, StopAsyncIteration, ValueError) as error:
        found = f"{endpoint.model} does not answer: {str(error) or type(error).__name__}"
        mend = "check OPENAI_BASE_URL, OPENAI_API_KEY and BEAKER_MODEL"
        return Check(name="model", state="fault", found=found, mend=mend)
    seconds = time.monotonic() - begun
    return Check(name="model", found=f"{endpoint.model} answers in {seconds:.1f} s")


async def _first_word(endpoint: Endpoint) -> None:
    from openai import AsyncOpenAI  # noqa: PLC0415

    async with AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0
    ) as client:
        stream = await client.chat.completions.create(
            model=endpoint.model,
            messages=[{"role": "user", "content": "Say yes."}],
            stream=True,
        )
        async with stream:
            await anext(aiter(stream))


def key(from_file: Collection[str]) -> Check:
    """Where the key comes from; it is never shown."""
    if not os.environ.get(KEY):
        return Check(name="key", state="note", found=f"{KEY} is not set")
    place = ".env in this folder" if KEY in from_file else "the environment"
    return Check(name="key", found=f"{KEY} from {place}")


def sandbox() -> Check:
    """Whether bubblewrap, which a sandbox needs, is there."""
    found = shutil.which("bwrap")
    if found:
        return Check(name="bubblewrap", found=found)
    return Check(
        name="bubblewrap",
        state="note",
        found="not installed; only a sandbox needs it",
        mend="apt install bubblewrap, or your system's way",
    )


def runtime_folders() -> Iterator[Check]:
    """Folders of kernels that were killed; the next kernel that starts removes them."""
    base = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"  # noqa: S108 (only looked at)
    parents = {Path(base), Path("/tmp")}  # noqa: S108 (only looked at)
    folders = [f for p in parents for f in p.glob(f"beaker-{os.getuid()}/[0-9]*-*")]
    stale = [str(f) for f in folders if not is_alive(int(f.name.partition("-")[0]))]
    if stale:
        mend = "the next kernel removes them"
        yield Check(name="leftovers", state="note", found=", ".join(stale), mend=mend)


def is_alive(pid: int) -> bool:
    """Say whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def memory() -> Iterator[Check]:
    """Whether a parent of ours gives the key away, which no child can prevent (Linux)."""
    try:
        environ = Path(f"/proc/{os.getppid()}/environ").read_bytes()
    except OSError:
        return
    if f"\0{KEY}=".encode() in b"\0" + environ:
        yield Check(
            name="parent",
            state="note",
            found=f"the process that started this one has {KEY} in its environment, "
            "where code of yours, cells too, can read it",
            mend="put the key into .env instead, with mode 0600",
        )
