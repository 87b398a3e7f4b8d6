"""Very long stream messages in pieces: together they say the same, byte for byte."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.kernel import pieces as module
from beaker_kernel.kernel.pieces import LONGEST, pieces
from beaker_kernel.protocol.frames import Composer, Signer

if TYPE_CHECKING:
    from tests.support.kernels import Kernel

SIGNER = Signer(b"key")
COMPOSER = Composer("test")
HARD = ["\\", '"', "\n", "\x00", "u", "0", "a", "é", "€", "😀", "\\u12", "\\\\"]
"""What is an escape, looks like one, or takes several bytes."""


def stream(text: str, *, ascii_only: bool = False, **more: object) -> list[bytes]:
    parts = COMPOSER.compose("stream", {})
    content = {"name": "stdout", "text": text, **more}
    parts[3] = json.dumps(content, ensure_ascii=ascii_only).encode()
    return [b"stream.stdout", *SIGNER.frames(parts)]


def said(messages: list[list[bytes]]) -> str:
    return "".join(json.loads(frames[6])["text"] for frames in messages)


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("longest", [16, 17, 18, 19, 20, 21])
def test_the_pieces_say_what_the_whole_says_wherever_it_is_cut(
    monkeypatch: pytest.MonkeyPatch, longest: int, ascii_only: bool
) -> None:
    monkeypatch.setattr(module, "LONGEST", longest)
    chance = random.Random(longest)
    for _ in range(300):
        text = "".join(chance.choices(HARD, k=chance.randrange(60)))
        cut = list(pieces(stream(text, ascii_only=ascii_only), SIGNER))
        assert said(cut) == text
        assert all(json.loads(frames[6])["name"] == "stdout" for frames in cut)


def test_each_piece_is_short_signed_and_has_an_id_of_its_own() -> None:
    frames = stream("x" * (3 * LONGEST + 1))
    cut = list(pieces(frames, SIGNER))
    assert len(cut) == 4
    assert max(len(piece[6]) for piece in cut) < LONGEST + 100
    assert len({json.loads(piece[3])["msg_id"] for piece in cut}) == 4
    for piece in cut:
        assert SIGNER.verify(piece[2], piece[3:7])
        assert [piece[0], *piece[4:6]] == [frames[0], *frames[4:6]]


def test_nothing_but_backslashes_is_left_whole() -> None:
    text = "\\" * LONGEST
    assert said(list(pieces(stream(text), SIGNER))) == text


LONG = "x" * 2 * LONGEST


@pytest.mark.parametrize(
    "frames",
    [
        stream("short"),
        stream(LONG, more="of it"),
        stream(LONG, more=1),
        [*stream(LONG), b"a buffer"],
        [b"", *SIGNER.frames(COMPOSER.compose("display_data", {"data": {"text/plain": LONG}}))],
    ],
    ids=["short", "another text", "another value", "buffers", "another type"],
)
def test_every_other_message_stays_as_it_is(frames: list[bytes]) -> None:
    assert list(pieces(frames, SIGNER)) == [frames]


def test_a_frontend_gets_a_long_print_in_pieces_and_whole(kernel: Kernel) -> None:
    _, outputs = kernel.client.run("print('\\n€\"' * 1_000_000)")
    streams = [m["content"]["text"] for m in outputs if m["msg_type"] == "stream"]
    assert "".join(streams) == '\n€"' * 1_000_000 + "\n"
    assert len(streams) >= 6
    assert max(map(len, streams)) < LONGEST
