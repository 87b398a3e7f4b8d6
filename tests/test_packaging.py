"""The kernel is found however Beaker is installed, and starts whatever lies in the folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.page import built_page
from tests.support.kernels import running, text

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[1]
SPEC = CHECKOUT / "beaker_kernel" / "kernel.json"
PIP = ("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation")


@dataclass(frozen=True)
class Environment:
    """A virtual environment of its own, in which no one's settings are read."""

    folder: Path

    @property
    def kernelspec(self) -> Path:
        return self.folder / "share" / "jupyter" / "kernels" / "beaker"

    def python(self, *words: str | Path, typed: str = "") -> str:
        """Run its interpreter; return what is printed."""
        python = self.folder / "bin" / "python"
        return run(python, *words, cwd=self.folder, typed=typed, HOME=str(self.folder))

    def cell(self, code: str) -> str:
        """Run a cell in its beaker kernel; return what is printed."""
        return self.python("-m", "jupyter_client.runapp", "--kernel=beaker", typed=code)


def run(*command: str | Path, cwd: Path = CHECKOUT, typed: str = "", **env: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def empty_environment(folder: Path) -> Environment:
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    return Environment(folder)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the sdist as an index's users would make it."""
    built_page()
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "hatchling", "build", "-d", folder, "-t")
    run(*build, "sdist")
    run("tar", "-xf", next(folder.glob("*.tar.gz")), cwd=folder)
    run(*build, "wheel", cwd=next(path for path in folder.iterdir() if path.is_dir()))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """Beaker in an environment that borrows everything else from this one."""
    environment = empty_environment(tmp_path_factory.mktemp(request.param) / "env")
    packages = next(environment.folder.glob("lib/python*/site-packages"))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment.python(*PIP, *([wheel] if request.param == "wheel" else ["-e", CHECKOUT]))
    return environment


def test_jupyter_lists_the_kernel(installed: Environment) -> None:
    listed = json.loads(installed.python("-m", "jupyter_client.kernelspecapp", "list", "--json"))
    assert listed["kernelspecs"]["beaker"]["resource_dir"] == str(installed.kernelspec)


def test_the_installed_kernel_runs_cells(installed: Environment) -> None:
    ran = installed.cell("import sys; print(20 + 1, sys.prefix)")
    assert ran.split() == ["21", str(installed.folder)]


def test_the_server_extension_is_enabled(installed: Environment) -> None:
    listed = installed.python("-m", "jupyter_server.extension.serverextension", "list")
    assert re.search(r"beaker_kernel\.server\b.*enabled", listed)
    assert re.search(r"beaker_kernel\.server\b.*OK", listed)


def test_the_wheel_is_the_package_its_license_and_its_kernelspec(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0].rpartition(".")[2] for name in names}
    assert tops == {"beaker_kernel", "data", "dist-info"}
    assert {"LICENSE", "py.typed", "kernel.json"} <= {name.rpartition("/")[2] for name in names}
    folders = {name.rpartition("/")[0] for name in names if name.endswith(".md")}
    assert folders == {"beaker_kernel/agent/prompts"}


def test_the_wheel_holds_the_built_page_and_the_licences_of_what_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = "beaker_kernel/static/ui/"
        names = {n.removeprefix(folder) for n in archive.namelist() if n.startswith(folder)}
        index = archive.read(f"{folder}index.html").decode()
        notice = archive.read(f"{folder}THIRD-PARTY.txt").decode()
    loaded = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', index)
    assert loaded
    assert set(loaded) < names
    assert {"react ", "@jupyterlab/services ", "katex "} <= {
        re.sub(r"\S+ \(.*", "", line) for line in notice.splitlines()
    }


@pytest.mark.long
@pytest.mark.timeout(600)
def test_an_empty_environment_gets_all_that_the_kernel_needs(wheel: Path, tmp_path: Path) -> None:
    environment = empty_environment(tmp_path / "env")
    python = str(environment.folder / "bin" / "python")
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", wheel)
    assert environment.cell("print(20 + 1)") == "21\n"


def test_the_top_level_kernel_json_is_the_packages_own() -> None:
    assert (CHECKOUT / "kernel.json").is_symlink()
    assert (CHECKOUT / "kernel.json").samefile(SPEC)


@pytest.mark.parametrize("place", [shutil.copy, os.symlink], ids=["copied", "symlinked"])
def test_kernel_json_works_wherever_it_is_put(
    place: Callable[[Path, Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels" / "from-a-file"
    folder.mkdir(parents=True)
    place(SPEC, folder / "kernel.json")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert answer_in(tmp_path, "from-a-file") == "21"


@pytest.mark.parametrize("name", ["tornado.py", "json.py", "zmq.py", "beaker_kernel.py"])
def test_a_stray_module_in_the_notebooks_folder_does_not_stop_the_kernel(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("raise RuntimeError('the wrong module')\n")
    assert answer_in(tmp_path) == "21"


def answer_in(folder: Path, kernel: str = "beaker") -> str:
    """Start a kernel in a folder and return what a cell gives."""
    with running(kernel, cwd=str(folder)) as started:
        _, outputs = started.client.run("20 + 1")
    return text(outputs)
