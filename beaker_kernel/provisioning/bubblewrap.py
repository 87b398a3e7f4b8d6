"""What a sandboxed kernel sees, as a command line of bubblewrap (bwrap(1), 0.8 or newer).

Everything here is decided from values. What is not named does not exist in the sandbox.
"""

from __future__ import annotations

import os
import site
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SYSTEM = (
    "/usr",
    "/etc/R",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
"""What programs need; private keys below /etc/ssl are not among it."""
NETWORK = ("/etc/hosts", "/etc/resolv.conf", "/etc/services")
LINKS = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")
"""Links into /usr, or folders where /usr isn't merged."""
TEMPORARY = ("/tmp", "/run", "/var/tmp", "/dev/shm")  # noqa: S108 (the sandbox's own)
KEYS_FILE = ".env"
"""Where Beaker's settings are, the model's key among them."""
ENVIRONMENT = frozenset(
    {
        "COLORTERM",
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "HOME",
        "JAVA_HOME",
        "JPY_SESSION_NAME",
        "LANG",
        "LANGUAGE",
        "LOGNAME",
        "MKL_NUM_THREADS",
        "MPLBACKEND",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PYDEVD_DISABLE_FILE_VALIDATION",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONUNBUFFERED",
        "R_HOME",
        "SHELL",
        "TERM",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    }
)
"""The variables that a kernel keeps, beside the locale's and those that its kernelspec names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A sandbox: what is let in.

    Attributes:
        cwd: the working folder, which is writable.
        home: the person's home, of which the sandbox has an empty one.
        network: whether it shares the machine's network.
        readable: files and folders that can be read.
        writable: folders that can be written to, beside the working folder.
        room: bytes that fit into all temporary folders.
        sockets: the folder where the kernel listens.

    """

    cwd: str
    home: str
    network: bool
    readable: tuple[str, ...]
    writable: tuple[str, ...]
    room: int
    sockets: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """All folders that can be written to."""
        return (self.cwd, *self.writable)


def command(bwrap: str, box: Box, argv: Iterable[str]) -> list[str]:
    """Return the command that runs `argv` in a sandbox."""
    return [
        bwrap,
        *("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
        *(["--share-net"] if box.network else []),
        *("--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *("--proc", "/proc", "--dev", "/dev"),
        *_temporary((*TEMPORARY, *([] if box.home == "/" else [box.home])), box.room),
        *_system(),
        *_bound("--ro-bind-try", (*SYSTEM, *(NETWORK if box.network else ()))),
        *_bound("--bind", (*box.folders, *([box.sockets] if box.sockets else []))),
        *_bound("--bind", between(box.folders, box.readable)),
        *_bound("--ro-bind-try", box.readable),
        *_bound("--ro-bind", keys_in(box.folders), source="/dev/null"),
        # Root in there is root to /proc/sys: the core_pattern of the machine names what root runs.
        *("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", box.cwd),
        # Jupyter names a process that the kernel can't see. Without any, ipykernel and others take
        # themselves for started by hand and greet the terminal; 1 is their parent in there, and
        # ipykernel doesn't watch that one: bubblewrap ends it.
        *("--setenv", "JPY_PARENT_PID", "1"),
        *("--", *argv),
    ]


def _temporary(folders: Sequence[str], room: int) -> Iterator[str]:
    for folder in folders:
        yield from ("--size", str(room // len(folders)), "--tmpfs", folder)


def _system() -> Iterator[str]:
    for path in LINKS:
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        else:
            yield from ("--ro-bind-try", path, path)


def _bound(option: str, paths: Iterable[str], source: str = "") -> Iterator[str]:
    for path in paths:
        yield from (option, source or path, path)


def keys_in(folders: Iterable[str]) -> list[str]:
    """Return the files in writable folders that hold Beaker's own settings."""
    files = (os.path.realpath(os.path.join(folder, KEYS_FILE)) for folder in folders)
    return [f for f in files if os.path.exists(f) and any(_holds(d, f) for d in folders)]


def ours_in(folders: Iterable[str]) -> list[str]:
    """Return what of Beaker and its Python lies in writable folders: it runs outside as well."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    ours = {package, sys.prefix, sys.base_prefix}
    return [path for path in sorted(ours) if any(_holds(folder, path) for folder in folders)]


def between(folders: Iterable[str], readable: Iterable[str]) -> list[str]:
    """Return the folders on the way from writable ones to what can only be read in them.

    Each is bound onto itself: nobody can rename what something is mounted on, and so put another
    in the place of what lies below it.
    """
    found: set[str] = set()
    for folder in folders:
        for path in readable:
            parent = os.path.dirname(path)
            while parent != folder and _is_below(parent, folder) and os.path.isdir(path):
                found.add(parent)
                parent = os.path.dirname(parent)
    return sorted(found)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def environment(environ: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """Return what a sandboxed kernel is told of the environment: what is known to be harmless."""
    names = ENVIRONMENT | set(wanted)
    return {n: v for n, v in environ.items() if n in names or n.startswith("LC_")}


def check_folders(box: Box, hidden: Iterable[str]) -> None:
    """See that nothing that must stay hidden lies in a folder that is let in.

    Raises:
        ConfigurationError: something does.

    """
    for folder in (*box.folders, *box.readable):
        inside = next((path for path in (box.home, *hidden) if _holds(folder, path)), None)
        if inside:
            what = "all that must stay hidden there" if inside == folder else inside
            message = (
                f"the sandbox would let {folder} in, and with it {what}; "
                "start the kernel in a folder below"
            )
            raise ConfigurationError(message)


def program(executable: str, home: str) -> Iterator[str]:
    """Yield the places that a kernel's executable needs, each link on the way followed."""
    for path in _links(executable):
        folder = os.path.dirname(path)
        root = os.path.dirname(folder)
        if os.path.basename(folder) != "bin" or _holds(root, home):
            yield path
        elif root == os.path.join(home, ".local"):  # keyrings and Jupyter's keys are beside them
            yield from (folder, os.path.join(root, "lib"))
        elif not _holds("/usr", root) and root != "/":
            yield root
    yield site.getusersitepackages()


def _links(path: str) -> Iterator[str]:
    """Yield a path, where it leads to, and the file at the end."""
    yield path
    while os.path.islink(path):
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        yield path
    yield os.path.realpath(path)


def _holds(folder: str, path: str) -> bool:
    """Tell whether a path is a folder itself or lies below it, links followed."""
    outer = os.path.realpath(folder)
    return os.path.commonpath([outer, os.path.realpath(path)]) == outer
