"""Magics: a cell is ours by its first non-blank line alone."""

from __future__ import annotations

import pytest

from beaker_kernel.protocol.magic import (
    COMMANDS,
    HELP,
    OPTIONS,
    complete,
    is_magic,
    is_naming,
    mentions,
)

OURS = [
    "%ask why",
    "%%ask\nwhy",
    "\n\n  %ask",
    "%beaker status",
    "%%ask --auto x",
    "?%ask",
    "%ask?",
    "%fix",
    "%fix use a copy",
    "%%edit shorter\nx = 1",
]
NOT_OURS = [
    "",
    "x = 1\n%ask why",
    "# %ask why",
    "%asking",
    "%askew x",
    "'%ask'",
    "5 %ask",
    "%time %ask",
    "% ask",
    "%%%ask",
    "%edit x.py",
    "%fixed",
]


@pytest.mark.parametrize("code", OURS)
def test_a_cell_that_begins_with_our_magic_is_ours(code: str) -> None:
    assert is_magic(code)
    assert mentions(code.encode())


@pytest.mark.parametrize("code", NOT_OURS)
def test_any_other_cell_is_the_subkernels(code: str) -> None:
    assert not is_magic(code)


def test_a_cell_without_the_words_is_not_even_parsed() -> None:
    assert not mentions(b'{"code": "df.groupby(1) % 2"}')


@pytest.mark.parametrize(
    ("code", "cursor", "ours"),
    [
        ("%as", 3, True),
        ("%%a", 3, True),
        ("%b", 2, True),
        ("%", 1, True),
        ("\n %ask", 6, True),
        ("%beaker st", 10, False),
        ("%ask df.", 8, False),
        ("%x", 2, False),
        ("a = 1\n%as", 9, False),
        ("%time", 5, False),
        ("%ask", 0, False),
    ],
)
def test_the_cursor_tells_whether_a_name_of_ours_is_typed(
    code: str, cursor: int, ours: bool
) -> None:
    assert is_naming(code, cursor) is ours


@pytest.mark.parametrize(
    ("before", "matches", "start"),
    [
        ("%as", ["%ask"], 0),
        ("%%a", ["%%ask"], 0),
        ("\n%bea", ["%beaker"], 1),
        ("%beaker ", list(COMMANDS), 8),
        ("%beaker po", ["policy"], 8),
        ("%beaker policy a", ["ask", "auto"], 15),
        ("%ask --", list(OPTIONS), 5),
        ("%%ask --auto --m", ["--model"], 13),
        ("%ask why", [], 5),
        ("%ask --model ", [], 13),
        ("%ask --model -", [], 13),
        ("%%ask --auto --model ", [], 21),
        ("%ask --model m --", list(OPTIONS), 15),
    ],
)
def test_completion_offers_what_may_stand_at_the_cursor(before, matches, start) -> None:
    assert complete(before + " and more", len(before)) == (matches, start)


def test_help_calls_a_context_by_its_name() -> None:
    assert "field" not in HELP


def test_help_names_everything() -> None:
    assert all(word in HELP for word in ("%ask", "%%ask", *OPTIONS, *COMMANDS))
