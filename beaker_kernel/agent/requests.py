"""What the agent answers: one method per message type, each returns the content of its reply."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent import archive, attachments
from beaker_kernel.agent.cell_requests import CellRequests
from beaker_kernel.agent.frontend.carriers import Emitter, Native
from beaker_kernel.agent.frontend.surfaces import Surfaces
from beaker_kernel.agent.notebook import read_state
from beaker_kernel.agent.policy import permitted
from beaker_kernel.agent.question import Question
from beaker_kernel.errors import BeakerError, ConfigurationError, ModelError, ProtocolError
from beaker_kernel.protocol import messages, replies, requests
from beaker_kernel.protocol.codec import decode, encode
from beaker_kernel.protocol.frames import msg_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from beaker_kernel.agent.assistant import Assistant
    from beaker_kernel.agent.contexts import Contexts
    from beaker_kernel.agent.frontend.carriers import Carrier
    from beaker_kernel.agent.frontend.comms import Comms
    from beaker_kernel.agent.frontend.stdin import Stdin
    from beaker_kernel.agent.link import Link
    from beaker_kernel.agent.notebook import NotebookState
    from beaker_kernel.agent.session import LiveSession
    from beaker_kernel.agent.turn import Turn

Reply = dict[str, Any]
OK: Reply = {"status": "ok"}


class Requests:
    """The agent's answers.

    Args:
        link: to the relay.
        session: the live session.
        assistant: who answers questions.
        stdin: where the person is asked.
        comms: the frontends that let cells be changed.
        cancel: stops the question with that msg_id, or all; returns the headers of those stopped.

    """

    def __init__(
        self,
        link: Link,
        session: LiveSession,
        assistant: Assistant,
        *,
        stdin: Stdin,
        comms: Comms,
        cancel: Callable[[str | None], dict[str, bytes]],
    ) -> None:
        self._session = session
        self._assistant = assistant
        self._stdin = stdin
        self._comms = comms
        self._cancel = cancel
        self._surfaces = Surfaces(link, session, assistant, stdin, comms)
        self._cells = CellRequests(session, assistant, comms, self._surfaces, stop=self._stop)

    async def answer(self, carrier: Carrier) -> Reply:
        """Answer a request by the method of its name, or as the active context does.

        Raises:
            BeakerError: what is asked for can't be had.

        """
        if carrier.msg_type in carrier.may_ask:
            return await self._method(carrier.msg_type)(carrier)
        return await self._act(carrier)

    def _method(self, msg_type: str) -> Callable[[Carrier], Awaitable[Reply]]:
        method: Callable[[Carrier], Awaitable[Reply]] = getattr(self, msg_type)
        return method

    async def execute_request(self, carrier: Carrier) -> Reply:
        """Answer one of our cells."""
        return await self._cells.execute_request(carrier)

    async def llm_request(self, carrier: Carrier) -> Reply:
        """Answer a question with the whole event vocabulary."""
        request = decode("llm_request", carrier.content)
        assert isinstance(request, requests.LlmRequest)
        emit = Emitter(carrier, self._assistant.conversation, msg_id(carrier.header))
        may_ask = "ask_user" in carrier.capabilities or carrier.content.get("allow_stdin")
        ask = partial(self._stdin.ask, carrier.identity, carrier.header) if may_ask else None
        surface = self._surfaces.events(carrier.header, emit, carrier.capabilities, ask)
        with self._surfaces.asking.asked(emit, msg_id(carrier.header), request.request):
            attached = await asyncio.to_thread(attachments.read, request.attachments, Path.cwd())
            notebook = self._surfaces.notebook(carrier)
            question = Question(
                request.request,
                notebook=notebook,
                state=await self._told_state(carrier, ask=notebook is None),
                without=request.without,
                attached=attached,
                since=carrier.came,
            )
            await self._assistant.answer(surface, question)
        if history := self._assistant.history:
            carrier.emit("set_chat_history", history)
        return OK

    async def briefing_request(self, carrier: Carrier) -> Reply:
        """Say what the model would be sent with a question."""
        request = decode("briefing_request", carrier.content)
        assert isinstance(request, requests.BriefingRequest)
        notebook = self._surfaces.notebook(carrier)
        question = Question(request.request, notebook=notebook, without=request.without)
        sections = await self._assistant.sections(question)
        return encode(replies.BriefingReply(sections=tuple(sections)))

    async def set_policy(self, carrier: Carrier) -> Reply:
        """Choose whose word model code needs."""
        request = decode("set_policy", carrier.content)
        assert isinstance(request, requests.SetPolicy)
        await self._assistant.notebook_rules.look()
        self._assistant.policy = request.policy
        return OK

    async def _told_state(self, carrier: Carrier, *, ask: bool) -> NotebookState | None:
        """Return the notebook as the request brings it, or as its frontend tells it on shell."""
        if "notebook_state" in carrier.metadata:
            brought = carrier.metadata["notebook_state"]
            return read_state(brought if isinstance(brought, dict) else {})
        if ask and isinstance(carrier, Native) and "notebook" in carrier.capabilities:
            with suppress(TimeoutError):
                return await self._comms.ask_for_state(carrier, self._surfaces.asked_for_notebook)
        return None

    async def approve_request(self, carrier: Carrier) -> Reply:
        """Take in a person's word on code that waits for it."""
        request = decode("approve_request", carrier.content)
        assert isinstance(request, requests.ApproveRequest)
        self._surfaces.approvals.decide(request)
        return OK

    async def llm_cancel_request(self, carrier: Carrier) -> Reply:
        """Stop a question, or all."""
        request = decode("llm_cancel_request", carrier.content)
        assert isinstance(request, requests.LlmCancelRequest)
        return encode(replies.LlmCancelReply(cancelled=tuple(self._stop(request.msg_id))))

    def _stop(self, msg_id: str | None = None) -> list[str]:
        """Stop a question, or all, and the code that runs for it; return which."""
        stopped = self._cancel(msg_id)
        self._session.interrupt(tuple(stopped.values()))
        return list(stopped)

    async def resume_request(self, carrier: Carrier) -> Reply:
        """Send the events again that a frontend missed."""
        request = decode("resume_request", carrier.content)
        assert isinstance(request, requests.ResumeRequest)
        conversation = self._assistant.conversation
        self._assistant.followed = True
        since = max(0, request.since) if request.conversation in (None, conversation.id) else 0
        events = conversation.since(since)
        for msg_type, content in events:
            carrier.emit(msg_type, content)
        first = events[0][1]["seq"] if events else since + 1
        reply = replies.ResumeReply(
            conversation=conversation.id,
            seq=conversation.last,
            running=tuple(self._surfaces.asking.running),
            first=first if first > since + 1 else None,
        )
        return encode(reply)

    async def conversation_request(self, carrier: Carrier) -> Reply:
        """Return a conversation's messages."""
        request = decode("conversation_request", carrier.content)
        assert isinstance(request, requests.ConversationRequest)
        conversation, journal = self._assistant.conversation, self._assistant.journal
        if journal and request.conversation not in (None, conversation.id):
            read = await asyncio.to_thread(archive.read, journal, str(request.conversation))
            return encode(replies.ConversationReply(version=0, messages=tuple(read)))
        reply = replies.ConversationReply(
            version=conversation.last, messages=tuple(conversation.messages)
        )
        return encode(reply)

    async def conversations_request(self, carrier: Carrier) -> Reply:
        """Return which conversations are kept of this notebook."""
        request = decode("conversations_request", carrier.content)
        assert isinstance(request, requests.ConversationsRequest)
        journal = self._assistant.journal
        kept = await asyncio.to_thread(archive.kept, journal, request.search) if journal else ()
        return encode(replies.ConversationsReply(conversations=tuple(kept)))

    async def variables_request(self, carrier: Carrier) -> Reply:
        """Return the session's variables, bounded."""
        request = decode("variables_request", carrier.content)
        assert isinstance(request, requests.VariablesRequest)
        reply = await self._session.variables(request.limit, request.names or ())
        if reply is None:
            raise BeakerError("a cell is running; ask for variables when it has ended")
        return encode(reply)

    async def beaker_session_info_request(self, carrier: Carrier) -> Reply:
        """Say what this session is made of."""
        await self._assistant.notebook_rules.look()
        model: str | None = None
        url: str | None = None
        with suppress(ModelError):
            endpoint = await self._assistant.models.endpoint()
            model, url = endpoint.model, endpoint.base_url
        reply = replies.SessionInfoReply(
            conversation=self._assistant.conversation.id,
            context=self._contexts.name,
            language=self._session.language.name,
            subkernel=self._session.kernelspec,
            policy=self._assistant.policy,
            model=model,
            endpoint=url,
            policies=permitted(self._assistant.policy_at_most),
            models=tuple(self._assistant.settings.models),
        )
        return encode(reply)

    async def reset_request(self, carrier: Carrier) -> Reply:
        """Forget the conversation, and stop what is being answered in it."""
        self._stop()
        self._assistant.reset()
        return OK

    async def set_agent_model(self, carrier: Carrier) -> Reply:
        """Choose the model; with nothing named, look for one anew."""
        request = decode("set_agent_model", carrier.content)
        assert isinstance(request, requests.SetAgentModel)
        profile, named = request.provider_id, (request.model_config or {}).get("model_name", "")
        known = self._assistant.settings.models
        if profile and not named and profile not in known:
            there = ", ".join(known) or "none; `c.Beaker.models` holds them"
            raise ConfigurationError(f"no model profile is called {profile!r}; there are {there}")
        await self._assistant.models.choose(profile if profile in known else str(named))
        return OK

    async def context_setup_request(self, carrier: Carrier) -> Reply:
        """Set the context up; another language or kernelspec exchanges the subkernel."""
        request = decode("context_setup_request", carrier.content)
        assert isinstance(request, requests.ContextSetupRequest)
        self._contexts.find(request.context)
        wanted = request.subkernel or request.language
        if wanted and not self._session.is_called(wanted):
            await self._session.replace(wanted)
        await self._contexts.choose(request.context, carrier.header)
        emit = Emitter(carrier, self._assistant.conversation)
        emit(messages.ContextSetupResponse(seq=emit.number(), **self._context()))
        await self._preview(carrier)
        return OK

    async def context_info_request(self, carrier: Carrier) -> Reply:
        """Describe the context; what it adds can be asked for from now on."""
        self._contexts.introduce()
        emit = Emitter(carrier, self._assistant.conversation)
        emit(messages.ContextInfoResponse(seq=emit.number(), **self._context()))
        await self._preview(carrier)
        return OK

    async def _preview(self, carrier: Carrier) -> None:
        """Send what the active context shows beside the notebook, if it does."""
        if preview := self._contexts.active.preview:
            carrier.emit("preview", await preview(self._acting(carrier)))

    async def _act(self, carrier: Carrier) -> Reply:
        """Do what the active context adds.

        Raises:
            ProtocolError: it adds no such request, or its fields don't fit.

        """
        await self._contexts.prepare(carrier.header)
        requests = self._contexts.active.requests
        if carrier.msg_type not in requests:
            raise ProtocolError(f"{carrier.msg_type}: Beaker has no such request")
        action, signature = requests[carrier.msg_type]
        try:
            fields = signature.fit(carrier.content)
        except TypeError as error:
            raise ProtocolError(f"{carrier.msg_type}: {error}") from error
        return OK | await action(self._acting(carrier), **fields)

    def _acting(self, carrier: Carrier) -> Turn:
        emit = Emitter(carrier, self._assistant.conversation)
        return self._assistant.acting(self._surfaces.events(carrier.header, emit))

    @property
    def _contexts(self) -> Contexts:
        return self._assistant.contexts

    def _context(self) -> dict[str, Any]:
        contexts = self._contexts
        tools = {tool.name: tool.signature.description for tool in contexts.tools}
        return {
            "language": self._session.language.name,
            "subkernel": self._session.kernelspec,
            "config": {"policy": self._assistant.policy},
            "actions": contexts.active.describe_actions(),
            "agent": messages.AgentInfo(name=contexts.name, tools=tools),
        }
