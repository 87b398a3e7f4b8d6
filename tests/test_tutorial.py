"""What a newcomer meets first works: `make dev`, `make lab`, and the example notebook."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from tests.support.leftovers import running_after
from tests.support.ports import wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Iterator

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial"
LAB = [sys.executable, "-P", "-m", "beaker_kernel.commands.lab", "--no-browser", "--port=0"]
DEV = [sys.executable, "-P", "-m", "beaker_kernel.commands.dev", "--no-browser"]


def example() -> nbformat.NotebookNode:
    return nbformat.read(TUTORIAL / "first-question.ipynb", as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@contextmanager
def jupyterlab() -> Iterator[re.Match[str]]:
    """Run what `make lab` runs, with no browser and no terminal; give the address it prints."""
    with subprocess.Popen(
        LAB, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            found = (
                re.search(r"(http://\S+/)lab/tree/(\S+)\?(token=\w+)", line)
                for line in process.stderr
            )
            address = next(filter(None, found))
            wait_until_it_listens(address[1])
            yield address
        finally:
            process.terminate()
            process.communicate()


def test_make_lab_serves_the_example_with_the_beaker_kernel() -> None:
    with jupyterlab() as address:
        server, notebook, token = address.groups()
        with urlopen(f"{server}api/contents/{notebook}?{token}") as reply:
            opened = json.load(reply)["content"]
        with urlopen(f"{server}api/kernelspecs?{token}") as reply:
            kernelspecs = json.load(reply)["kernelspecs"]
    assert opened["metadata"]["kernelspec"]["name"] in kernelspecs


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_make_dev_serves_the_page_from_its_source_until_it_is_ended(signal_: int) -> None:
    with subprocess.Popen(
        DEV, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        found = (re.search(r"The page: (\S+)", line) for line in process.stderr)
        address = urlsplit(next(filter(None, found))[1])
        told = parse_qs(address.fragment)
        with urlopen(f"http://{address.netloc}/src/main.tsx") as reply:
            assert "createRoot" in reply.read().decode()
        asked = Request(
            f"{told['server'][0]}api/contents/{told['path'][0]}",
            headers={
                "Authorization": f"Bearer {told['token'][0]}",
                "Origin": f"http://{address.netloc}",
            },
        )
        with urlopen(asked) as reply:
            assert reply.headers["Access-Control-Allow-Origin"] == f"http://{address.netloc}"
        process.send_signal(signal_)
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_make_dev_leaves_nothing_behind_even_when_it_is_killed() -> None:
    with subprocess.Popen(
        DEV, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        next(line for line in process.stderr if "The page:" in line)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate(timeout=60)
    assert len(children) >= 2
    assert running_after(children, 60) == []


def test_the_example_is_for_beaker_and_shows_no_outputs() -> None:
    assert example().metadata.kernelspec.name == "beaker"
    assert not any(cell.outputs for cell in code_cells(example()))


def test_the_examples_own_cells_run_without_a_model(tmp_path: Path) -> None:
    shutil.copy(TUTORIAL / "penguins.csv", tmp_path)
    notebook = example()
    notebook.cells = [c for c in code_cells(notebook) if not re.match("%%?ask", c.source)]
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": tmp_path}}).execute()
    assert "image/png" in notebook.cells[1].outputs[-1].data
    assert "penguins" in str(notebook.cells[-1].outputs)
