"""Where answers appear: a surface for each question, and the notebook that it may change."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.frontend.asking import Asking
from beaker_kernel.agent.frontend.carriers import Emitter
from beaker_kernel.agent.frontend.cell_surface import CellSurface
from beaker_kernel.agent.frontend.event_surface import Approvals, EventSurface
from beaker_kernel.agent.frontend.witnessed import Witnessed
from beaker_kernel.protocol import messages
from beaker_kernel.protocol.codec import encode
from beaker_kernel.protocol.frames import msg_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from beaker_kernel.agent.assistant import Assistant
    from beaker_kernel.agent.frontend.carriers import Carrier
    from beaker_kernel.agent.frontend.comms import Comms
    from beaker_kernel.agent.frontend.stdin import Stdin
    from beaker_kernel.agent.link import Link
    from beaker_kernel.agent.notebook import Notebook
    from beaker_kernel.agent.session import LiveSession


class Surfaces:
    """Makes the surfaces of one agent.

    Args:
        link: to the relay.
        session: the live session.
        assistant: whose conversation keeps what is said.
        stdin: where the person is asked.
        comms: the frontends that let cells be changed.

    Attributes:
        approvals: the code that waits for a person's word.
        asking: the questions that are being answered.

    """

    def __init__(
        self, link: Link, session: LiveSession, assistant: Assistant, stdin: Stdin, comms: Comms
    ) -> None:
        self._link = link
        self._session = session
        self._assistant = assistant
        self._stdin = stdin
        self._comms = comms
        self.approvals = Approvals()
        self.asking = Asking()

    def cell(self, carrier: Carrier, before: str = "") -> CellSurface:
        """Return the output area of a cell; `before` is code that the answer is to replace."""
        fence = self._session.language.fence
        return CellSurface(self._link, self._stdin, carrier, fence, before)

    def events(
        self,
        header: bytes,
        emit: Emitter,
        capabilities: Sequence[str] = (),
        ask_on_stdin: Callable[[str], Awaitable[str]] | None = None,
    ) -> EventSurface:
        """Return what sends a question's events."""
        return EventSurface(
            header=header,
            emit=emit,
            number=emit.number,
            approvals=self.approvals,
            capabilities=capabilities,
            ask_on_stdin=ask_on_stdin,
            language=self._session.language.name,
        )

    @contextmanager
    def kept(self, surface: CellSurface, question: str, carrier: Carrier) -> Iterator[Witnessed]:
        """Have what is shown in a cell kept as events, and sent once a frontend follows them."""
        asked = msg_id(surface.header)
        assistant = self._assistant
        emit = Emitter(carrier, assistant.conversation, asked, lambda: assistant.followed)
        with self.asking.asked(emit, asked, question):
            yield Witnessed(surface, self.events(surface.header, emit))

    def notebook(self, carrier: Carrier) -> Notebook | None:
        """Return the notebook that asks, where its frontend lets cells be changed."""
        return self._comms.notebook(carrier, self.asked_for_notebook)

    def asked_for_notebook(self) -> dict[str, Any]:
        """Return the content of an event that asks for the notebook."""
        emit = Emitter(None, self._assistant.conversation)
        event = messages.NotebookStateRequest(seq=emit.number())
        emit(event)
        return encode(event)
