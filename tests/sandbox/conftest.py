"""A home full of secrets, and a kernel in a sandbox that works in one folder of it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import Kernel, running, text
from tests.support.kernelspec_folders import write_kernelspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

SECRET = "-".join(("a", "canary", "that", "nobody", "sings"))  # whole in no file of ours
MAKES_ONE = (
    *("bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/"),
    *("--proc", "/proc", "true"),
)


def pytest_runtest_setup() -> None:
    """Skip everything in this folder where no sandbox can be made."""
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap")
    tried = subprocess.run(MAKES_ONE, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"bubblewrap can't make a sandbox here: {tried.stderr.strip()}")


@dataclass
class Person:
    """Somebody who has secrets, and a folder to work in."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.home / "work"

    def kernel(self, **config: Any) -> AbstractContextManager[Kernel]:
        """Run a kernel in a sandbox in the working folder."""
        name = f"boxed-{len(list((self.home / 'jupyter').rglob('kernel.json')))}"
        write_kernelspec(self.home / "jupyter", name, provisioner="beaker-sandbox", config=config)
        return running(cwd=str(self.work), **self.settings, BEAKER_SUBKERNEL=name)


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    home = tmp_path_factory.mktemp("home")
    for secret in (".ssh/id_rsa", ".aws/credentials", "work/.env", "beside/notes.txt"):
        (home / secret).parent.mkdir(exist_ok=True)
        (home / secret).write_text(SECRET)
    settings = {
        "HOME": str(home),
        "JUPYTER_PATH": str(home / "jupyter"),
        "MY_TOKEN": SECRET,
        "SSH_AUTH_SOCK": SECRET,
        "OPENAI_API_KEY": SECRET,
    }
    return Person(home, settings)


@pytest.fixture(scope="module")
def kernel(person: Person) -> Iterator[Kernel]:
    with person.kernel() as kernel:
        yield kernel


@pytest.fixture
def look(kernel: Kernel) -> Callable[[str], Any]:
    """Run code in the sandbox; return the value of its last expression."""

    def look(code: str) -> Any:
        *before, last = code.strip().splitlines()
        shown = f"import json; print(json.dumps({last}))"
        reply, outputs = kernel.client.run("\n".join([*before, shown]))
        assert reply["status"] == "ok", reply
        return json.loads(text(outputs))

    return look


@pytest.fixture(params=["tcp", "abstract"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """Listen outside, on loopback and where no file is needed."""
    if request.param == "tcp":
        listening = socket.create_server(("127.0.0.1", 0))
    else:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"\0beaker-test-{id(request)}")
        listening.listen()
    with listening:
        yield listening
