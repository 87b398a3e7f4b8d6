"""Who answers a request: decided without a kernel."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.kernel.routing import Route, comm_id, completes_name, route
from beaker_kernel.protocol.names import SHELL_ANSWERS, SHELL_REQUESTS

JUPYTERS = [
    "execute_request",
    "complete_request",
    "inspect_request",
    "is_complete_request",
    "history_request",
    "kernel_info_request",
    "comm_info_request",
    "comm_open",
    "comm_msg",
    "comm_close",
    "debug_request",
    "interrupt_request",
    "shutdown_request",
    "create_subshell_request",
    "something_unknown",
]


def decide(msg_type: str, content: object = None, **more: object) -> Route:
    return route(msg_type, json.dumps(content or {}).encode(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("msg_type", JUPYTERS)
def test_what_is_not_ours_goes_to_the_subkernel(msg_type: str) -> None:
    content = {"code": "x % asker", "cursor_pos": 3, "comm_id": "c", "target_name": "widget"}
    assert decide(msg_type, content) is Route.SUBKERNEL


@pytest.mark.parametrize("msg_type", sorted(SHELL_REQUESTS | SHELL_ANSWERS))
def test_our_own_types_go_to_the_agent(msg_type: str) -> None:
    assert decide(msg_type) is Route.AGENT


def test_a_question_goes_to_the_agent_and_is_called_complete_by_the_relay() -> None:
    content = {"code": "%ask why?"}
    assert decide("execute_request", content) is Route.AGENT
    assert decide("is_complete_request", content) is Route.RELAY


def test_a_cell_that_only_mentions_a_question_goes_to_the_subkernel() -> None:
    assert decide("execute_request", {"code": "print('%ask')"}) is Route.SUBKERNEL


def test_the_relay_tells_itself_where_it_listens() -> None:
    assert decide("connect_request") is Route.RELAY


@pytest.mark.parametrize("code", ["%ask --m", "%beaker st", "%%ask\nwhy"])
def test_the_relay_alone_completes_and_explains_a_cell_of_ours(code: str) -> None:
    content = {"code": code, "cursor_pos": len(code)}
    assert decide("complete_request", content) is Route.RELAY
    assert decide("inspect_request", content) is Route.RELAY


@pytest.mark.parametrize(("code", "ours_too"), [("%as", True), ("%", True), ("%time", False)])
def test_the_subkernel_completes_a_name_and_the_relay_adds_its_own(
    code: str, ours_too: bool
) -> None:
    content = {"code": code, "cursor_pos": len(code)}
    assert decide("complete_request", content) is Route.SUBKERNEL
    assert completes_name(json.dumps(content).encode()) is ours_too


def test_only_the_comms_of_our_target_go_to_the_agent() -> None:
    assert decide("comm_open", {"target_name": "beaker", "comm_id": "c"}) is Route.AGENT
    trap = {"target_name": "widget", "data": "beaker", "comm_id": "c"}
    assert decide("comm_open", trap) is Route.SUBKERNEL
    assert decide("comm_msg", {"comm_id": "c"}, comms={b"c"}) is Route.AGENT
    assert decide("comm_msg", {"comm_id": "d", "data": "c"}, comms={b"c"}) is Route.SUBKERNEL
    assert comm_id(b'{"comm_id": "c"}') == b"c"


def test_the_active_contexts_actions_go_to_the_agent() -> None:
    assert decide("draw_request") is Route.SUBKERNEL
    assert decide("draw_request", actions={"draw_request"}) is Route.AGENT


@given(st.text(), st.text())
def test_whatever_a_cell_holds_it_is_routed(before: str, after: str) -> None:
    for code in (before, f"{before}%ask{after}"):
        assert decide("execute_request", {"code": code}) in Route
