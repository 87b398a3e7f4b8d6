"""A kernel that is slow to start: clients with little patience get in by what it said before."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from beaker_kernel.kernel import kept_info
from beaker_kernel.kernel.kept_info import Kept
from beaker_kernel.kernel.kernelspecs import KernelSpec
from tests.support.kernels import PATIENCE, Kernel, running, text
from tests.support.kernelspec_folders import open_gate, write_gated_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANDSHAKE = 10.0
"""Seconds that some clients wait."""
SAID = Kept(b'{"status":"ok"}', 0.5)
SOONER = 7_000
"""Milliseconds in which a kept answer would have come."""


@pytest.fixture
def argv(tmp_path: Path) -> list[str]:
    return write_gated_kernel(tmp_path)


@pytest.fixture
def kernel(argv: list[str], tmp_path: Path) -> Iterator[Kernel]:
    """A kernel behind its gate."""
    data = {"JUPYTER_PATH": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}
    with running(ready=False, BEAKER_SUBKERNEL="gated", **data) as kernel:
        yield kernel


@pytest.fixture
def known(argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the kernel said of itself the last time, which was remarkable."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    said = b'{"status": "ok", "banner": "as ever", "debugger": true, "supported_features": null}'
    kept_info.keep(spec_of(argv), Kept(kept_info.modest(said)))


def spec_of(argv: list[str], provisioner: str = "", **env: str) -> KernelSpec:
    metadata = {"kernel_provisioner": {"provisioner_name": provisioner}}
    return KernelSpec(
        name="any",
        resource_dir="",
        argv=argv,
        language="python",
        env=env,
        interrupt_mode="signal",
        metadata=metadata,
    )


def info(kernel: Kernel, timeout: float = PATIENCE) -> dict[str, Any]:
    client = kernel.client
    return dict(client.reply(client.send("kernel_info_request"), timeout=timeout)["content"])


@pytest.mark.usefixtures("known")
def test_a_kept_answer_comes_in_time_and_the_kernels_own_afterwards(
    kernel: Kernel, tmp_path: Path
) -> None:
    cell = kernel.client.execute("6 * 7")
    said = info(kernel, timeout=HANDSHAKE)
    assert said["banner"] == "as ever"
    assert not said["debugger"]
    assert said["supported_features"] == ["beaker"]
    assert info(kernel, timeout=HANDSHAKE) == said
    open_gate(tmp_path)
    assert text(kernel.client.outputs(cell)) == "42"
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert "kernel subshells" in info(kernel)["supported_features"]


def test_what_a_kernel_says_is_kept_for_its_person_alone(kernel: Kernel, tmp_path: Path) -> None:
    open_gate(tmp_path)
    assert "debugger" in info(kernel)["supported_features"]
    shelf = tmp_path / "beaker" / "kernel-info"
    while not (shelf.is_dir() and [p for p in shelf.iterdir() if p.suffix == ".json"]):
        kernel.client.run("1")
    (kept,) = shelf.glob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert b"subshells" not in kept.read_bytes()


def test_nothing_is_known_of_a_kernel_that_never_ran(kernel: Kernel, tmp_path: Path) -> None:
    kernel.client.send("kernel_info_request")
    assert not kernel.client.channels.shell_channel.socket.poll(SOONER)
    open_gate(tmp_path)
    assert info(kernel)["banner"] != "as ever"


@pytest.mark.long
@pytest.mark.usefixtures("known")
def test_a_restart_waits_for_the_kernels_own_word(kernel: Kernel, tmp_path: Path) -> None:
    assert info(kernel, timeout=HANDSHAKE)["banner"] == "as ever"
    kernel.manager.restart_kernel()
    kernel.client.send("kernel_info_request")
    assert not kernel.client.channels.shell_channel.socket.poll(SOONER)
    open_gate(tmp_path)
    assert info(kernel)["banner"] != "as ever"


def test_another_command_environment_interpreter_or_version_is_another_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    python = tmp_path / "bin" / "python"
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    python.parent.mkdir()
    python.touch(mode=0o700)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kept_info.keep(spec_of(argv), SAID)
    assert kept_info.read(spec_of(argv)) == SAID
    assert kept_info.read(spec_of([*argv, "--quiet"])) == Kept()
    assert kept_info.read(spec_of(argv, MODE="fast")) == Kept()
    assert kept_info.read(spec_of(argv, provisioner="beaker-sandbox")) == Kept()
    (packages / "ipykernel-8.0.dist-info").mkdir()
    assert kept_info.read(spec_of(argv)) == Kept()
    kept_info.keep(spec_of(argv), SAID)
    os.utime(python, (1, 1))
    assert kept_info.read(spec_of(argv)) == Kept()
