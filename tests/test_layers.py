"""Imports point one way: a process's package never imports another process's."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "beaker_kernel"
EVERYWHERE = {"errors", ""}
MAY_IMPORT = {
    "protocol": {"protocol"},
    "kernel": {"kernel", "protocol"},
    "languages": {"languages", "protocol"},
    "agent": {"agent", "languages", "protocol"},
    "execution": {"execution", "protocol"},
    "client": {"client", "execution", "protocol"},
    "server": {"server", "execution", "protocol"},
}
HEAVY = {"tornado", "asyncio", "jupyter_client", "pydantic", "traitlets", "subprocess", "openai"}


def imports(path: Path, *, lazy: bool) -> Iterator[str]:
    """Yield the modules that a file imports; those inside functions only if `lazy`."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, functions) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if id(node) in typing_only or (id(node) in inside and not lazy):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms(path: Path) -> set[str]:
    """Return the rooms of ours that a file imports from, lazily or not."""
    ours = (name.split(".") for name in imports(path, lazy=True))
    return {parts[1] if len(parts) > 1 else "" for parts in ours if parts[0] == "beaker_kernel"}


@pytest.mark.parametrize("room", [room for room in MAY_IMPORT if (PACKAGE / room).is_dir()])
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    found = {path: rooms(path) for path in (PACKAGE / room).rglob("*.py")}
    assert found
    wrong = {str(p): r - MAY_IMPORT[room] - EVERYWHERE - {"__version__"} for p, r in found.items()}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("path", [*(PACKAGE / "kernel").glob("*.py")], ids=lambda p: p.name)
def test_the_relay_imports_nothing_heavy(path: Path) -> None:
    assert HEAVY.isdisjoint(name.split(".")[0] for name in imports(path, lazy=False))


def test_the_command_line_imports_its_rooms_lazily() -> None:
    code = "import sys, beaker_kernel.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.decode().split()}
    assert loaded.isdisjoint({"openai", "pydantic", "jupyter_client", "jupyter_server", "tornado"})
