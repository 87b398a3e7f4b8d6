"""What is still owed to whom."""

from __future__ import annotations

import pytest

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel import inflight
from beaker_kernel.kernel.digests import KEPT, Digests
from beaker_kernel.kernel.inflight import InFlight
from beaker_kernel.kernel.routing import Route
from beaker_kernel.protocol.frames import DELIMITER
from tests.kernel.requests import cell, request


@pytest.mark.parametrize("order", [("replied", "idled"), ("idled", "replied")])
def test_a_request_is_open_until_it_has_its_reply_and_its_idle(order: tuple[str, str]) -> None:
    table, asked = InFlight(), cell("1")
    table.add(asked)
    getattr(table, order[0])(asked.msg_id)
    assert table.get(asked.msg_id) is asked
    getattr(table, order[1])(asked.msg_id)
    assert table.get(asked.msg_id) is None


def test_a_reply_that_does_not_come_is_not_waited_for() -> None:
    table, asked = InFlight(), cell("1")
    table.add(asked)
    table.give_up(asked.msg_id)
    assert table.get(asked.msg_id) is asked  # nobody has said that it is over
    table.idled(asked.msg_id)
    table.give_up(asked.msg_id)
    assert table.of(Route.SUBKERNEL) == []


def test_nothing_is_owed_for_what_nobody_replies_to() -> None:
    table, sent = InFlight(), request("comm_msg", {"comm_id": "c"})
    table.add(sent)
    assert table.of(Route.SUBKERNEL) == []


def test_a_reply_to_an_unknown_request_is_no_matter() -> None:
    assert InFlight().replied("unknown") is None
    assert InFlight().idled("") is None


def test_the_running_cell_is_the_oldest_in_the_main_shell() -> None:
    table = InFlight()
    beside, control = cell("1"), request("debug_request", channel="control")
    beside.subshell = True
    question, first, second = cell("%ask"), cell("1"), cell("2")
    for one in (beside, control, question, first, second):
        table.add(one)
    assert table.running() is first
    table.idled(first.msg_id)
    assert table.running() is second


def test_a_cell_stops_those_behind_it_unless_it_says_otherwise() -> None:
    assert cell("1").stops_on_error
    assert not cell("1", stop_on_error=False).stops_on_error


def test_a_message_is_read_behind_any_number_of_identities() -> None:
    frames = cell("1").frames
    far = inflight.read("shell", [b"router", b"", *frames])
    assert (far.identity, far.content) == (b"router", frames[-1])


@pytest.mark.parametrize(
    "frames",
    [
        [b"client"],
        [b"client", DELIMITER],
        [b"client", DELIMITER, b"", b"{}", b"{}", b"{}", b"{}"],
        [b"client", DELIMITER, b"", b"[]", b"{}", b"{}", b"{}"],
        [b"client", DELIMITER, b"", b"\xff", b"{}", b"{}", b"{}"],
        [b"client", DELIMITER, b"", b'{"msg_id": "1", "msg_type": "x"}', b"{}"],
    ],
)
def test_what_is_no_message_is_called_so(frames: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        inflight.read("shell", frames)


def test_a_signature_is_new_once() -> None:
    digests = Digests()
    assert [digests.is_new(b"a"), digests.is_new(b"a")] == [True, False]
    assert digests.is_new(b"")
    assert digests.is_new(b"")


def test_only_the_last_signatures_are_remembered() -> None:
    digests = Digests()
    for number in range(KEPT + 1):
        assert digests.is_new(b"%d" % number)
    assert digests.is_new(b"0")
    assert not digests.is_new(b"2")
