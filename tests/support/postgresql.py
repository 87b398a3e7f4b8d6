"""A PostgreSQL server of a test's own, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SOMEBODY = "nobody"
"""initdb refuses root."""


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def postgresql() -> Iterator[str]:
    """Have a server with an empty database, and yield its URL.

    Its folder is none of pytest's, which root alone may enter: another run of pytest sees to that.
    """
    with TemporaryDirectory(prefix="beaker-tests-") as folder, _serving(Path(folder)) as url:
        yield url


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    bin_folder = programs()
    assert bin_folder
    data, port = folder / "data", free_port()
    somebody = pwd.getpwnam(SOMEBODY) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    os.chown(folder, somebody.pw_uid, somebody.pw_gid)
    user = {}
    if os.getuid() == 0:
        user = {"user": somebody.pw_uid, "group": somebody.pw_gid}

    def run(*command: str | Path) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)

    run(bin_folder / "initdb", "-A", "trust", "-U", "test", "-D", data, "-N")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    control = [bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    run(*control, "-o", options, "start")
    try:
        yield f"postgresql://test@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop")
