"""The lookup of kernelspecs equals jupyter_client's, judged by jupyter_client itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_path

from beaker_kernel.errors import ConfigurationError, KernelSpecNotFound
from beaker_kernel.kernel import kernelspecs, sandboxing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THEIRS = """
import json, os, sys
from jupyter_client.kernelspec import KernelSpecManager
manager = KernelSpecManager()
found = {}
for name in sys.argv[1:]:
    try:
        spec = manager.get_kernel_spec(name)
        found[name] = [spec.resource_dir, spec.argv, spec.language, spec.env, spec.interrupt_mode]
    except Exception as error:
        found[name] = None
print(json.dumps([found, [d for d in manager.kernel_dirs]]))
"""
OURS = """
import json, sys
from beaker_kernel.kernel import kernelspecs
from beaker_kernel.errors import ConfigurationError
found = {}
for name in sys.argv[1:]:
    try:
        spec = kernelspecs.find(name)
        found[name] = [spec.resource_dir, spec.argv, spec.language, spec.env, spec.interrupt_mode]
    except ConfigurationError:
        found[name] = None
print(json.dumps([found, list(kernelspecs.kernel_dirs())]))
"""
NAMES = ("python3", "PYTHON3", "one", "ONE", "Two", "two", "three", "absent", "broken")


def write(folder: Path, name: str, **more: object) -> Path:
    resource_dir = folder / "kernels" / name
    resource_dir.mkdir(parents=True)
    spec = {"argv": ["x", str(folder)], "display_name": name, "language": "x", **more}
    (resource_dir / "kernel.json").write_text(json.dumps(spec))
    return resource_dir


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Write kernelspecs in every place, some of them twice."""
    for place in ("first", "second", "data", "home/.local/share/jupyter", "home/.ipython"):
        write(tmp_path / place, "one", env={"PLACE": place})
    write(tmp_path / "second", "Two", interrupt_mode="message")
    write(tmp_path / "home" / ".ipython", "three")
    (tmp_path / "first" / "kernels" / "broken").mkdir()
    return tmp_path


SETTINGS = [
    {},
    {"JUPYTER_PATH": "first:second"},
    {"JUPYTER_PATH": "second/"},
    {"JUPYTER_DATA_DIR": "data"},
    {"JUPYTER_PREFER_ENV_PATH": "1"},
    {"JUPYTER_PREFER_ENV_PATH": "no"},
    {"XDG_DATA_HOME": "data"},
    {"IPYTHONDIR": "first"},
    {"PYTHONNOUSERSITE": "1"},
]


def look(code: str, home: Path, settings: dict[str, str]) -> list[object]:
    paths = {
        name: ":".join(str(home / part) for part in value.split(":")) if "P" in name else value
        for name, value in settings.items()
        if name not in ("JUPYTER_PREFER_ENV_PATH", "PYTHONNOUSERSITE")
    }
    env = {**os.environ, "HOME": str(home / "home"), **settings, **paths}
    command = [sys.executable, "-P", "-c", code, *NAMES]
    done = subprocess.run(command, env=env, capture_output=True, check=True, cwd=home)
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(s) or "none")
def test_the_same_kernelspec_is_found_in_the_same_folders(
    home: Path, settings: dict[str, str]
) -> None:
    (ours, our_dirs), (theirs, their_dirs) = (look(code, home, settings) for code in (OURS, THEIRS))
    assert our_dirs == their_dirs
    assert ours == theirs


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert str(tmp_path) in jupyter_path()
    return tmp_path


def test_the_command_has_its_templates_filled_in(installed: Path) -> None:
    argv = ["python3", "{resource_dir}/x", "{prefix}", "{connection_file}", "{other}", "a{b"]
    folder = write(installed, "filled", argv=argv)
    command = kernelspecs.find("filled").command("file.json")
    assert command == [sys.executable, f"{folder}/x", sys.prefix, "file.json", "{other}", "a{b"]


def test_the_environment_goes_before_our_own_metadata_and_that_before_python(
    installed: Path,
) -> None:
    for name in ("wanted", "named"):
        write(installed, name)
    own = str(write(installed, "own", metadata={"beaker": {"subkernel": "named"}}))
    assert kernelspecs.choose({"BEAKER_SUBKERNEL": "wanted"}, own).name == "wanted"
    assert kernelspecs.choose({}, own).name == "named"
    assert kernelspecs.choose({}).name == "python3"
    assert kernelspecs.choose({}).resource_dir.startswith(sys.prefix)


