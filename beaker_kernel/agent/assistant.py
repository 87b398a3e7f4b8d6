"""The assistant: one conversation about one session, its model and its policy."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_kernel.agent import context
from beaker_kernel.agent.agent import Agent
from beaker_kernel.agent.cells import Cells
from beaker_kernel.agent.conversation import Conversation
from beaker_kernel.agent.tools import TOOLS, Toolbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beaker_kernel.agent.endpoints import Endpoint
    from beaker_kernel.agent.openai_model import OpenAIModel
    from beaker_kernel.agent.session import Session
    from beaker_kernel.agent.settings import Beaker
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.protocol.replies import Policy


class Assistant:
    """Answers questions about the live session.

    Attributes:
        conversation: what was said so far.
        cells: what ran since the last question.
        policy: whose word model code needs, where a question says nothing else.
        tokens: used since the start.
        tools: what the model may use.

    """

    def __init__(self, session: Session, settings: Beaker, environ: Mapping[str, str]) -> None:
        self.conversation = Conversation()
        self.cells = Cells()
        self.policy: Policy = settings.policy
        self.tokens = 0
        self.tools = TOOLS
        self._session = session
        self._settings = settings
        self._environ = dict(environ)
        self._redact = context.Redactor(environ)
        self._endpoint: Endpoint | None = None
        self._models: dict[str, OpenAIModel] = {}
        self._told: set[str] = set()
        self._turn = asyncio.Lock()  # a conversation has one question at a time

    async def endpoint(self) -> Endpoint:
        """Return the endpoint in use; the first time, look for it.

        Raises:
            NoModel: none is set, and none was found on this machine.

        """
        if self._endpoint is None:
            from beaker_kernel.agent.endpoints import find_endpoint  # noqa: PLC0415 (on demand)

            self._endpoint = await find_endpoint(self._settings_for_endpoint())
        return self._endpoint

    def _settings_for_endpoint(self) -> dict[str, str]:
        named = {"BEAKER_MODEL": self._settings.model} if self._settings.model else {}
        return self._environ | named

    async def choose(self, name: str) -> None:
        """Use another model of the same endpoint from now on; an empty name looks anew."""
        if name:
            self._endpoint = replace(await self.endpoint(), model=name)
        else:
            self._endpoint = None

    async def answer(
        self, surface: Surface, question: str, *, auto: bool = False, model: str = ""
    ) -> str:
        """Answer a question on its surface, and return the answer's text.

        Raises:
            BeakerError: there is no model, no permission, no budget or no kernel any more.

        """
        async with self._turn:
            return await self._answer(surface, question, auto=auto, model=model)

    async def _answer(self, surface: Surface, question: str, *, auto: bool, model: str) -> str:
        endpoint = await self.endpoint()
        endpoint = replace(endpoint, model=model) if model else endpoint
        self._tell(surface, endpoint)
        asked = await self.describe(question)
        self.cells.take()
        self.conversation.begin_turn(context.system_prompt(self._session.language.name), asked)
        policy: Policy = "auto" if auto and self.policy == "ask" else self.policy
        agent = Agent(
            model=self._model(endpoint),
            tools=Toolbox(self._session, surface, policy, endpoint.model),
            surface=surface,
            messages=self.conversation.messages,
            redact=self._redact,
            limits=self._settings.limits,
            images=self._settings.images and not endpoint.small,
        )
        try:
            text = await agent.run()
        finally:
            self.tokens += agent.tokens
            self.conversation.end_turn()
        surface.finish(text)
        return text

    async def describe(self, question: str) -> str:
        """Return what the model would be told with a question."""
        reply = await self._session.variables()
        cells, fence = self.cells.peek(), self._session.language.fence
        return self._redact(context.compose(question, cells, reply.variables, fence))

    def reset(self) -> None:
        """Forget the conversation; the session's variables stay."""
        self.conversation = Conversation()
        self.cells.take()

    async def close(self) -> None:
        """Close the connections to the endpoint."""
        for model in self._models.values():
            await model.close()

    def _model(self, endpoint: Endpoint) -> OpenAIModel:
        if endpoint.model not in self._models:
            from beaker_kernel.agent.openai_model import OpenAIModel  # noqa: PLC0415 (on demand)

            self._models[endpoint.model] = OpenAIModel(
                endpoint=endpoint, tool_mode=self._settings.tools
            )
        return self._models[endpoint.model]

    def _tell(self, surface: Surface, endpoint: Endpoint) -> None:
        """Say once, before the first data leave, which endpoint off this machine gets them."""
        if not endpoint.local and endpoint.base_url not in self._told:
            self._told.add(endpoint.base_url)
            surface.notice(
                "Questions, recent cells, outputs and variables of this session go to "
                f"{endpoint.base_url} ({endpoint.model})."
            )
