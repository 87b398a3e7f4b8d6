"""Pieces of Markdown, with what a terminal shows instead."""

from __future__ import annotations

import html
import json
import re
from difflib import unified_diff
from typing import Any, NamedTuple


class Shown(NamedTuple):
    """One text in two forms, as an output holds both."""

    markdown: str
    plain: str


def fenced(text: str, language: str = "") -> str:
    """Return text as a Markdown block, with a fence that the text can't close."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def folded(title: str, markdown: str) -> str:
    """Return Markdown that opens with a click."""
    return f"<details><summary>{html.escape(title)}</summary>\n\n{markdown}\n\n</details>"


def diff(before: str, after: str) -> str:
    """Return the lines that differ, with three around them; empty where none do."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="")
    return "\n".join(list(lines)[2:])


def block(text: str, language: str = "text") -> Shown:
    """Return preformatted text."""
    return Shown(fenced(text, language), text)


def table(title: str, rows: dict[str, str]) -> Shown:
    """Return names and values side by side."""
    width = max(map(len, rows))
    cells = [f"| {name} | {_cell(value)} |" for name, value in rows.items()]
    lines = [f"{name:{width}}  {value}" for name, value in rows.items()]
    return Shown("\n".join([f"| {title} | |", "|---|---|", *cells]), "\n".join([title, *lines]))


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", "<br>")


def insert_button(code: str, earlier: int) -> dict[str, Any]:
    """Return the bundle of a button that inserts a cell, in JupyterLab and Notebook.

    They honour one set_next_input per reply, and none of a failed one; a command link makes the
    further cells.

    Args:
        code: what the cell says.
        earlier: how many cells of this answer stand between the asking cell and this one.

    """
    steps = {
        "commands": [
            *["notebook:move-cursor-down"] * earlier,
            "notebook:insert-cell-below",
            "notebook:replace-selection",
        ],
        "args": {"text": code},
    }
    arguments = html.escape(json.dumps(steps), quote=True)
    button = (
        '<button type="button" class="jp-mod-styled jp-mod-reject" '
        'data-commandlinker-command="apputils:run-all-enabled" '
        f'data-commandlinker-args="{arguments}">Insert this cell below</button>'
    )
    return {"text/html": button, "text/plain": ""}
