"""Outputs as a model reads them."""

from __future__ import annotations

import pytest

from beaker_kernel.agent.briefing import Redactor
from beaker_kernel.agent.outputs import MOST_IMAGES, ROOM, Outputs, shorten


def stream(*texts: str) -> Outputs:
    outputs = Outputs()
    for text in texts:
        outputs.add("stream", {"name": "stdout", "text": text})
    return outputs


def test_streams_are_joined_in_order() -> None:
    assert stream("a", "b\n", "c").text(100) == "ab\nc"


def test_colours_and_links_are_taken_out() -> None:
    link = "\x1b]8;;http://x\x1b\\there\x1b]8;;\x1b\\"
    assert stream(f"\x1b[1;31mred\x1b[0m {link}").text(100) == "red there"


def test_a_progress_bar_counts_in_its_last_state() -> None:
    assert stream("10%\r", "50%\r", "100%\ndone\r\n").text(100) == "100%\ndone"


def test_a_bundle_gives_its_image_and_its_best_text() -> None:
    outputs = Outputs()
    data = {"image/png": "iVBO\nRw==\n", "text/plain": "<Figure>", "text/html": "<img>"}
    outputs.add("display_data", {"data": data})
    assert outputs.images == ["data:image/png;base64,iVBORw=="]
    assert outputs.text(100) == "<Figure>"


def test_json_and_lists_of_lines_are_text_too() -> None:
    outputs = Outputs()
    outputs.add("execute_result", {"data": {"application/json": {"a": 1}}})
    outputs.add("display_data", {"data": {"text/plain": ["b\n", "c"]}})
    assert outputs.text(100) == '{"a": 1}\nb\nc'


def test_an_error_is_its_traceback_and_its_last_line() -> None:
    outputs = Outputs()
    error = {"ename": "KeyError", "evalue": "'a'", "traceback": ["\x1b[31mTrace\x1b[0m", "end"]}
    outputs.add("error", error)
    assert (outputs.error, outputs.text(100)) == ("KeyError: 'a'", "Trace\nend")


def test_an_error_without_a_traceback_is_told_all_the_same() -> None:
    outputs = Outputs()
    outputs.add("error", {"ename": "Error", "evalue": "no"})
    assert outputs.text(100) == "Error: no"


def test_clear_output_clears() -> None:
    outputs = stream("gone")
    outputs.add("clear_output", {"wait": True})
    outputs.add("stream", {"text": "kept"})
    assert outputs.text(100) == "kept"


def test_a_flood_is_kept_in_bounds_with_its_beginning_and_end() -> None:
    outputs = stream("first\n", *("x" * 1000 for _ in range(1000)), "\nlast")
    assert len(outputs.raw) <= 2 * ROOM
    text = outputs.text(2000)
    assert len(text) <= 2000
    assert (text[:5], text[-4:]) == ("first", "last")


def test_only_the_first_images_are_kept() -> None:
    outputs = Outputs()
    for _ in range(20):
        outputs.add("display_data", {"data": {"image/jpeg": "abcd"}})
    assert len(outputs.images) == MOST_IMAGES


def test_of_a_secret_where_very_much_is_cut_no_part_is_left() -> None:
    redact = Redactor({"A_KEY": "canary-0123456"})
    for before in range(ROOM // 2 - 45, ROOM // 2 - 1):
        outputs = stream("\r" * before + "canary-0123456" + "\r" * 2 * ROOM)
        assert "ca" not in outputs.text(200, redact)


def test_a_secret_is_redacted_before_the_text_is_cut() -> None:
    outputs = stream("a" * 65 + "my-secret" + "b" * 200)
    shown = outputs.text(200, lambda text: text.replace("my-secret", "[redacted]"))
    assert "my-s" not in shown


@pytest.mark.parametrize("before", range(ROOM // 2 - 30, ROOM // 2, 7))
def test_of_a_secret_of_several_words_no_part_is_left_where_a_flood_is_cut(before: int) -> None:
    secret, filler = "correct horse battery staple", "-" * before
    outputs = stream(f"{filler}{secret}", "." * 2 * ROOM, f"{secret}{filler}")
    shown = outputs.text(4 * ROOM, lambda text: text.replace(secret, "[redacted]"))
    assert "left out" in shown
    assert not any(word in shown for word in secret.split())


def test_shorten_says_how_much_it_left_out() -> None:
    assert shorten("short", 100) == "short"
    cut = shorten("x" * 1000, 100)
    assert len(cut) <= 100
    assert "960 characters left out" in cut
