"""The link: however the stream is cut, the same messages come out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.protocol.link import Decoder, encode

MESSAGES = st.lists(st.lists(st.binary(max_size=300), max_size=6), max_size=6)


def decoded(pieces: list[bytes]) -> list[list[bytes]]:
    decoder = Decoder()
    return [message for piece in pieces for message in decoder.feed(piece)]


@given(MESSAGES, st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(
    messages: list[list[bytes]], data: st.DataObject
) -> None:
    stream = b"".join(map(encode, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decoded(pieces) == messages


@given(MESSAGES)
def test_a_stream_byte_by_byte_gives_the_same_messages(messages: list[list[bytes]]) -> None:
    stream = b"".join(map(encode, messages))
    assert decoded([bytes([byte]) for byte in stream]) == messages


def test_a_message_is_given_as_soon_as_it_is_whole() -> None:
    decoder = Decoder()
    whole = encode([b"first", b""])
    assert list(decoder.feed(whole[:-1])) == []
    assert list(decoder.feed(whole[-1:] + encode([b"second"])[:3])) == [[b"first", b""]]


def test_a_large_frame_passes() -> None:
    large = bytes(20 << 20)
    stream = encode([b"verb", large])
    pieces = [stream[i : i + (1 << 18)] for i in range(0, len(stream), 1 << 18)]
    assert decoded(pieces) == [[b"verb", large]]
