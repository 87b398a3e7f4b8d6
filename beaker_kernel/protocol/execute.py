"""The content of an ``execute_request`` (Jupyter's messaging specification, "Execute")."""

from __future__ import annotations

from typing import Any


def execute_content(code: str, *, allow_stdin: bool) -> dict[str, Any]:
    """Return what asks a kernel to run code as a cell: counted, and kept in its history."""
    return {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": allow_stdin,
        "stop_on_error": True,
    }
