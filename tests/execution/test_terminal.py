"""Text is folded as a terminal would show it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.execution.terminal import folded


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\n", "plain\n"),
        (" 10%\r 50%\r100%\n", "100%\n"),
        ("longer\rab", "abnger"),
        ("line\r\nnext", "line\nnext"),
        ("ab\bc", "ac"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("old\r\x1b[Knew", "new"),
        ("one\ntwo\n\x1b[2A\x1b[KONE\n\n", "ONE\ntwo\n"),
        ("a\x1b[3Cb", "a   b"),
        ("abc\x1b[2Dx", "axc"),
        ("abc\x1b[1Gx", "xbc"),
        ("gone\x1b[2J\x1b[Hhere", "here"),
        ("abcdef\x1b[3D\x1b[1K", "    ef"),
        ("abc\x1b[2K!", "   !"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x07c", "abc"),
        ("tab\tstays", "tab\tstays"),
        ("\x1b", ""),
        ("", ""),
    ],
)
def test_what_is_written_is_shown(written: str, shown: str) -> None:
    assert folded(written) == shown


def test_two_progress_bars_keep_their_lines() -> None:
    bars = "".join(f"\ra {n}\n\rb {n}\x1b[A" for n in range(100))
    assert folded(bars + "\n\n") == "a 99\nb 99\n"


def test_no_number_makes_a_screen_that_is_too_large() -> None:
    assert len(folded("\x1b[999999999999C.\x1b[99999999B.")) < 2_000


def test_a_long_line_that_is_written_over_and_over_takes_no_time() -> None:
    begin = time.monotonic()
    assert len(folded("x" * 100_000 + "\ry" * 100_000)) == 100_000
    assert time.monotonic() - begin < 20


@given(st.text(alphabet="ab\r\n\b\x1b[0;12KAJCGD]\x07\x9b"))
def test_whatever_is_written_no_control_is_left(text: str) -> None:
    assert not set(folded(text)) & set("\r\b\x07\x1b\x9b")


@given(st.text())
def test_text_without_controls_stays_as_it_is(text: str) -> None:
    plain = "".join(c for c in text if c in "\n\t" or (c >= " " and c not in "\x7f\x9b"))
    assert folded(plain) == plain
