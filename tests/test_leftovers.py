"""A test that leaves something behind is told so."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[1]

CONFTEST = """
from tests.conftest import *
from tests.support import leftovers

leftovers.PATIENCE = 0.2
"""

LEAKY = """
import socket, subprocess, sys, threading
kept = []

def test_leaves_nothing():
    socket.socket().close()

def test_leaves_a_process():
    kept.append(subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]))

def test_leaves_a_thread():
    kept.append(threading.Event())
    threading.Thread(target=kept[-1].wait).start()

def test_leaves_a_socket():
    kept.append(socket.create_server(("127.0.0.1", 0)))

def test_ends_all_of_it():
    kept.pop().close()
    kept.pop().set()
    kept[0].kill()
    kept.pop().wait()
"""

ORPHAN = """
import subprocess, sys
waits = [sys.executable, "-c", "import signal; signal.pause()"]
parent = f"import subprocess as s; print(s.Popen({waits}, start_new_session=True).pid)"

def test_leaves_an_orphan():
    with open("orphan", "wb") as pid:
        subprocess.run([sys.executable, "-c", parent], stdout=pid, check=True)
"""


@pytest.fixture
def outcome(tmp_path: Path) -> Callable[[str], str]:
    """Run a file of tests below our conftest; return what pytest says."""
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def run(source: str) -> str:
        (tmp_path / "test_it.py").write_text(source)
        command = [sys.executable, "-m", "pytest", "-q", "-rE", "-p", "no:cacheprovider"]
        env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        ).stdout

    return run


def test_whoever_leaves_a_process_a_thread_or_a_socket_is_named(
    outcome: Callable[[str], str],
) -> None:
    told = re.findall(r"^ERROR test_it.py::(\w+) - .*left behind", outcome(LEAKY), re.MULTILINE)
    assert told == ["test_leaves_a_process", "test_leaves_a_thread", "test_leaves_a_socket"]


def test_a_process_whose_parent_is_gone_fails_the_run(
    outcome: Callable[[str], str], tmp_path: Path
) -> None:
    told = outcome(ORPHAN)
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "orphan").read_text()), signal.SIGKILL)
    assert re.search(r"ERROR .*test_leaves_an_orphan - .*still running", told)
