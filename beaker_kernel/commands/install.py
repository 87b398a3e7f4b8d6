"""`beaker install` and `beaker uninstall`: Beaker's kernelspec, for this interpreter."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from beaker_kernel import __version__
from beaker_kernel.errors import ConfigurationError, KernelSpecNotFound
from beaker_kernel.kernel.kernelspecs import starts_beaker

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SUMMARY = "install the kernelspec, for this interpreter"
UNINSTALL_SUMMARY = "remove the kernelspec"
SANDBOXED = "beaker-sandbox"
SHIPPED = Path(__file__).parents[1] / "kernel.json"
NAME = re.compile(r"[a-z0-9._-]+", re.ASCII | re.IGNORECASE)
"""Kernelspecs' names that Jupyter lists (`jupyter_client.kernelspec`)."""
OWN = ("python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info))
"""Names for which Jupyter takes its own interpreter (`KernelManager.format_kernel_cmd`)."""


def configure(parser: ArgumentParser) -> None:
    """Describe the options of `install`."""
    _configure_place(parser)
    parser.add_argument("--display-name", metavar="TEXT", help="what Jupyter shows (Beaker)")
    parser.add_argument(
        "--subkernel", metavar="NAME", help="the kernelspec that runs the cells (python3)"
    )
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help=f"run the cells in a sandbox; the kernelspec is named {SANDBOXED}",
    )
    parser.add_argument(
        "--network", action="store_true", help="let a sandboxed kernel use the network"
    )
    parser.set_defaults(run=install)


def configure_uninstall(parser: ArgumentParser) -> None:
    """Describe the options of `uninstall`."""
    _configure_place(parser)
    parser.set_defaults(run=uninstall)


def _configure_place(parser: ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user (the default)")
    place.add_argument(
        "--sys-prefix",
        dest="prefix",
        action="store_const",
        const=sys.prefix,
        help="in this interpreter's environment",
    )
    place.add_argument("--prefix", metavar="P", help="below the folder P")
    parser.add_argument("--name", metavar="N", help="the kernelspec's name (beaker)")


def install(args: Namespace) -> int:
    """Install the kernelspec and say where."""
    folder = destination(args)
    if args.network and not args.sandbox:
        raise ConfigurationError("--network is for a --sandbox; without one there is a network")
    if args.subkernel:
        _check_subkernel(args.subkernel)
    fault = staleness(folder)
    if fault:
        sys.stdout.write(f"replacing a stale kernelspec: {fault}\n")
    made = spec(args.display_name, args.subkernel)
    if args.sandbox:
        made["display_name"] = args.display_name or "Beaker (sandbox)"
        made["metadata"]["beaker"]["sandbox"] = {"network": args.network}
    try:
        _write(folder, made)
    except OSError as error:
        message = f"{folder} can't be written: {error.strerror}; --prefix takes another folder"
        raise ConfigurationError(message) from None
    sys.stdout.write(f"installed {folder.name} in {folder}\n")
    return 0


def uninstall(args: Namespace) -> int:
    """Remove the kernelspec and say where it was."""
    folder = destination(args)
    if not (folder / "kernel.json").exists():
        message = f"no kernelspec in {folder}; `jupyter kernelspec list` shows those installed"
        raise KernelSpecNotFound(message)
    shutil.rmtree(folder)
    sys.stdout.write(f"removed {folder}\n")
    return 0


def destination(args: Namespace) -> Path:
    """Return the kernelspec's folder.

    Raises:
        ConfigurationError: Jupyter takes no such name, or somebody else's kernelspec is there.

    """
    from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415

    data = Path(args.prefix, "share", "jupyter") if args.prefix else Path(jupyter_data_dir())
    sandboxed = getattr(args, "sandbox", False)
    name = (SANDBOXED if sandboxed else "beaker") if args.name is None else args.name
    _check_name(name)
    folder = data / "kernels" / name.lower()
    if (folder / "kernel.json").exists() and not is_ours(read(folder)):
        message = f"the kernelspec in {folder} is not Beaker's; choose another --name"
        raise ConfigurationError(message)
    return folder


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or not name.strip("."):  # "." and ".." are folders above
        allowed = "letters (a to z), digits, '.', '_' and '-', and not dots alone"
        raise ConfigurationError(f"no kernelspec can be named {name!r}: --name takes {allowed}")


def spec(display_name: str | None = None, subkernel: str | None = None) -> dict[str, Any]:
    """Return the kernelspec for this interpreter."""
    made: dict[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    made["argv"][0] = sys.executable
    made["display_name"] = display_name or made["display_name"]
    made["metadata"]["beaker"] = {"version": __version__}
    if subkernel:
        made["metadata"]["beaker"]["subkernel"] = subkernel
    return made


def staleness(folder: Path) -> str:
    """Say why a kernelspec of ours no longer fits; empty where it fits or is not there."""
    if not (folder / "kernel.json").exists():
        return ""
    found = read(folder)
    interpreter = found["argv"][0]
    version = found.get("metadata", {}).get("beaker", {}).get("version", __version__)
    if interpreter not in OWN and shutil.which(interpreter) is None:
        return f"its interpreter {interpreter} is gone"
    if version != __version__:
        return f"it is of version {version}, this is {__version__}"
    return ""


def read(folder: Path) -> dict[str, Any]:
    """Read a kernelspec."""
    found: dict[str, Any] = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    return found


def is_ours(found: dict[str, Any]) -> bool:
    """Say whether a kernelspec starts Beaker."""
    return starts_beaker(map(str, found["argv"]))


def _write(folder: Path, made: dict[str, Any]) -> None:
    """Put the kernelspec in its place in one step, so that no reader sees a half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
        file = Path(temporary, "kernel.json")
        file.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        folder.mkdir(exist_ok=True)
        file.replace(folder / "kernel.json")


def _check_subkernel(name: str) -> None:
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415

    installed = KernelSpecManager().find_kernel_specs()
    choices = sorted(found for found, folder in installed.items() if not _beaker_in(folder))
    if name not in choices:
        is_ours = f"the kernelspec {name!r} is a Beaker, not a real kernel"
        message = is_ours if name in installed else f"no kernelspec {name!r} is installed"
        raise KernelSpecNotFound(f"{message}; there are {', '.join(choices)}")


def _beaker_in(folder: str) -> bool:
    """Say whether a kernelspec starts Beaker; one that can't be read does not."""
    try:
        return is_ours(read(Path(folder)))
    except (OSError, ValueError, LookupError):
        return False
