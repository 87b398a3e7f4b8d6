"""The debugger: stop at a breakpoint, look at a variable, step, go on."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kernels import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.kernels import Kernel, Message

CODE = "a = 20\nb = a + 1\nc = b * 2\nprint(c)"


class Debugger:
    """What a frontend's debugger asks, attached to one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._client = kernel.client
        self._numbers = count(1)

    def ask(self, command: str, **arguments: object) -> Message:
        """Send a request of the debug adapter protocol and return the body of its answer."""
        content = {"type": "request", "seq": next(self._numbers), "command": command}
        asked = self._client.send(
            "debug_request", content | {"arguments": arguments}, channel="control"
        )
        answer = self._client.reply(asked, "control")["content"]
        assert answer["success"], answer
        return dict(answer.get("body") or {})

    def stopped(self) -> dict[str, Any]:
        """Wait until the code stands still, and return where: its thread and its frame."""
        event = self._client.published(
            lambda m: m["msg_type"] == "debug_event" and m["content"]["event"] == "stopped"
        )
        thread = event["content"]["body"]["threadId"]
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]
        return {"thread": thread, "frame": frame["id"], "line": frame["line"]}

    def variables(self, frame: int) -> dict[str, str]:
        """Return the variables of a frame's first scope."""
        scope = self.ask("scopes", frameId=frame)["scopes"][0]
        found = self.ask("variables", variablesReference=scope["variablesReference"])
        return {v["name"]: v["value"] for v in found["variables"]}


@pytest.fixture
def debugger(kernel: Kernel) -> Iterator[Debugger]:
    debugger = Debugger(kernel)
    debugger.ask("initialize", clientID="test", adapterID="", pathFormat="path")
    debugger.ask("attach")
    yield debugger
    debugger.ask("disconnect", restart=False, terminateDebuggee=False)


def stand(kernel: Kernel, debugger: Debugger, line: int) -> str:
    """Run the cell with a breakpoint in it, and return the request's id."""
    path = debugger.ask("dumpCell", code=CODE)["sourcePath"]
    places = {"source": {"path": path}, "breakpoints": [{"line": line}], "sourceModified": False}
    assert debugger.ask("setBreakpoints", **places)["breakpoints"][0]["verified"]
    debugger.ask("configurationDone")
    return kernel.client.execute(CODE)


def test_one_stops_looks_steps_and_goes_on(kernel: Kernel, debugger: Debugger) -> None:
    msg_id = stand(kernel, debugger, line=2)

    first = debugger.stopped()
    assert first["line"] == 2
    assert debugger.variables(first["frame"])["a"] == "20"
    debugger.ask("next", threadId=first["thread"])
    second = debugger.stopped()
    assert second["line"] == 3
    assert debugger.variables(second["frame"])["b"] == "21"
    inspected = debugger.ask("inspectVariables")["variables"]
    assert {"a", "b"} <= {v["name"] for v in inspected}
    debugger.ask("continue", threadId=second["thread"])

    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    outputs = kernel.client.outputs(msg_id)
    assert text([o for o in outputs if o["msg_type"] == "stream"]) == "42\n"


def test_an_interrupt_ends_a_cell_that_stands_at_a_breakpoint(
    kernel: Kernel, debugger: Debugger
) -> None:
    msg_id = stand(kernel, debugger, line=3)
    assert debugger.stopped()["line"] == 3
    kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    kernel.client.outputs(msg_id)
    assert text(kernel.client.run("6 * 7")[1]) == "42"
