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
EVERYWHERE = {"errors", "malloc", "prctl", "__version__"}
MAY_IMPORT = {
    "protocol": {"protocol"},
    "kernel": {"kernel", "protocol"},
    "languages": {"languages", "protocol"},
    "provisioning": {"provisioning", "protocol"},
    "agent": {"agent", "languages", "protocol"},
    "execution": {"execution", "protocol"},
    "client": {"client", "execution", "protocol"},
    "server": {"server", "execution", "protocol"},
}
ABOVE_ALL = {"commands"}
"""What the command line is made of: nothing imports it, and it may import any room."""
WITH_PYDANTIC = {PACKAGE / "protocol" / name for name in ("schema.py", "validation.py")}
"""The halves of the protocol that are imported when something has to be validated or described."""
HEAVY = {"tornado", "asyncio", "jupyter_client", "pydantic", "traitlets", "subprocess", "openai"}
OPENSSL = {"_hashlib", "_ssl"}
"""Four megabytes of memory in each relay."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def imports(path: Path, *, lazy: bool) -> Iterator[str]:
    """Yield the modules that a file imports; those inside functions only if `lazy`."""
    tree = ast.parse(path.read_text())
    not_run = {
        node
        for block in ast.walk(tree)
        if is_for_types(block) or (not lazy and isinstance(block, FUNCTIONS))
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in not_run:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node not in not_run:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_for_types(block: ast.AST) -> bool:
    return isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)


def rooms(path: Path) -> set[str]:
    """Return the rooms of ours that a file imports from, lazily or not."""
    ours = (name.split(".") for name in imports(path, lazy=True))
    return {parts[1] for parts in ours if parts[0] == "beaker_kernel" and len(parts) > 1}


def libraries(path: Path) -> set[str]:
    """Return what a file imports at its top that is neither ours nor Python's."""
    found = {name.split(".")[0] for name in imports(path, lazy=False)}
    return found - sys.stdlib_module_names - {"beaker_kernel"}


def loaded_by(module: str) -> set[str]:
    """Return the packages that a fresh interpreter holds after an import."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True)
    return {name.split(".")[0] for name in done.stdout.decode().split()}


def files(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


def test_every_room_has_its_place_in_the_order() -> None:
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert there <= MAY_IMPORT.keys() | ABOVE_ALL


@pytest.mark.parametrize("room", [room for room in MAY_IMPORT if files(room)])
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    wrong = {str(path): rooms(path) - MAY_IMPORT[room] - EVERYWHERE for path in files(room)}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_what_may_be_imported_everywhere_imports_nothing_of_ours() -> None:
    for name in ("errors", "malloc", "prctl"):
        assert rooms(PACKAGE / f"{name}.py") == set()


def test_the_provider_knows_of_the_agent_only_what_a_model_is() -> None:
    agent = "beaker_kernel.agent."
    used = {name for path in files("agent/provider") for name in imports(path, lazy=True)}
    known = {name.removeprefix(agent).split(".")[0] for name in used if name.startswith(agent)}
    assert known == {"provider", "model"}


@pytest.mark.parametrize("path", files("kernel"), ids=lambda path: path.name)
def test_the_relay_imports_nothing_heavy_and_zmq_in_one_place(path: Path) -> None:
    assert libraries(path) <= ({"zmq"} if path.name == "libzmq.py" else set())
    assert HEAVY.isdisjoint(name.split(".")[0] for name in imports(path, lazy=False))


@pytest.mark.parametrize("path", files("protocol"), ids=lambda path: path.name)
def test_the_protocol_needs_the_standard_library_only(path: Path) -> None:
    assert libraries(path) <= ({"pydantic", "pydantic_core"} if path in WITH_PYDANTIC else set())


@pytest.mark.parametrize("module", ["kernel.app", "kernel.relay", "protocol.codec"])
def test_what_the_relay_loads_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"beaker_kernel.{module}").isdisjoint(HEAVY | OPENSSL)


def test_the_command_line_imports_its_rooms_lazily() -> None:
    assert loaded_by("beaker_kernel.cli").isdisjoint(HEAVY - {"asyncio", "subprocess"})
