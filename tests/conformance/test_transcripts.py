"""Frame by frame, a frontend gets from beaker what it gets from plain ipykernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conformance.transcript import Request, Transcript, cell

if TYPE_CHECKING:
    from tests.support.kernels import Kernel

MIRROR = """
from comm import get_comm_manager
def opened(comm, message):
    comm.on_msg(lambda m: comm.send({'back': 1}, {'meta': 2}, [bytes(b) for b in m['buffers']]))
get_comm_manager().register_target('mirror', opened)
"""
ARRAY = """
import ipywidgets, numpy, traitlets
def to_json(array, widget):
    return {'shape': array.shape, 'dtype': str(array.dtype), 'data': memoryview(array)}
def from_json(state, widget):
    return numpy.frombuffer(state['data'], state['dtype']).reshape(state['shape'])
class Plot(ipywidgets.Widget):
    points = traitlets.Any().tag(sync=True, to_json=to_json, from_json=from_json)
plot = Plot(points=numpy.arange(6.).reshape(2, 3))
plot.points = numpy.ones((2, 2))
"""
OPENS = """
from ipykernel.comm import Comm
comm = Comm(target_name='ours', data={'x': 1}, metadata={'m': [1]}, buffers=[b'binary', b''])
comm.send({'y': 2}, buffers=[bytes(range(256))])
comm.close({'bye': True})
"""
WIDGET = """
import ipywidgets
image = ipywidgets.Image(value=bytes(range(256)), format='png')
display(image)
image.value = b'changed'
"""
STREAMS = "import sys; print('out', end=''); print('err', end='', file=sys.stderr)"
"""Where ipykernel cuts a line and its end, two writes, is a matter of time."""
PUBLISHES = """
handle = display('first', display_id='a', metadata={'kept': True})
update_display('second', display_id='a')
from IPython.display import clear_output
clear_output(wait=True)
print('done', end='')
"""

SESSIONS = {
    "a result": [cell("6 * 7")],
    "streams": [cell(STREAMS)],
    "an error": [cell("1 / 0"), cell("undefined")],
    "a syntax error": [cell("if:")],
    "displays": [cell(PUBLISHES)],
    "many types": [cell("display({'text/plain': 'é', 'application/json': [1, None]}, raw=True)")],
    "payloads": [cell("len?"), cell("get_ipython().set_next_input('x = 1')")],
    "user expressions": [cell("x = 1", user_expressions={"x": "x + 1", "bad": "1 / 0"})],
    "a silent cell": [cell("x = 2", silent=True), cell("print(x, end='')", store_history=False)],
    "a cell that exits by hand": [cell("raise SystemExit")],
    "metadata of the request": [
        cell("get_ipython().kernel.get_parent()['metadata']", metadata={"a": [1, {"b": None}]})
    ],
    "magics": [cell("%precision 3"), cell("%%capture c\nprint(1)"), cell("c.stdout")],
    "completion": [
        cell(
            "get_ipython().Completer.jedi_compute_type_timeout = 60_000"
        ),  # a type that takes longer is left out
        Request("complete_request", {"code": "impor", "cursor_pos": 5}),
        Request("complete_request", {"code": "str.spl", "cursor_pos": 7}),
        Request("complete_request", {"code": "%tim", "cursor_pos": 4}),
    ],
    "inspection": [
        Request("inspect_request", {"code": "len", "cursor_pos": 3, "detail_level": 0}),
        Request("inspect_request", {"code": "nothing_here", "cursor_pos": 5, "detail_level": 1}),
    ],
    "completeness": [
        Request("is_complete_request", {"code": code}) for code in ("x", "if x:", "if:", "%time x")
    ],
    "history": [
        cell("'remember'"),
        Request(
            "history_request", {"hist_access_type": "tail", "n": 2, "raw": True, "output": False}
        ),
    ],
    "comms by the frontend": [
        cell(MIRROR),
        Request("comm_open", {"comm_id": "c", "target_name": "mirror", "data": {}}),
        Request("comm_msg", {"comm_id": "c", "data": {}}, buffers=(bytes(range(256)), b"")),
        Request("comm_info_request", {"target_name": "mirror"}),
        Request("comm_close", {"comm_id": "c", "data": {}}),
        Request("comm_open", {"comm_id": "d", "target_name": "nobody", "data": {}}),
    ],
    "comms by the kernel": [cell(OPENS), Request("comm_info_request", {})],
    "a widget with binary state": [cell(WIDGET)],
    "a widget with an array": [cell(ARRAY)],
    "unknown messages": [
        Request("nonsense_request", {"x": 1}, answered=False),
        Request("execute_reply", {"status": "ok"}, answered=False),
        cell("'after'"),
    ],
    "unknown messages on control": [
        Request("nonsense_request", {"x": 1}, "control", answered=False),
        Request("create_subshell_request", channel="control"),
    ],
    "what asks for less than it must": [
        Request("complete_request", {}, answered=False),
        Request("execute_request", {}, answered=False),
        cell("'after'"),
    ],
    "older versions": [
        cell("'5.0'", header={"version": "5.0"}),
        Request(
            "object_info_request",
            {"oname": "len", "detail_level": 0},
            header={"version": "4.1"},
            answered=False,
        ),
        Request(
            "complete_request",
            {"text": "impor", "line": "impor", "block": None, "cursor_pos": 5},
            header={"version": "4.1"},
            answered=False,
        ),
        cell("'after'"),
    ],
    "a newer version": [cell("'6.1'", header={"version": "6.1", "new": [1]})],
    "subshells": [
        Request("create_subshell_request", channel="control"),
        Request("list_subshell_request", channel="control"),
    ],
    "the debugger": [
        Request("debug_request", {"type": "request", "seq": 1, "command": command}, "control")
        for command in ("debugInfo", "nonsense")
    ],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_frontend_sees_the_same_frames(name: str, plain: Kernel, beaker: Kernel) -> None:
    there = Transcript(plain.client).of(*SESSIONS[name])
    here = Transcript(beaker.client).of(*SESSIONS[name])
    for channel, expected in there.items():
        assert here[channel] == expected, channel


@pytest.mark.parametrize(
    ("msg_type", "channel"), [("interrupt_request", "control"), ("connect_request", "shell")]
)
def test_what_the_relay_answers_by_itself_says_the_same(
    msg_type: str, channel: str, plain: Kernel, beaker: Kernel
) -> None:
    def said(kernel: Kernel) -> dict[str, list[tuple[bytes, object]]]:
        came = Transcript(kernel.client).of(Request(msg_type, channel=channel))
        return {name: [_meant(frames) for frames in frames_of] for name, frames_of in came.items()}

    assert said(beaker) == said(plain)


def _meant(frames: list[bytes]) -> tuple[bytes, object]:
    """Return a message's type and content, whatever its topic and its spaces."""
    return frames[-4], json.loads(frames[-1].replace(b"<port>", b"0"))


def test_kernel_info_differs_by_what_it_says_of_beaker_alone(plain: Kernel, beaker: Kernel) -> None:
    (*_, there), (*_, here) = (
        Transcript(kernel.client).of(Request("kernel_info_request"))["shell"][0]
        for kernel in (plain, beaker)
    )
    expected, found = json.loads(there), json.loads(here)
    assert found.pop("beaker")["subkernel"] == "python3"
    found["supported_features"].remove("beaker")
    assert found == expected
