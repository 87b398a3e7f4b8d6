"""The answer to an `llm_request`, for custom frontends: Beaker's events, native or by comm."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.outputs import shorten
from beaker_kernel.agent.policy import PERSON, Verdict, digest, refused, visible
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol import messages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from beaker_kernel.agent.budget import Budget
    from beaker_kernel.agent.model import Retry, ToolCall, Usage
    from beaker_kernel.protocol.messages import Event, LlmWaiting, Sign, ToolState
    from beaker_kernel.protocol.requests import ApproveRequest

PREVIEW = 2_000
"""Characters of a tool's output in an event."""


class Approvals:
    """Code that waits for a person's word, by approval id."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, asyncio.Future[Verdict]]] = {}

    async def wait(self, approval_id: str, code: str) -> Verdict:
        """Wait for the word on a piece of code."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting[approval_id] = code, verdict
        try:
            return await verdict
        finally:
            del self._waiting[approval_id]

    def decide(self, request: ApproveRequest) -> None:
        """Take in a person's word; it counts once, and for exactly the code it names.

        Raises:
            ProtocolError: nothing waits under that id, or the code is another.

        """
        code, verdict = self._waiting.get(request.approval_id, ("", None))
        if verdict is None or verdict.done():
            raise ProtocolError(f"nothing waits for approval as {request.approval_id!r}")
        if request.sha256 != digest(code):
            raise ProtocolError("sha256 is not that of the code which waits for approval")
        verdict.set_result(_verdict(request, code))


def _verdict(request: ApproveRequest, code: str) -> Verdict:
    """Return what a person's word means for the code.

    Raises:
        ProtocolError: they changed the code, and it is missing.

    """
    match request.decision:
        case "run":
            return Verdict(by=PERSON, code=code)
        case "edit" if request.code:
            return Verdict(by=PERSON, code=request.code)
        case "edit":
            raise ProtocolError("decision `edit` needs `code`")
    return refused(PERSON)


