"""The kernelspec is found however Beaker is installed, and starts whatever lies in the folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[1]
SPEC = CHECKOUT / "beaker_kernel" / "kernel.json"


def run(*command: str, **env: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_brings_the_kernelspec_and_the_server_extension(tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(CHECKOUT / ".tools" / "bin" / "uv")
    run(uv, "build", "-q", "--wheel", "--out-dir", str(tmp_path), str(CHECKOUT))
    wheel = next(tmp_path.glob("*.whl"))
    prefix = tmp_path / "env"
    run(uv, "venv", "-q", "--python", sys.executable, str(prefix))
    run(uv, "pip", "install", "-q", "--no-deps", "--python", str(prefix), str(wheel))
    path = {"JUPYTER_PATH": str(prefix / "share" / "jupyter"), "JUPYTER_PREFER_ENV_PATH": "0"}
    listed = json.loads(
        run(sys.executable, "-m", "jupyter", "kernelspec", "list", "--json", **path)
    )
    found = listed["kernelspecs"]["beaker"]["resource_dir"]
    assert found == str(prefix / "share" / "jupyter" / "kernels" / "beaker")
    enabled = prefix / "etc" / "jupyter" / "jupyter_server_config.d" / "beaker_kernel.json"
    assert json.loads(enabled.read_text())["ServerApp"]["jpserver_extensions"]


def test_the_editable_install_brings_the_kernelspec() -> None:
    listed = run(sys.executable, "-m", "jupyter", "kernelspec", "list", "--json")
    found = json.loads(listed)["kernelspecs"]["beaker"]
    assert found["spec"]["argv"][1:] == json.loads(SPEC.read_text())["argv"][1:]


def test_the_top_level_kernel_json_is_the_packages_own() -> None:
    assert (CHECKOUT / "kernel.json").is_symlink()
    assert (CHECKOUT / "kernel.json").samefile(SPEC)


@pytest.mark.parametrize("place", [shutil.copy, os.symlink], ids=["copied", "symlinked"])
def test_kernel_json_works_wherever_it_is_put(
    place: Callable[[Path, Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels" / "beaker"
    folder.mkdir(parents=True)
    place(SPEC, folder / "kernel.json")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert answer_of("20 + 1", tmp_path) == "21"


@pytest.mark.parametrize("name", ["tornado.py", "json.py", "zmq.py", "beaker_kernel.py"])
def test_a_stray_module_in_the_notebooks_folder_does_not_stop_the_kernel(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("raise RuntimeError('the wrong module')\n")
    assert answer_of("20 + 1", tmp_path) == "21"


def answer_of(code: str, cwd: Path) -> str:
    """Start a beaker kernel in a folder and return what an expression gives."""
    manager, client = start_new_kernel(kernel_name="beaker", cwd=str(cwd))
    try:
        found: list[str] = []
        client.execute_interactive(
            code, timeout=30, output_hook=lambda m: found.append(m["content"].get("data"))
        )
        return next(data["text/plain"] for data in found if data)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
