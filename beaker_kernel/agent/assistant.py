"""The assistant: one conversation about one session, its model and its policy."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from beaker_kernel.agent import briefing, estimate
from beaker_kernel.agent.agent import Agent
from beaker_kernel.agent.cells import Cells
from beaker_kernel.agent.contexts import Contexts
from beaker_kernel.agent.conversation import Conversation
from beaker_kernel.agent.disclosures import Disclosures
from beaker_kernel.agent.journal import Journal
from beaker_kernel.agent.models import Models
from beaker_kernel.agent.notebook import state_of
from beaker_kernel.agent.notebook_memory import NotebookMemory
from beaker_kernel.agent.notebook_rules import NotebookRules
from beaker_kernel.agent.policy import for_question, narrowest
from beaker_kernel.agent.room import BRIEFING, Room, size
from beaker_kernel.agent.summary import sum_up
from beaker_kernel.agent.toolbox import Toolbox, offered
from beaker_kernel.agent.turn import Turn
from beaker_kernel.errors import BeakerError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from beaker_kernel.agent.budget import Budget, Price
    from beaker_kernel.agent.cells import Cell
    from beaker_kernel.agent.model import Message
    from beaker_kernel.agent.provider.endpoints import Endpoint
    from beaker_kernel.agent.question import Question
    from beaker_kernel.agent.session import Session
    from beaker_kernel.agent.settings import Beaker
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.agent.tool import Tool
    from beaker_kernel.protocol.replies import Policy, Section


class Assistant:
    """Answers questions about the live session.

    Attributes:
        cells: what ran since the last question.
        tokens: used since the start.
        dollars: spent since the start, where prices are known.
        redact: takes secrets out of text.
        memory: what the notebook keeps.
        notebook_rules: what the notebook says may be done at most.
        followed: whether a frontend is there that understands the conversation's events.

    Args:
        session: the live session.
        environ: the settings.
        session_id: under which its conversations are kept; empty where they are not.
        notebook: the notebook that the session belongs to, where that is known.
        announce: told the types of request that the active context adds.
        chosen: what the person chose with an agent before this one.

    """

    def __init__(
        self,
        session: Session,
        environ: Mapping[str, str],
        session_id: str = "",
        notebook: str = "",
        *,
        announce: Callable[[Sequence[str]], None] = lambda _: None,
        chosen: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.cells = Cells()
        self.tokens = 0
        self.dollars = 0.0
        self._session = session
        self._session_id = session_id
        self._notebook = notebook
        self.notebook_rules = NotebookRules(notebook)
        self._announce = announce
        self._environ = dict(environ)
        self.redact = briefing.Redactor(environ)
        self._policy = cast("Policy | None", chosen.get("policy"))
        self._chosen = chosen
        self.followed = "followed" in chosen
        self.memory = NotebookMemory(lambda: self.settings.keep_in_notebook, chosen.get("keep", ""))
        self._disclosures = Disclosures()
        self._restarts = self._told_restarts = 0
        self._conversation: Conversation | None = None

    @property
    def conversation(self) -> Conversation:
        """What was said so far; after a crash of the agent, by the one before."""
        if self._conversation is None:
            journal = self.journal
            self._conversation = Conversation.resumed(journal) if journal else Conversation()
        return self._conversation

    @cached_property
    def journal(self) -> Journal | None:
        """Where conversations are kept, unless the person doesn't want that."""
        if not self._session_id or not self.settings.journal:
            return None
        from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415 (on demand)

        folder = Path(jupyter_data_dir()) / "beaker" / "conversations"
        return Journal(folder, self._session_id, self._notebook, self.redact)

    @cached_property
    def settings(self) -> Beaker:
        """The settings, read with the first question.

        Raises:
            ConfigurationError: a value doesn't fit; it is read again the next time.

        """
        from beaker_kernel.agent import settings  # noqa: PLC0415 (traitlets costs its import)

        return settings.load(self._environ)

    @property
    def policy(self) -> Policy:
        """Whose word model code needs, where a question says nothing else."""
        return narrowest(self._policy or self.settings.policy, self.policy_at_most)

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = _permitted(policy, self.policy_at_most)

    @property
    def policy_at_most(self) -> Policy:
        """The most that may be allowed here."""
        return narrowest(self.settings.policy_at_most, self.notebook_rules.now.policy)

    def _policy_for(self, question: Question) -> Policy:
        """Return what holds for a question, in the notebook as it was told with it.

        Raises:
            ConfigurationError: its person allows more than may be allowed here.

        """
        at_most = narrowest(self.settings.policy_at_most, question.rules.policy)
        usual = narrowest(self._policy or self.settings.policy, at_most)
        return _permitted(for_question(usual, auto=question.auto), at_most)

    @cached_property
    def models(self) -> Models:
        """Which model answers."""
        return Models(
            self.settings,
            self._environ,
            self.redact.learn,
            chosen=self._chosen.get("model", ""),
            confined=lambda: self.notebook_rules.now.local_only,
        )

    @cached_property
    def contexts(self) -> Contexts:
        """What the agent is good at."""
        name = self._chosen.get("context", self.settings.context)
        return Contexts(self._session, name, self._announce)

    @property
    def chosen(self) -> dict[str, str]:
        """What the person has chosen since the session began, crashes of the agent included."""
        now = dict(self._chosen)
        if self._policy:
            now["policy"] = self._policy
        if "models" in vars(self):
            now["model"] = self.models.chosen
        if "contexts" in vars(self):
            now["context"] = self.contexts.name
        if self.memory.chosen:
            now["keep"] = self.memory.chosen
        if self.followed:
            now["followed"] = "yes"
        return now

    async def answer(self, surface: Surface, question: Question) -> None:
        """Answer a question on its surface.

        Raises:
            BeakerError: there is no model, no permission, no budget or no kernel any more.

        """
        state = question.state or await state_of(question.notebook, surface)
        question = question._replace(state=state, rules=await self.notebook_rules.look(state))
        endpoint = await self._endpoint(surface, question)
        await self.contexts.prepare(surface.header)
        conversation, shown = self.conversation, self._new_cells(question)
        restarts = self._restarts
        policy = self._policy_for(question)
        self.memory.restore(conversation, surface, state, self.redact)
        budget = self.models.budget(endpoint)
        asked = partial(self._asked, question, surface, endpoint, budget)
        messages = await asked(0)
        turn = Turn(
            session=self._session,
            surface=surface,
            policy=policy,
            model=endpoint.model,
            messages=messages,
            redact=self.redact,
            tape=self.models.tape,
            notebook=question.notebook,
            budget=budget,
        )
        agent = self._agent(turn, endpoint, messages, asked, question.since)
        try:
            surface.finish(await agent.run())
        finally:
            self.tokens += budget.tokens
            self.dollars += budget.dollars
            conversation.keep(messages)
            self.cells.forget(shown)
            self._told_restarts = max(self._told_restarts, restarts)

    async def _endpoint(self, surface: Surface, question: Question) -> Endpoint:
        """Find who is to be asked, and tell the person what they should know before."""
        named = question.model
        found = await (self.models.find(named) if named else self.models.endpoint())
        endpoint = self.models.permitted(found, confined=question.rules.local_only)
        question.attached.check(endpoint.model, images=self.models.shows_images(endpoint))
        told = [*question.rules.told, *self.contexts.problems]
        self._disclosures.tell(surface, endpoint, self._folders_rules(question), told)
        return endpoint

    async def _asked(
        self,
        question: Question,
        surface: Surface,
        endpoint: Endpoint,
        budget: Budget,
        beside: int,
    ) -> list[Message]:
        """Return the messages that ask a question; what has no room in them is summed up.

        What has followed it stands `beside` them, in characters.
        """
        model, room = self.models.model(endpoint), self.models.room(endpoint)
        files = question.attached.told(room, self.redact)
        briefed = await self._briefing(question, room, beside=beside + len(files))
        await sum_up(self.conversation, model=model, surface=surface, budget=budget, room=room)
        asked = self.conversation.ask(*briefed, alone="conversation" in question.without)
        return question.attached.join(files, asked)

    def _agent(
        self,
        turn: Turn,
        endpoint: Endpoint,
        messages: list[Message],
        anew: Callable[[int], Awaitable[list[Message]]],
        since: float | None,
    ) -> Agent:
        return Agent(
            model=self.models.model(endpoint),
            tools=Toolbox(turn, self.contexts.tools, self.settings.tool_policies),
            surface=turn.surface,
            messages=messages,
            redact=self.redact,
            budget=turn.budget,
            room=self.models.room(endpoint),
            anew=anew,
            images=self.models.shows_images(endpoint),
            waited_for_since=since,
        )

    @property
    def history(self) -> dict[str, Any] | None:
        """What the notebook is to keep of the conversation; none where that isn't wanted."""
        return self.memory.content(self.conversation, self.redact)

    async def _briefing(
        self, question: Question, room: Room, *, beside: int = 0
    ) -> tuple[str, str]:
        """Return the system's message and the one that asks; turns without room are taken out."""
        system = self._system(self._folders_rules(question))
        told = briefing.joined(await self._parts(question, room))
        specs = [tool.spec for tool in self._offered(question)]
        own = size([{"content": system}, {"content": told}], specs)
        self.conversation.fit(room.characters - own - beside, at_least=0)
        return system, told

    def _folders_rules(self, question: Question) -> str:
        """Return what the rules file of this folder says, unless the person leaves it out."""
        left_out = "rules" in question.without
        return "" if left_out else briefing.read_rules(Path.cwd(), self.redact)

    def _system(self, rules: str) -> str:
        field = self.contexts.active.prompt
        return briefing.system_prompt(self._session.language.name, rules, field)

    async def _parts(self, question: Question, room: Room) -> dict[str, str]:
        text, state, without = question.text, question.state, question.without
        cells = self._new_cells(question)
        variables = await briefing.look(self._session, text, cells, without)
        names = [variable.name for variable in variables.variables] if variables else []
        return briefing.parts(
            text,
            cells,
            variables,
            self._session.language.fence,
            self.redact,
            restarted=self._restarts > self._told_restarts
            and bool(cells or not self.conversation.is_new),
            changed=self.cells.changed_since(state.cells, names) if state else [],
            outputs="outputs" not in without,
            room=room.characters * BRIEFING,
        )

    def _new_cells(self, question: Question) -> list[Cell]:
        return [] if "cells" in question.without else self.cells.peek()

    async def sections(self, question: Question) -> list[Section]:
        """Return what the model would be sent with a question, part by part."""
        earlier = [] if "conversation" in question.without else self.conversation.earlier
        room, _ = await self._in_use()
        told = await self._parts(question, room)
        texts = {
            "instructions": self._system(""),
            "rules": self._folders_rules(question),
            "conversation": "\n\n".join(map(briefing.spoken, earlier)),
            **told,
        }
        return estimate.sections(texts, self._offered(question), room)

    async def describe(self, question: Question) -> str:
        """Return what the model would be sent with a question, and about what it takes."""
        room, price = await self._in_use()
        messages = self.conversation.ask(*await self._briefing(question, room))
        return estimate.described(messages, self._offered(question), room, price)

    def _offered(self, question: Question) -> tuple[Tool, ...]:
        """Return the tools that the model is told of with a question."""
        return offered(self.contexts.tools, self.settings.tool_policies, question.notebook)

    async def _in_use(self) -> tuple[Room, Price | None]:
        with suppress(BeakerError):  # what is sent can be seen before there is a model
            endpoint = await self.models.endpoint()
            return self.models.room(endpoint), self.models.price(endpoint)
        return Room(), None

    def acting(self, surface: Surface) -> Turn:
        """Return what an action may use: a person asks for it, so nobody need be asked again."""
        return Turn(
            session=self._session,
            surface=surface,
            policy="auto",
            model="",
            messages=(),
            redact=self.redact,
            author="person",
        )

    def restart(self) -> None:
        """Take in that the subkernel ended: the namespace of the next one is empty."""
        self._restarts += 1
        self.cells.restart()

    def reset(self) -> None:
        """Begin anew, without the conversation and the cells; the session's variables stay."""
        if self._conversation:
            self._conversation.journal = None  # a question that is being answered ends in vain
        self._conversation = Conversation(self.journal)
        self.memory.may_restore = False
        self._told_restarts = self._restarts
        self.cells.forget(self.cells.peek())

    def previous(self) -> Conversation:
        """Return this notebook's last conversation on disk, to be looked at."""
        conversation = Conversation()
        conversation.read(self.journal.previous()[1] if self.journal else [])
        return conversation

    def forget(self) -> int:
        """Begin anew, delete what was kept of this notebook, and return how many files it was."""
        self.reset()
        return self.journal.forget() if self.journal else 0

    async def close(self) -> None:
        """Close the connections to the endpoint, and the journal."""
        if self._conversation and self.journal:
            self.journal.close()
        if "models" in vars(self):
            await self.models.close()


def _permitted(policy: Policy, at_most: Policy) -> Policy:
    """Return a policy that somebody asks for.

    Raises:
        ConfigurationError: it allows more than may be allowed here.

    """
    if narrowest(policy, at_most) != policy:
        raise ConfigurationError(f"policy {policy}: at most `{at_most}` may be allowed here")
    return policy
