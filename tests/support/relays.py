"""A relay by itself, for what ends it before any frontend is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.connect import write_connection_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED = Path(__file__).parents[2] / "beaker_kernel" / "kernel.json"
PROGRAM = tuple(json.loads(SHIPPED.read_text())["argv"][2:4])
"""How the shipped kernelspec starts a relay: ``-c`` and what it says."""


def run_relay(
    folder: Path,
    *,
    prefix: Sequence[str] = (),
    command: Sequence[str] = PROGRAM,
    ports: Mapping[str, int] | None = None,
    cwd: str | None = None,
    timeout: float = 60,
    **env: str,
) -> subprocess.CompletedProcess[str]:
    """Run a relay until it ends; `prefix` is the command, if any, that runs it."""
    path, _ = write_connection_file(str(folder / "connection.json"), key=b"secret", **ports or {})
    return subprocess.run(
        [*prefix, sys.executable, "-P", *command, "-f", path],
        env={**os.environ, "JUPYTER_PATH": str(folder), **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