class EventSurface:
    """One `llm_request`'s side of the conversation.

    Args:
        header: the request's header.
        emit: sends an event to the frontend.
        number: gives the next event's number.
        approvals: where the person's word arrives.
        capabilities: what the frontend says it can do.
        ask_on_stdin: asks on stdin, or ``None`` where that is not allowed.
        language: the language of the subkernel.

    """

    def __init__(
        self,
        *,
        header: bytes,
        emit: Callable[[Event | Sign], None],
        number: Callable[[], int],
        approvals: Approvals,
        capabilities: Collection[str],
        ask_on_stdin: Callable[[str], Awaitable[str]] | None,
        language: str,
    ) -> None:
        self.header = header
        self._emit = emit
        self._number = number
        self._approvals = approvals
        self._capabilities = capabilities
        self._ask_on_stdin = ask_on_stdin
        self._language = language
        self._started: dict[str, str] = {}
        self._has_read = False

    @property
    def can_approve(self) -> bool:
        """Whether the frontend shows approvals, or a person can be asked on stdin."""
        return "approval" in self._capabilities or self._ask_on_stdin is not None

    @property
    def takes_cells(self) -> bool:
        """Whether the frontend makes cells; a frontend that says nothing is shown them too."""
        return True

    def delta(self, text: str, *, thought: bool = False) -> None:
        """Send a piece of the answer."""
        self._emit(messages.LlmDelta(seq=self._number(), text=text, thought=thought or None))

    def retry(self, retry: Retry) -> None:
        """Say that the model is asked again, and why."""
        event = messages.LlmRetry(
            seq=self._number(), reason=retry.reason, delay_s=retry.delay, attempt=retry.attempt
        )
        self._emit(event)

    def waiting(self, waiting: LlmWaiting) -> None:
        """Send what is waited for."""
        self._emit(waiting)

    def usage(self, usage: Usage, budget: Budget, cost: float | None) -> None:
        """Send the figures."""
        event = messages.LlmUsage(
            seq=self._number(),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            budget=messages.Budget(kind="tokens", limit=budget.limits.tokens, used=budget.tokens),
            cost=cost,
        )
        self._emit(event)

    def notice(self, text: str) -> None:
        """Send what is not the model's as a thought without a tool."""
        self._emit(messages.LlmThought(seq=self._number(), thought=text, thought_id=uuid4().hex))

    def tool_started(self, call: ToolCall) -> None:
        """Send which tool is used, then that it runs."""
        shown = messages.ToolCall(
            tool_call_id=call.id, tool_name=call.name, tool_input=call.arguments, state="running"
        )
        thought = messages.LlmThought(
            seq=self._number(),
            thought="",
            thought_id=uuid4().hex,
            tool_name=call.name,
            tool_input=call.arguments,
            tool_calls=(shown,),
        )
        self._emit(thought)
        self._started[call.id] = _now()
        self._update(call, "running")

    def tool_ended(
        self, call: ToolCall, state: ToolState, output: str = "", error: str = ""
    ) -> None:
        """Send what became of it."""
        preview = shorten(output, PREVIEW)
        self._update(
            call,
            state,
            ended_at=_now(),
            output_preview=preview,
            output_truncated=preview != output,
            error=error or None,
        )

    def _update(self, call: ToolCall, state: ToolState, **more: Any) -> None:  # noqa: ANN401
        event = messages.ToolCallUpdate(
            seq=self._number(),
            tool_call_id=call.id,
            state=state,
            started_at=self._started[call.id],
            **more,
        )
        self._emit(event)

    def cell(self, code: str) -> None:
        """Send code for a new cell."""
        self._emit(messages.CodeCell(seq=self._number(), language=self._language, code=code))

    def placed(self, code: str) -> None:
        """Leave it at the tool call: the frontend has made the cell by itself."""

    def code(self, code: str, record: dict[str, Any]) -> None:
        """Send code that runs now; the frontend adopts its outputs by the request's id."""
        running = messages.ExecuteRequestMsg(header={"msg_id": _msg_id(self.header), **record})
        event = messages.AddChildCodeCell(
            seq=self._number(),
            language=self._language,
            code=code,
            autoexecute=False,
            execute_request_msg=running,
        )
        self._emit(event)

    def withheld(self, code: str, record: dict[str, Any]) -> None:
        """Send code that nobody here can allow as a cell for whoever reads it."""
        self.cell(code)

    async def approve(self, code: str, *, untrusted: bool) -> Verdict:
        """Ask for a word on exactly this code: by event where the frontend can, else on stdin."""
        if "approval" not in self._capabilities:
            return await self._approve_on_stdin(code)
        return await self.approve_by_event(code, untrusted=untrusted)

    async def approve_by_event(self, code: str, *, untrusted: bool) -> Verdict:
        """Say what waits for a word, and wait until any frontend gives it."""
        event = messages.ApprovalRequest(
            seq=self._number(),
            approval_id=uuid4().hex,
            code=code,
            sha256=digest(code),
            language=self._language,
            reason="the model wants to run this code",
            untrusted=untrusted,
        )
        self._emit(event)
        return await self._approvals.wait(event.approval_id, code)

    async def _approve_on_stdin(self, code: str) -> Verdict:
        answer = await self.ask(f"{visible(code)}\nRun it? [y]es, [n]o:")
        if answer.strip().lower().startswith("y"):
            return Verdict(by=PERSON, code=code)
        return refused(PERSON)

    async def ask(self, question: str) -> str:
        """Ask the person on stdin; empty where nobody can be asked."""
        return await self._ask_on_stdin(f"{question} ") if self._ask_on_stdin else ""

    def finish(self, text: str) -> None:
        """Send the whole answer."""
        self._emit(messages.LlmResponse(seq=self._number(), text=text))


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _msg_id(header: bytes) -> str:
    return str(json.loads(header)["msg_id"])
