"""Markdown that nothing in it can break, and what a terminal shows instead."""

from __future__ import annotations

import html
import json
import re

from beaker_kernel.agent.frontend.markdown import block, fenced, insert_button, table


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    assert fenced("x", "python") == "```python\nx\n```"
    assert fenced("a\n`````\nb").startswith("``````\n")


def test_a_terminal_is_shown_no_marks() -> None:
    assert block("x").plain == "x"
    assert table("Beaker", {"a": "1", "long": "2"}).plain == "Beaker\na     1\nlong  2"


def test_a_table_stays_one_whatever_its_values() -> None:
    shown = table("Beaker", {"model": "a | b\nc"}).markdown
    assert shown.splitlines()[-1] == "| model | a \\| b<br>c |"


def test_a_button_carries_exactly_its_code() -> None:
    code = 'a = "<&\'" # </button>\n'
    markup = insert_button(code, 0)["text/html"]
    (arguments,) = re.findall(r'data-commandlinker-args="([^"]*)"', markup)
    assert json.loads(html.unescape(arguments))["args"]["text"] == code
    assert "</button>" not in arguments


def test_a_further_button_passes_the_cells_of_the_earlier_ones() -> None:
    markup = html.unescape(insert_button("x", 2)["text/html"])
    assert markup.count("notebook:move-cursor-down") == 2