def test_a_kernel_is_found_by_name_or_else_by_language(installed: Path) -> None:
    write(installed, "ir", language="R")
    assert kernelspecs.find_for("ir").name == "ir"
    assert kernelspecs.find_for("r").name == "ir"
    assert kernelspecs.find_for("Python").name == "python3"
    with pytest.raises(KernelSpecNotFound, match="'cobol'"):
        kernelspecs.find_for("cobol")


def test_what_beaker_cant_start_is_refused(installed: Path) -> None:
    write(
        installed, "older", argv=["python", "-P", "-m", "beaker_kernel", "-f", "{connection_file}"]
    )
    for name in ("beaker", "older"):
        with pytest.raises(ConfigurationError, match="is a Beaker"):
            kernelspecs.find_for(name)


@pytest.mark.parametrize(
    "word",
    [
        "{prefix}/bin",
        "{{prefix}}",
        "{unknown}{prefix}",
        "{",
        "}{",
        "{prefix",
        "a{b}c",
        "{}",
        "é{prefix}",
    ],
)
def test_a_commands_templates_are_filled_in_as_jupyter_does_it(installed: Path, word: str) -> None:
    write(installed, "templates", argv=["a-kernel", word, "{connection_file}", "{resource_dir}"])
    manager = KernelManager(kernel_name="templates", connection_file="/a {prefix}/k.json")
    assert (
        kernelspecs.find("templates").command("/a {prefix}/k.json") == manager.format_kernel_cmd()
    )


def test_a_provisioner_is_used_where_it_is_not_jupyters_own(installed: Path) -> None:
    for name in ("far", "local-provisioner"):
        write(installed, name, metadata={"kernel_provisioner": {"provisioner_name": name}})
    assert kernelspecs.choose({"BEAKER_SUBKERNEL": "far"}).provisioner == "far"
    assert kernelspecs.find_for("local-provisioner").provisioner == ""


def test_a_sandbox_is_wanted_by_the_environment_or_by_our_own_metadata(installed: Path) -> None:
    write(installed, "x")
    ours = {"beaker": {"subkernel": "x", "sandbox": {"network": True}}}
    own = str(write(installed, "own", metadata=ours))
    wanted = {"provisioner_name": "beaker-sandbox", "config": {}}
    by_environment = kernelspecs.choose({"BEAKER_SUBKERNEL": "x", "BEAKER_SANDBOX": "1"})
    assert by_environment.metadata["kernel_provisioner"] == wanted
    for environ in ({}, {"BEAKER_SANDBOX": "0"}, {"BEAKER_SANDBOX": "1"}):
        chosen = kernelspecs.choose(environ, own).metadata["kernel_provisioner"]
        assert chosen == wanted | {"config": {"network": True}}
    assert kernelspecs.choose({"BEAKER_SUBKERNEL": "x", "BEAKER_SANDBOX": "0"}).provisioner == ""
    with pytest.raises(ConfigurationError, match="not 'yes'"):
        kernelspecs.choose({"BEAKER_SANDBOX": "yes"})


def test_what_has_a_provisioner_of_its_own_cant_be_put_into_a_sandbox(installed: Path) -> None:
    write(installed, "far", metadata={"kernel_provisioner": {"provisioner_name": "far"}})
    with pytest.raises(ConfigurationError, match="can't be put into a sandbox"):
        kernelspecs.choose({"BEAKER_SUBKERNEL": "far", "BEAKER_SANDBOX": "1"})


def test_a_session_in_a_sandbox_stays_in_one_with_the_same_settings(installed: Path) -> None:
    write(installed, "x")
    config = {"memory_mb": 100}
    box = {"kernel_provisioner": {"provisioner_name": "beaker-sandbox", "config": config}}
    write(installed, "boxed", metadata=box)
    plain, boxed = kernelspecs.find("x"), kernelspecs.find("boxed")
    assert sandboxing.kept(boxed, plain).metadata == box
    assert sandboxing.kept(plain, boxed) == boxed
    assert sandboxing.kept(plain, plain) == plain


def test_what_is_no_kernelspec_is_said_so(installed: Path) -> None:
    resource_dir = write(installed, "cut")
    (resource_dir / "kernel.json").write_text('{"argv": ')
    with pytest.raises(ConfigurationError, match="is no kernelspec"):
        kernelspecs.find("cut")
