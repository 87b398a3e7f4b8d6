"""A relay by itself, for what ends it before any frontend is there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from jupyter_client.connect import write_connection_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def run_relay(
    folder: Path,
    *,
    prefix: Sequence[str] = (),
    command: Sequence[str] = ("-m", "beaker_kernel"),
    ports: Mapping[str, int] | None = None,
    cwd: str | None = None,
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
        timeout=60,
        check=False,
    )
