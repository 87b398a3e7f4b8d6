"""Whole notebooks: what nbclient gets through the relay equals what it gets from ipykernel."""

from __future__ import annotations

import re
from typing import Any

import nbformat
from nbclient import NotebookClient

CELLS = [
    "import sys; print('out'); print('err', file=sys.stderr); 'last'",
    "%matplotlib inline\nimport matplotlib.pyplot as plt; plt.plot([1, 2, 3]); plt.show()",
    "plt.bar([1, 2], [3, 4]);",
    "1 / 0",
    "input('name? ')",
    "from IPython.display import HTML, clear_output, display, update_display\n"
    "display('before', display_id='d')\nupdate_display('after', display_id='d')",
    "for i in range(3):\n    clear_output(wait=True)\n    display(HTML(f'<b>{i}</b>'))",
    "from ipywidgets import interact\n@interact(x=(0, 10))\ndef square(x=3):\n    print(x * x)",
    "def broken():\n    raise ValueError('ä ☃')\nbroken()",
    "%%html\n<i>done</i>",
]
RANDOM = re.compile(r"\b[0-9a-f]{32}\b|0x[0-9a-f]+|ipykernel_\d+|\b\d{6,}\b")


def outputs(kernel_name: str) -> list[list[dict[str, Any]]]:
    """Run the notebook and return each cell's outputs, without what differs in any two runs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    client = NotebookClient(notebook, kernel_name=kernel_name, allow_errors=True, timeout=60)
    client.execute()
    cells = [cell["outputs"] for cell in notebook.cells]
    return [[_without_random(o) for o in _joined(found)] for found in cells]


def _joined(found: list[Any]) -> list[Any]:
    """Put pieces of one stream together; where ipykernel cuts it is a matter of time."""
    joined: list[Any] = []
    for output in found:
        if output["output_type"] == "stream":
            same = [o for o in joined if o.get("name") == output["name"]]
            if same:
                same[0]["text"] += output["text"]
                continue
        joined.append(output)
    return sorted(joined, key=lambda o: o.get("name", ""))


def _without_random(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_random(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_random(inner) for inner in value]
    return RANDOM.sub("…", value) if isinstance(value, str) else value


def test_a_notebook_has_the_outputs_that_it_has_under_python3() -> None:
    ours, theirs = outputs("beaker"), outputs("python3")
    for code, our, their in zip(CELLS, ours, theirs, strict=True):
        assert our == their, code
    assert [bool(found) for found in ours] == [True] * len(CELLS)
