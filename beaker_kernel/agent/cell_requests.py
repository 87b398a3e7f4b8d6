"""What the agent answers to a cell of ours: `%ask`, `%fix`, `%%edit`, `%beaker`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beaker_kernel.agent import beaker_magic, changes, magics
from beaker_kernel.agent.magics import Ask, Command, Fix
from beaker_kernel.agent.notebook import state_of
from beaker_kernel.agent.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.agent.assistant import Assistant
    from beaker_kernel.agent.changes import Change
    from beaker_kernel.agent.frontend.carriers import Carrier
    from beaker_kernel.agent.frontend.cell_surface import CellSurface
    from beaker_kernel.agent.frontend.comms import Comms
    from beaker_kernel.agent.frontend.surfaces import Surfaces
    from beaker_kernel.agent.magics import Edit
    from beaker_kernel.agent.notebook import NotebookCell, NotebookState
    from beaker_kernel.agent.session import LiveSession


class CellRequests:
    """The agent's answers to `execute_request`s.

    Args:
        session: the live session.
        assistant: who answers questions.
        comms: the frontends that let cells be changed.
        surfaces: where answers appear.
        stop: stops what else is being answered.

    """

    def __init__(
        self,
        session: LiveSession,
        assistant: Assistant,
        comms: Comms,
        surfaces: Surfaces,
        *,
        stop: Callable[[], object],
    ) -> None:
        self._session = session
        self._assistant = assistant
        self._comms = comms
        self._surfaces = surfaces
        self._stop = stop

    async def execute_request(self, carrier: Carrier) -> dict[str, Any]:
        """Answer one of our cells: `%ask`, `%%ask` or `%beaker`."""
        count = await self._execution_count()
        code = str(carrier.content["code"])
        if not carrier.content.get("silent"):
            carrier.emit("execute_input", {"code": code, "execution_count": count})
        match magics.parse(code):
            case Command() as command:
                surface = await self._obey(command, carrier)
            case Ask() as question:
                surface = await self._answer(question, carrier)
            case wish:
                surface = await self._offer(wish, carrier)
        return {
            "status": "ok",
            "execution_count": count,
            "payload": surface.payload,
            "user_expressions": {},
        }

    async def _obey(self, command: Command, carrier: Carrier) -> CellSurface:
        with self._surfaces.cell(carrier) as surface:
            state = await self._taken_over(command, carrier, surface)
            await self._assistant.notebook_rules.look(state)
            if command.name in ("forget", "reset"):
                self._stop()
            header = carrier.header
            surface.show(await beaker_magic.run(command, self._assistant, self._session, header))
            if command.name == "keep":
                self._tell(carrier, self._assistant.history)
            if command.name == "forget":
                assistant = self._assistant
                self._tell(carrier, assistant.memory.forgotten(assistant.conversation, state))
        return surface

    async def _taken_over(
        self, command: Command, carrier: Carrier, surface: CellSurface
    ) -> NotebookState | None:
        """Return the notebook where a command changes what it keeps; that is read before it is."""
        if command.name not in ("forget", "keep"):
            return None
        assistant = self._assistant
        state = await state_of(self._surfaces.notebook(carrier), surface)
        if command.name == "keep" and command.argument != "off":
            assistant.memory.restore(assistant.conversation, surface, state, assistant.redact)
        return state

    async def _answer(self, ask: Ask, carrier: Carrier) -> CellSurface:
        with (
            self._surfaces.cell(carrier) as surface,
            self._surfaces.kept(surface, ask.question, carrier) as kept,
        ):
            notebook = self._surfaces.notebook(carrier)
            question = Question(
                ask.question, auto=ask.auto, model=ask.model, notebook=notebook, since=carrier.came
            )
            await self._assistant.answer(kept, question)
            self._tell(carrier, self._assistant.history)
        return surface

    async def _offer(self, wish: Fix | Edit, carrier: Carrier) -> CellSurface:
        """Answer with other code, as a difference of its cell where the frontend can show that."""
        change, asked = self._change(wish), str(carrier.content["code"])
        with (
            self._surfaces.cell(carrier, change.before) as surface,
            self._surfaces.kept(surface, asked, carrier) as kept,
        ):
            state = None
            if notebook := self._surfaces.notebook(carrier):
                state = await state_of(notebook, kept)
            if notebook and state:
                notebook.corrects = self._corrected(carrier, wish, state)
            question = Question(
                change.question,
                notebook=notebook if state else None,
                state=state,
                since=carrier.came,
            )
            await self._assistant.answer(kept, question)
            self._tell(carrier, self._assistant.history)
        return surface

    def _corrected(
        self, carrier: Carrier, wish: Fix | Edit, state: NotebookState
    ) -> NotebookCell | None:
        """Return the cell that is to be corrected: the one that failed, or the one that asks."""
        if isinstance(wish, Fix):
            failed = self._assistant.cells.failed
            return next((c for c in state.cells if failed and c.source == failed.source), None)
        return next((c for c in state.cells if c.id == carrier.metadata.get("cellId")), None)

    def _tell(self, carrier: Carrier, history: dict[str, Any] | None) -> None:
        """Have the notebook keep the conversation, where that is wanted."""
        if history:
            self._comms.tell(carrier, "set_chat_history", history)

    def _change(self, wish: Fix | Edit) -> Change:
        fence = self._session.language.fence
        if isinstance(wish, Fix):
            failed, redact = self._assistant.cells.failed, self._assistant.redact
            return changes.fix(wish, failed, fence, redact)
        return changes.edit(wish, fence)

    async def _execution_count(self) -> int:
        """Return the count of the last cell; one that an agent before this one saw is asked for."""
        cells = self._assistant.cells
        cells.execution_count = cells.execution_count or await self._session.execution_count()
        return cells.shown_count
