"""What the agent answers: one method per message type, each returns the content of its reply."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from beaker_kernel.agent import magics
from beaker_kernel.agent.carriers import send_event
from beaker_kernel.agent.cell_surface import CellSurface
from beaker_kernel.agent.event_surface import Approvals, EventSurface
from beaker_kernel.errors import ModelAuthError, ModelError, ProtocolError
from beaker_kernel.protocol import messages, replies
from beaker_kernel.protocol.codec import decode, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from beaker_kernel.agent.assistant import Assistant
    from beaker_kernel.agent.carriers import Carrier
    from beaker_kernel.agent.link import Link
    from beaker_kernel.agent.magics import Ask, Command
    from beaker_kernel.agent.session import LiveSession
    from beaker_kernel.agent.stdin import Stdin
    from beaker_kernel.protocol.messages import Event
    from beaker_kernel.protocol.replies import Policy

Reply = dict[str, Any]
OK: Reply = {"status": "ok"}
CONTEXT = "default"


class Requests:
    """The agent's answers.

    Args:
        link: to the relay.
        session: the live session.
        assistant: who answers questions.
        stdin: where the person is asked.
        cancel: stops the question with that msg_id, or all; returns those stopped.

    """

    def __init__(
        self,
        link: Link,
        session: LiveSession,
        assistant: Assistant,
        stdin: Stdin,
        cancel: Callable[[str | None], tuple[str, ...]],
    ) -> None:
        self._link = link
        self._session = session
        self._assistant = assistant
        self._stdin = stdin
        self._cancel = cancel
        self._approvals = Approvals()

    def find(self, msg_type: str) -> Callable[[Carrier], Awaitable[Reply]]:
        """Return the method that answers a type.

        Raises:
            ProtocolError: there is none.

        """
        method: Callable[[Carrier], Awaitable[Reply]] | None = getattr(self, msg_type, None)
        if msg_type.startswith("_") or msg_type == "find" or method is None:
            raise ProtocolError(f"{msg_type}: Beaker has no such request")
        return method

    # ------------------------------------------------------------------ Jupyter's own

    async def execute_request(self, carrier: Carrier) -> Reply:
        """Answer one of our cells: `%ask`, `%%ask` or `%beaker`."""
        count = self._assistant.cells.execution_count
        code = str(carrier.content["code"])
        if not carrier.content.get("silent"):
            carrier.emit("execute_input", {"code": code, "execution_count": count})
        fence = self._session.language.fence
        surface = CellSurface(self._link, self._stdin, carrier, fence)
        call = magics.parse(code)
        if isinstance(call, magics.Command):
            surface.markdown(await self._command(call))
        else:
            await self._ask(surface, call)
        return OK | {
            "execution_count": count,
            "payload": surface.payload,
            "user_expressions": {},
        }

    async def _ask(self, surface: CellSurface, call: Ask) -> None:
        try:
            answer = self._assistant.answer
            await answer(surface, call.question, auto=call.auto, model=call.model)
        except ModelError as error:
            surface.markdown(str(error))
            raise

    async def _command(self, command: Command) -> str:
        """Do a `%beaker` command and return what it shows, as Markdown."""
        match command.name:
            case "status":
                return await self._status()
            case "model":
                if command.argument:
                    await self._assistant.choose(command.argument)
                endpoint = await self._assistant.endpoint()
                return f"model `{endpoint.model}` at {endpoint.base_url}"
            case "policy":
                if command.argument:
                    self._assistant.policy = cast("Policy", command.argument)
                return f"policy `{self._assistant.policy}`"
            case "context":
                return _block(await self._assistant.describe("(your question)"))
            case "reset":
                self._assistant.reset()
                return "The conversation is forgotten; your variables stay."
        return _block(magics.HELP)

    async def _status(self) -> str:
        try:
            endpoint = await self._assistant.endpoint()
            model = f"`{endpoint.model}` at {endpoint.base_url}"
        except ModelError as error:
            model = str(error).replace("\n", "<br>")
        rows = {
            "subkernel": f"`{self._session.kernelspec}` ({self._session.language.name})",
            "model": model,
            "policy": f"`{self._assistant.policy}`",
            "tokens": f"{self._assistant.tokens:,}",
            "sandbox": "none",
        }
        lines = [f"| {name} | {value} |" for name, value in rows.items()]
        return "\n".join(["| Beaker | |", "|---|---|", *lines])

    async def complete_request(self, carrier: Carrier) -> Reply:
        """Complete our magics, and behind them what the subkernel would complete."""
        code, cursor = str(carrier.content["code"]), int(carrier.content["cursor_pos"])
        matches, start = magics.complete(code, cursor)
        if " " not in code[:cursor].strip():
            theirs = await self._session.request("complete_request", carrier.content, idle=False)
            if theirs.reply.get("cursor_start") == start:
                matches += [m for m in theirs.reply["matches"] if m not in matches]
        return OK | {
            "matches": matches,
            "cursor_start": start,
            "cursor_end": cursor,
            "metadata": {},
        }

    async def inspect_request(self, carrier: Carrier) -> Reply:
        """Show the help of our magics."""
        return OK | {"found": True, "data": {"text/plain": magics.HELP}, "metadata": {}}

    # ------------------------------------------------------------------ Beaker's

    async def llm_request(self, carrier: Carrier) -> Reply:
        """Answer a question with the whole event vocabulary."""
        request = decode("llm_request", carrier.content)
        assert isinstance(request, messages.LlmRequest)
        surface = self._event_surface(carrier)
        try:
            await self._assistant.answer(surface, request.request)
        except ModelAuthError as error:
            self._emit(carrier, messages.LlmAuthFailure(seq=self._number(), msg=str(error)))
            raise
        return OK

    def _event_surface(self, carrier: Carrier) -> EventSurface:
        may_ask = "ask_user" in carrier.capabilities or carrier.content.get("allow_stdin")
        return EventSurface(
            header=carrier.header,
            emit=lambda event: self._emit(carrier, event),
            number=self._number,
            approvals=self._approvals,
            capabilities=carrier.capabilities,
            ask_on_stdin=(
                (lambda prompt: self._stdin.ask(carrier.identity, carrier.header, prompt))
                if may_ask
                else None
            ),
            language=self._session.language.name,
        )

    def _number(self) -> int:
        return self._assistant.conversation.next_event()

    def _emit(self, carrier: Carrier, event: Event) -> None:
        self._assistant.conversation.events.append(send_event(carrier, event))

    async def approve_request(self, carrier: Carrier) -> Reply:
        """Take in a person's word on code that waits for it."""
        request = decode("approve_request", carrier.content)
        assert isinstance(request, messages.ApproveRequest)
        self._approvals.decide(request)
        return OK

    async def llm_cancel_request(self, carrier: Carrier) -> Reply:
        """Stop a question, or all."""
        request = decode("llm_cancel_request", carrier.content)
        assert isinstance(request, messages.LlmCancelRequest)
        self._session.interrupt()
        return encode(replies.LlmCancelReply(cancelled=self._cancel(request.msg_id)))

    async def resume_request(self, carrier: Carrier) -> Reply:
        """Send the events again that a frontend missed."""
        request = decode("resume_request", carrier.content)
        assert isinstance(request, messages.ResumeRequest)
        conversation = self._assistant.conversation
        since = request.since if request.conversation in (None, conversation.id) else 0
        for msg_type, content in conversation.since(since):
            carrier.emit(msg_type, content)
        return encode(replies.ResumeReply(conversation=conversation.id, seq=conversation.last))

    async def conversation_request(self, carrier: Carrier) -> Reply:
        """Return the conversation's messages."""
        conversation = self._assistant.conversation
        reply = replies.ConversationReply(
            version=conversation.last, messages=tuple(conversation.messages)
        )
        return encode(reply)

    async def variables_request(self, carrier: Carrier) -> Reply:
        """Return the session's variables, bounded."""
        request = decode("variables_request", carrier.content)
        assert isinstance(request, messages.VariablesRequest)
        return encode(await self._session.variables(request.limit, request.names or ()))

    async def beaker_session_info_request(self, carrier: Carrier) -> Reply:
        """Say what this session is made of."""
        model: str | None = None
        url: str | None = None
        with suppress(ModelError):
            endpoint = await self._assistant.endpoint()
            model, url = endpoint.model, endpoint.base_url
        reply = replies.SessionInfoReply(
            conversation=self._assistant.conversation.id,
            context=CONTEXT,
            language=self._session.language.name,
            subkernel=self._session.kernelspec,
            policy=self._assistant.policy,
            model=model,
            endpoint=url,
        )
        return encode(reply)

    async def reset_request(self, carrier: Carrier) -> Reply:
        """Forget the conversation."""
        self._assistant.reset()
        return OK

    async def set_agent_model(self, carrier: Carrier) -> Reply:
        """Choose the model; with nothing named, look for one anew."""
        request = decode("set_agent_model", carrier.content)
        assert isinstance(request, messages.SetAgentModel)
        await self._assistant.choose((request.model_config or {}).get("model_name", ""))
        return OK

    async def context_setup_request(self, carrier: Carrier) -> Reply:
        """Set the context up; another language or kernelspec exchanges the subkernel."""
        request = decode("context_setup_request", carrier.content)
        assert isinstance(request, messages.ContextSetupRequest)
        if request.context != CONTEXT:
            raise ProtocolError(f"there is no context {request.context!r}; there is {CONTEXT!r}")
        wanted = request.subkernel or request.language
        if wanted and wanted not in (self._session.kernelspec, self._session.language.name):
            await self._session.replace(wanted)
        self._emit(carrier, messages.ContextSetupResponse(**self._context()))
        return OK

    async def context_info_request(self, carrier: Carrier) -> Reply:
        """Describe the context."""
        self._emit(carrier, messages.ContextInfoResponse(**self._context()))
        return OK

    def _context(self) -> dict[str, Any]:
        tools = {tool.name: tool.description for tool in self._assistant.tools}
        return {
            "seq": self._number(),
            "language": self._session.language.name,
            "subkernel": self._session.kernelspec,
            "config": {"policy": self._assistant.policy},
            "actions": {},
            "agent": messages.AgentInfo(name=CONTEXT, tools=tools),
        }


def _block(text: str) -> str:
    fence = "`" * 3
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
