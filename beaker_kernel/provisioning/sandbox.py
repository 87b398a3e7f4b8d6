"""`beaker-sandbox`: a kernel provisioner that starts the kernel under bubblewrap, or not at all."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import Bool, Int, List, Unicode, default

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.provisioning import bubblewrap
from beaker_kernel.provisioning.bubblewrap import Box
from beaker_kernel.provisioning.cgroups import Cgroup

MISSING = (
    "the sandbox needs bubblewrap 0.8 or newer: `apt install bubblewrap`, or your system's way"
)
DENIED = (
    "bubblewrap can't make a sandbox here: {said}. It needs user namespaces: ask for "
    "`sysctl kernel.unprivileged_userns_clone=1`, an AppArmor profile that allows bwrap `userns`, "
    "or, in a container, the right to make them"
)
UNCOUNTED = (
    "root's processes are only limited by a cgroup, and none can be made here; "
    'don\'t run as root, or set "processes": 0 in the kernelspec to do without that limit'
)
MB = 1 << 20


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel that reaches no network, no file outside its folder and no other process.

    Its traits are the keys of ``metadata.kernel_provisioner.config`` in a kernelspec.
    """

    network = Bool(False, config=True, help="Whether the kernel reaches the network.")
    writable = List(
        Unicode(), config=True, help="Folders it may write to, beside the working folder."
    )
    readable = List(Unicode(), config=True, help="Files and folders it may read.")
    pass_env = List(Unicode(), config=True, help="Further environment variables that it sees.")
    memory_mb = Int(
        min=0, config=True, help="Megabytes it may use; half the machine's by default, 0: any."
    )
    processes = Int(512, min=0, config=True, help="Processes and threads it may have; 0: any.")

    _folder = ""
    _cgroup: Cgroup | None = None
    in_force = ""
    """What confines the kernel, in words; empty until that is sure."""

    @default("memory_mb")
    def _half_the_memory(self) -> int:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2 // MB)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 (Popen's)
        """Put the kernel's command into a sandbox, and see that one can be made.

        Raises:
            ConfigurationError: none can, or it would not be one.

        """
        bwrap = shutil.which("bwrap")
        if not bwrap or sys.platform != "linux":
            raise ConfigurationError(MISSING)
        manager = self._manager
        os.makedirs(self._runtime_dir(), mode=0o700, exist_ok=True)
        self._folder = tempfile.mkdtemp(prefix="box-", dir=self._runtime_dir())
        if not self.network:  # the loopback interface in there is another one
            manager.transport, manager.ip = "ipc", os.path.join(self._folder, "s")
        # What the server writes to may hold its token; a cell finds its descriptors in /proc.
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        kwargs = await super().pre_launch(**(silent | kwargs))
        wanted = (*self.pass_env, *self.kernel_spec.env)
        env = kwargs["env"] = bubblewrap.environment(kwargs["env"], wanted)
        box = self._box(kwargs.get("cwd") or os.getcwd(), kwargs["cmd"][0])
        limits = self._limits()
        await _try(self._command(bwrap, box, [*limits, "true"]), env)
        kwargs["cmd"] = self._command(bwrap, box, [*limits, *kwargs["cmd"]])
        self.in_force = self._describe(box)
        return kwargs

    @property
    def _manager(self) -> KernelManager:
        """Who starts the kernel, and will connect to it."""
        assert isinstance(self.parent, KernelManager)
        return self.parent

    def _runtime_dir(self) -> str:
        return os.path.dirname(self._manager.connection_file) or jupyter_runtime_dir()

    def _box(self, cwd: str, executable: str) -> Box:
        """Decide what is let in.

        Raises:
            ConfigurationError: too much.

        """
        home = os.path.expanduser("~")
        found = shutil.which(executable)
        needed = bubblewrap.program(found, home) if found else ()
        box = Box(
            cwd=os.path.abspath(cwd),
            home=home,
            network=self.network,
            readable=(*map(_absolute, self.readable), *needed, self.kernel_spec.resource_dir),
            writable=tuple(map(_absolute, self.writable)),
            room=(self.memory_mb or self._half_the_memory()) * MB,
        )
        bubblewrap.check_folders(box, [jupyter_runtime_dir(), self._runtime_dir()])
        given = (self._manager.connection_file, *bubblewrap.ours_in(box.folders))
        return replace(box, readable=(*box.readable, *given), sockets=self._folder)

    def _limits(self) -> list[str]:
        """Make a cgroup or, where none can be made, return the command that limits processes.

        Raises:
            ConfigurationError: a limit would not hold.

        """
        command = ["prlimit", "--core=0"]
        try:
            self._cgroup = Cgroup(self.memory_mb * MB, self.processes)
        except OSError:
            if self.processes and os.geteuid() == 0:
                raise ConfigurationError(UNCOUNTED) from None
            command += [f"--data={self.memory_mb * MB}"] if self.memory_mb else []
            command += [f"--nproc={self.processes}"] if self.processes else []
        return command

    def _command(self, bwrap: str, box: Box, argv: list[str]) -> list[str]:
        wrapped = bubblewrap.command(bwrap, box, argv)
        return self._cgroup.entering(wrapped) if self._cgroup else wrapped

    def _describe(self, box: Box) -> str:
        network = "network" if box.network else "no network"
        by = "together" if self._cgroup else "private to each"
        memory = f"{self.memory_mb} MB {by}" if self.memory_mb else "any memory"
        processes = f"{self.processes} processes" if self.processes else "any number of processes"
        return f"bubblewrap: {network}, writes to {', '.join(box.folders)}, {memory}, {processes}"

    async def wait(self) -> int | None:
        """Wait for the kernel's end, which is seen at once."""
        if self.process and self.process.poll() is None:
            ended = asyncio.Event()
            descriptor = os.pidfd_open(self.process.pid)
            loop = asyncio.get_running_loop()
            loop.add_reader(descriptor, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return await super().wait()

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's group inside; bubblewrap itself would end and take the kernel along.

        The group's leader is the sandbox's own init, which no signal but SIGKILL reaches.
        """
        if signum == signal.SIGKILL or not self.process:
            await super().send_signal(signum)
            return
        for child in _children(self.process.pid):
            with suppress(ProcessLookupError):
                os.killpg(child, signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the sandbox was made of."""
        await super().cleanup(restart)
        self.in_force = ""
        if self._cgroup:
            await self._cgroup.remove()
        if self._folder:
            with suppress(RecursionError):  # the relay removes what lies that deep
                shutil.rmtree(self._folder, ignore_errors=True)


async def _try(command: list[str], env: dict[str, str]) -> None:
    """See that the sandbox can be made.

    Raises:
        ConfigurationError: it can't.

    """
    process = await asyncio.create_subprocess_exec(
        *command, env=env, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        raise ConfigurationError(DENIED.format(said=said.decode(errors="replace").strip()))


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))
