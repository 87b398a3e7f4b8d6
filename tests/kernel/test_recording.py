"""What is kept of the cells before a question: the beginning and the end, bounded."""

from __future__ import annotations

import json

from beaker_kernel.kernel.recording import CELLS, CONTENT, HEAD, TAIL, Recording


def header(msg_type: str) -> bytes:
    return json.dumps({"msg_type": msg_type}).encode()


def record(recording: Recording, number: int, outputs: list[bytes]) -> None:
    parent = b'{"msg_id": "%d"}' % number
    recording.add(header("execute_input"), parent, b"{}", b'{"code": "%d"}' % number)
    for content in outputs:
        recording.add(header("stream"), parent, b"{}", content)


def test_a_cell_is_kept_with_its_outputs_in_order_and_given_once() -> None:
    recording = Recording()
    record(recording, 1, [b"a", b"b"])
    assert [parts[3] for parts in recording.take()] == [b'{"code": "1"}', b"a", b"b"]
    assert recording.take() == []


def test_an_output_that_comes_later_is_given_the_next_time() -> None:
    recording = Recording()
    record(recording, 1, [])
    recording.take()
    recording.add(header("stream"), b'{"msg_id": "1"}', b"{}", b"late")
    assert [parts[3] for parts in recording.take()] == [b"late"]


def test_an_output_belongs_to_its_cell_however_the_kernel_writes_the_parent() -> None:
    recording = Recording()
    record(recording, 1, [])
    recording.add(header("stream"), b'{"session": "s", "msg_id": "1"}', b"{}", b"printed")
    assert [parts[3] for parts in recording.take()] == [b'{"code": "1"}', b"printed"]


def test_only_the_last_cells_are_kept() -> None:
    recording = Recording()
    for number in range(CELLS + 5):
        record(recording, number, [])
    codes = [json.loads(parts[3])["code"] for parts in recording.take()]
    assert codes == [str(number) for number in range(5, CELLS + 5)]


def test_outputs_of_what_is_no_cell_are_not_kept() -> None:
    recording = Recording()
    recording.add(header("stream"), b'{"msg_id": "unknown"}', b"{}", b"x")
    assert recording.take() == []


def test_a_long_output_keeps_its_beginning_and_its_end_within_bounds() -> None:
    recording = Recording()
    lines = [b"%d" % number for number in range(50_000)]
    record(recording, 1, lines)
    kept = recording.take()
    assert (kept[1][3], kept[-1][3]) == (lines[0], lines[-1])
    assert sum(len(part) for parts in kept for part in parts) <= HEAD + TAIL


def test_of_a_huge_message_only_the_size_is_kept() -> None:
    recording = Recording()
    record(recording, 1, [b"x" * (CONTENT + 1)])
    assert json.loads(recording.take()[1][3]) == {"beaker_left_out": CONTENT + 1}
