"""What a kernel said of itself the last time, and whether it told us that it was there.

The first is for clients that give up on a slow start: some wait ten seconds for the answer to their
first kernel_info_request. It claims neither debugger nor subshells, for those are asked for at
once. The second spares a start the question whether the kernel is there.

Both are found by all that could change them: the command, its environment, the interpreter and its
time, the version of the kernel's package.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from beaker_kernel.kernel.kernelspecs import data_dir
from beaker_kernel.protocol.frames import dumps
from beaker_kernel.protocol.mac import sha256

if TYPE_CHECKING:
    from beaker_kernel.kernel.kernelspecs import KernelSpec

CLAIMS = ("debugger", "kernel subshells")


class Kept(NamedTuple):
    """What a kernel showed of itself.

    Attributes:
        info: the modest content of its kernel_info_reply; empty if that isn't known.
        starting: the seconds that it took until its status ``starting`` reached us; 0 if none did.

    """

    info: bytes = b""
    starting: float = 0.0


def read(spec: KernelSpec) -> Kept:
    """Return what is known.

    What a provisioner starts differs with where it does, and with what confines it.
    """
    if spec.provisioner:
        return Kept()
    try:
        with open(_path(spec), encoding="utf-8") as file:
            said = json.load(file)
        info, starting = said["info"], float(said["starting"])
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
        return Kept()
    is_sound = isinstance(info, dict) and 0 <= starting < math.inf
    return Kept(dumps(info), starting) if is_sound else Kept()


def modest(content: bytes) -> bytes:
    """Return the content of a kernel_info_reply without the claims that nobody can keep yet."""
    info = json.loads(content)
    features = info.get("supported_features") or ()
    info["supported_features"] = [feature for feature in features if feature not in CLAIMS]
    if "debugger" in info:
        info["debugger"] = False
    return dumps(info)


def keep(spec: KernelSpec, kept: Kept) -> None:
    """Keep that for the next start; a disk that is full is no reason to fail."""
    if spec.provisioner or kept == read(spec):
        return
    with suppress(OSError):
        path = _path(spec)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        unfinished = f"{path}.{os.getpid()}"
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(dumps({"info": json.loads(kept.info), "starting": kept.starting}))
        os.replace(unfinished, path)


def _path(spec: KernelSpec) -> str:
    command = spec.command("")
    program = _program(command[0])
    written = os.stat(program).st_mtime_ns if program else 0
    found = [command, spec.env, program, written, _versions(command, program)]
    name = sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    return os.path.join(data_dir(), "beaker", "kernel-info", f"{name[:32]}.json")


def _program(name: str) -> str:
    """Return the path of a command's program; empty if there is none."""
    paths = (os.path.join(folder, name) for folder in os.get_exec_path())
    return next((path for path in paths if os.access(path, os.X_OK)), "")


def _versions(command: list[str], program: str) -> list[str]:
    """Name the releases of the package that a Python runs with ``-m`` beside that interpreter."""
    if "-m" not in command[:-1]:
        return []
    package = command[command.index("-m") + 1].partition(".")[0].removesuffix("_launcher")
    library = os.path.join(os.path.dirname(os.path.dirname(program)), "lib")
    found: list[str] = []
    with suppress(OSError):
        for python in os.listdir(library):
            packages = os.path.join(library, python, "site-packages")
            if os.path.isdir(packages):
                found += (n for n in os.listdir(packages) if n.startswith(f"{package}-"))
    return sorted(found)
