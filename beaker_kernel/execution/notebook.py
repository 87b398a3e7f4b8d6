"""Executions as a notebook (nbformat 4.5): a code cell each, with its outputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from beaker_kernel.execution.results import Execution, Result

Node = dict[str, Any]


def notebook(executions: Iterable[Execution]) -> str:
    """Return a notebook of executions, in their order, as JSON."""
    listed = list(executions)
    language = listed[0].language if listed else "python"
    found = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "beaker", "display_name": "Beaker", "language": language},
            "language_info": {"name": language},
        },
        "cells": [_cell(execution) for execution in listed],
    }
    return json.dumps(found, indent=1)


def _cell(execution: Execution) -> Node:
    started = execution.started_at.isoformat() if execution.started_at else None
    return {
        "cell_type": "code",
        "id": execution.id,
        "source": execution.code,
        "execution_count": execution.execution_count,
        "outputs": list(_outputs(execution)),
        "metadata": {"beaker": {"status": execution.status, "started_at": started}},
    }


def _outputs(execution: Execution) -> Iterator[Node]:
    for name in ("stdout", "stderr"):
        if text := getattr(execution, name):
            yield {"output_type": "stream", "name": name, "text": text}
    for result in execution.results:
        yield _output(result, execution.execution_count)
    if error := execution.error:
        yield {
            "output_type": "error",
            "ename": error.name,
            "evalue": error.value,
            "traceback": error.traceback_ansi,
        }


def _output(result: Result, execution_count: int | None) -> Node:
    shown: Node = {"data": result.mimebundle, "metadata": {}}
    if result.is_main_result:
        return {"output_type": "execute_result", "execution_count": execution_count, **shown}
    return {"output_type": "display_data", **shown}
