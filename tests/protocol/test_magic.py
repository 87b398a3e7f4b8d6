"""Magics: a cell is ours by its first non-blank line alone."""

from __future__ import annotations

import pytest

from beaker_kernel.protocol.magic import completes_magic, is_magic, mentions

OURS = [
    "%ask why",
    "%%ask\nwhy",
    "\n\n  %ask",
    "%beaker status",
    "%%ask --auto x",
    "?%ask",
    "%ask?",
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
        ("%beaker st", 10, True),
        ("%ask df.", 8, True),
        ("%x", 2, False),
        ("%", 1, False),
        ("a = 1\n%as", 9, False),
        ("%time", 5, False),
        ("%ask", 0, False),
    ],
)
def test_the_cursor_decides_who_completes(code: str, cursor: int, ours: bool) -> None:
    assert completes_magic(code, cursor) is ours
