"""Completion of a cell's first word, where the subkernel begins its matches behind the ``%``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import Kernel, running
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.other_languages import argv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TYPES = "_jupyter_types_experimental"
NAMES_ITS_MAGICS_WITHOUT_THE_SIGN = """
import sys
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import launch_new_instance

class Kernel(IPythonKernel):
    def do_complete(self, code, cursor_pos):
        start = code.index("%") + 1
        found = {"assume": "magic", "ascii": "function"}
        types = [
            {"start": start, "end": cursor_pos, "text": text, "type": type}
            for text, type in found.items()
        ]
        return {
            "status": "ok",
            "matches": list(found),
            "cursor_start": start,
            "cursor_end": cursor_pos,
            "metadata": {"_jupyter_types_experimental": types},
        }

launch_new_instance(["-f", sys.argv[1]], kernel_class=Kernel)
"""


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder: Path = tmp_path_factory.mktemp("jupyter")
    write_kernelspec(folder, "r", argv("R"), language="R")
    with running(JUPYTER_PATH=str(folder), BEAKER_SUBKERNEL="r") as kernel:
        yield kernel


def completed(kernel: Kernel, code: str) -> dict[str, Any]:
    asked = kernel.client.send("complete_request", {"code": code, "cursor_pos": len(code)})
    content: dict[str, Any] = kernel.client.reply(asked)["content"]
    return content


@pytest.mark.parametrize(
    ("code", "ours"),
    [("%b", "%beaker"), ("%be", "%beaker"), ("%as", "%ask"), ("%ask", "%ask"), ("%f", "%fix")],
)
def test_ours_alone_are_offered_where_r_completes_its_names(
    r: Kernel, code: str, ours: str
) -> None:
    content = completed(r, code)
    assert (content["matches"], content["cursor_start"]) == ([ours], 0)
    assert content["metadata"][TYPES] == [
        {"start": 0, "end": len(code), "text": ours, "type": "magic"}
    ]


def test_the_subkernels_own_magics_are_kept_with_their_sign(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NAMES_ITS_MAGICS_WITHOUT_THE_SIGN, "{connection_file}"]
    write_kernelspec(tmp_path, "unsigned", command)
    with running(JUPYTER_PATH=str(tmp_path), BEAKER_SUBKERNEL="unsigned") as kernel:
        content = completed(kernel, "\n%as")
    assert content["matches"] == ["%assume", "%ask"]
    assert (content["cursor_start"], content["cursor_end"]) == (1, 4)
    assert content["metadata"][TYPES] == [
        {"start": 1, "end": 4, "text": "%assume", "type": "magic"},
        {"start": 1, "end": 4, "text": "%ask", "type": "magic"},
    ]
