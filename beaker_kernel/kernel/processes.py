"""Child processes: they can't outlive us, are watched by file descriptor and end as groups.

Spawn from the main thread only: the system sends the death signal when the *thread* that forked
ends (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import fcntl
import os
import resource
import sys

from beaker_kernel.kernel.early import signal, suppress
from beaker_kernel.prctl import SET_PDEATHSIG, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULTS = [
    getattr(signal, name) for name in ("SIGINT", "SIGPIPE", "SIGXFSZ") if hasattr(signal, name)
]
"""Signals that Python, or a shell that runs us in its background, ignores; a child shall not."""

FILES = resource.getrlimit(resource.RLIMIT_NOFILE)
"""How many files we might open at first: what each child is given, too."""

TABLE = 256
"""Files for which a child has room from its start."""

SECRETS = frozenset({"JUPYTER_TOKEN", "JPY_API_TOKEN", "JUPYTERHUB_API_TOKEN"})
"""Credentials of Jupyter that no child of ours needs."""
KEYS = ("OPENAI_", "BEAKER_")
"""What begins so configures the agent, keys included; the subkernel never sees it."""


def subkernel_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a subkernel: ours without keys, tokens and ``JPY_*``."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in SECRETS
        and not name.startswith(KEYS)
        and (not name.startswith("JPY_") or name == "JPY_SESSION_NAME")
    }
    return kept | {"JPY_PARENT_PID": str(os.getpid())}


def agent_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the agent: ours, without what `agent_settings` carries."""
    return {n: v for n, v in environ.items() if n not in SECRETS and not n.startswith(KEYS)}


def agent_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the agent is configured by; it travels over the link, not by environment."""
    return {name: value for name, value in environ.items() if name.startswith(KEYS) and value}


def spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    inherit: int | None = None,
    stderr: int = 2,
    death_signal: str = "KILL",
) -> int:
    """Start a process in a group of its own that is killed when we die, and return its pid.

    Args:
        argv: the command.
        env: the whole environment of the new process.
        inherit: a file descriptor to hand over, as its fd 3.
        stderr: a file descriptor to hand over, as its fd 2.
        death_signal: what the system sends it when we die, without its ``SIG``.

    Raises:
        OSError: the command can't be started.

    """
    if sys.platform != "linux":
        return _spawn_portably(argv, env, inherit, stderr, death_signal)
    actions = [] if inherit is None else [(os.POSIX_SPAWN_DUP2, inherit, 3)]
    if stderr != 2:
        actions.append((os.POSIX_SPAWN_DUP2, stderr, 2))
    setpriv = _setpriv(env)
    if not setpriv:
        return _spawn_portably(argv, env, inherit, stderr, death_signal)
    pid = os.posix_spawn(
        setpriv,
        [setpriv, "--pdeathsig", death_signal, "--", *argv],
        env,
        file_actions=actions,
        setpgroup=0,
        setsigdef=DEFAULTS,
    )
    with suppress(OSError):  # it has just ended, or became somebody else's
        resource.prlimit(pid, resource.RLIMIT_NOFILE, FILES)
    return pid


def make_room_for_files() -> None:
    """Open a file under a high number, and leave it: a child's table of files is as large as ours.

    A table grows when a file is opened that has no room there, for which a process with threads
    waits until no processor can be using the old one (Linux, ``expand_fdtable``). ipykernel's first
    64 numbers are spent at the end of its start: it slept there for 4-20 ms.
    """
    with suppress(OSError):  # so many may not be open
        fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, TABLE - 1)


def open_more_files() -> None:
    """Let this process open as many files as it may: each frontend client takes six."""
    hard = FILES[1]
    with suppress(ValueError, OSError):  # macOS has another bound that it doesn't tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _setpriv(env: Mapping[str, str]) -> str:
    """Return the path of util-linux's setpriv(1), or nothing; busybox's knows no --pdeathsig."""
    paths = (os.path.join(folder, "setpriv") for folder in os.get_exec_path(dict(env)))
    found = next((path for path in paths if os.access(path, os.X_OK)), "")
    return "" if "busybox" in os.path.realpath(found) else found


def _spawn_portably(
    argv: Sequence[str],
    env: Mapping[str, str],
    inherit: int | None,
    stderr: int,
    death_signal: str,
) -> int:
    """Start a process through ``subprocess``, where setpriv(1) is missing."""
    import subprocess  # noqa: PLC0415 (10 ms that Linux with util-linux does not pay)

    parent = os.getpid()

    def before_exec() -> None:
        for signum in DEFAULTS:
            signal.signal(signum, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_NOFILE, FILES)
        if inherit is not None:
            os.dup2(inherit, 3)
        die_with_parent(parent, getattr(signal, f"SIG{death_signal}"))

    process = subprocess.Popen(
        argv,
        env=dict(env),
        stderr=stderr,
        process_group=0,
        pass_fds=() if inherit is None else (3,),
        preexec_fn=before_exec,  # noqa: PLW1509 (called from the main thread, before any other)
    )
    process.returncode = 0  # we reap it ourselves: no ResourceWarning at our exit
    return process.pid


def die_with_parent(parent: int, death_signal: int = signal.SIGKILL) -> None:
    """Have the kernel kill this process when `parent` ends (Linux); end now if it already has."""
    prctl(SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        os._exit(1)


def watch(pid: int) -> int:
    """Return a file descriptor that becomes readable when the process ends.

    Raises:
        ProcessLookupError: there is no such process.

    """
    if hasattr(os, "pidfd_open"):
        return os.pidfd_open(pid)
    return _watch_by_thread(pid)


def _watch_by_thread(pid: int) -> int:
    """Return a pipe's end that a thread closes when the process ends; for systems without pidfd."""
    import threading  # noqa: PLC0415 (Linux does without)
    import time  # noqa: PLC0415

    reader, writer = os.pipe()

    def wait() -> None:
        while alive(pid):
            time.sleep(0.2)
        os.close(writer)

    threading.Thread(target=wait, daemon=True).start()
    return reader


def alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie of ours."""
    try:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def reap(pid: int) -> int:
    """Collect an ended child and return its exit code (negative: the signal that ended it)."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return 0


def signal_group(pid: int, signum: int) -> None:
    """Send a signal to a child's process group; nothing happens if it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)
