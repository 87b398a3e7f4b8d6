"""Kernelspecs and provisioners of a test's own, where only its kernels find them."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

GATED = """
import sys
open(sys.argv[2]).read()
from ipykernel.kernelapp import launch_new_instance
launch_new_instance(["-f", sys.argv[1]])
"""


def write_kernelspec(
    folder: Path,
    name: str,
    argv: list[str] = PYTHON,
    *,
    provisioner: str = "",
    config: dict[str, object] | None = None,
    language: str = "python",
    **more: object,
) -> None:
    """Write a kernelspec below a folder for ``JUPYTER_PATH``."""
    metadata = {"provisioner_name": provisioner, "config": config or {}} if provisioner else None
    spec = {
        "argv": argv,
        "display_name": name,
        "language": language,
        "metadata": {"kernel_provisioner": metadata} if metadata else {},
        **more,
    }
    resource_dir = folder / "kernels" / name
    resource_dir.mkdir(parents=True)
    (resource_dir / "kernel.json").write_text(json.dumps(spec))


def write_gated_kernel(folder: Path, name: str = "gated") -> list[str]:
    """Write the kernelspec of a kernel that starts when its gate is opened; return its argv."""
    os.mkfifo(folder / "gate")
    argv = [sys.executable, "-c", GATED, "{connection_file}", str(folder / "gate")]
    write_kernelspec(folder, name, argv)
    return argv


def open_gate(folder: Path) -> None:
    """Let the gated kernel start; returns when it does."""
    (folder / "gate").write_text("open")


def write_provisioner(folder: Path, name: str, target: str) -> None:
    """Write a distribution that declares a provisioner, below a folder for ``PYTHONPATH``."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    group = "jupyter_client.kernel_provisioners"
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
