"""Limits for a group of processes, as the system counts them (cgroups(7), both versions).

A limit per process bounds nothing where there can be any number of them, and root has no limit of
processes at all. So a group is used wherever one can be made.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PATIENCE = 50
"""Times, 20 ms apart, that the removal of a group is tried: its last process may still be going."""
ENTER = 'while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs"; shift; done; shift; exec "$@"'


class Cgroup:
    """One group, as a folder in each hierarchy that counts something for us."""

    def __init__(self, memory: int, processes: int) -> None:
        """Make a group.

        Raises:
            OSError: this user may make none here.

        """
        self._folders: list[Path] = []
        limits = {"memory": memory, "pids": processes}
        parents = _parents([name for name, limit in limits.items() if limit])
        name = f"beaker-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            for parent in dict.fromkeys(parents.values()):
                _remove_stale(parent)
                (parent / name).mkdir()
                self._folders.append(parent / name)
            for controller, parent in parents.items():
                _limit(parent / name, controller, limits[controller])
        except OSError:
            self._rmdir()
            raise

    def entering(self, argv: list[str]) -> list[str]:
        """Return the command that runs `argv` in the group, or not at all."""
        folders = map(str, self._folders)
        return ["/bin/sh", "-ec", ENTER, "sh", *folders, "--", *argv]

    async def remove(self) -> None:
        """Remove the group, once its processes are gone."""
        for _ in range(PATIENCE):
            self._rmdir()
            if not self._folders:
                return
            await asyncio.sleep(0.02)

    def _rmdir(self) -> None:
        for folder in list(self._folders):
            with suppress(OSError):
                folder.rmdir()
                self._folders.remove(folder)


def _parents(controllers: list[str]) -> dict[str, Path]:
    """Return by controller the folder to make a group in.

    Raises:
        OSError: there is none.

    """
    own = dict(_memberships())
    if all(controller in own for controller in controllers):
        return {c: ROOT / c / own[c].lstrip("/") for c in controllers}
    here = ROOT / own.get("", "").lstrip("/")
    for parent in (here, here.parent):
        if set(controllers) <= set(_read(parent / "cgroup.subtree_control").split()):
            return dict.fromkeys(controllers, parent)
    raise PermissionError("no cgroup that counts memory and processes")


def _memberships() -> list[tuple[str, str]]:
    """Return the group that we are in, by controller; version 2 has no name."""
    lines = (line.split(":", 2) for line in _read(Path("/proc/self/cgroup")).splitlines())
    return [(name, path) for _, names, path in lines for name in names.split(",")]


def _limit(folder: Path, controller: str, limit: int) -> None:
    if controller == "pids":
        (folder / "pids.max").write_text(str(limit))
    elif (folder / "memory.max").exists():
        (folder / "memory.max").write_text(str(limit))
        _write_if_there(folder / "memory.swap.max", "0")
    else:
        (folder / "memory.limit_in_bytes").write_text(str(limit))
        _write_if_there(folder / "memory.memsw.limit_in_bytes", str(limit))


def _write_if_there(file: Path, text: str) -> None:
    """Bound swap too, where the system counts it."""
    if file.exists():
        file.write_text(text)


def _remove_stale(parent: Path) -> None:
    """Remove the groups of those that were killed before they could."""
    for folder in parent.glob("beaker-*-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            with suppress(OSError):
                folder.rmdir()


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
