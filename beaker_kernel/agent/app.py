"""The agent process: reads the link, gives each request a task, and frames its answer."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.assistant import Assistant
from beaker_kernel.agent.frontend.carriers import Native
from beaker_kernel.agent.frontend.comms import Comms
from beaker_kernel.agent.frontend.stdin import Stdin
from beaker_kernel.agent.link import Incoming, Link
from beaker_kernel.agent.log import begin as begin_log
from beaker_kernel.agent.requests import Requests
from beaker_kernel.agent.session import LiveSession
from beaker_kernel.errors import BeakerError
from beaker_kernel.prctl import forbid_dumps
from beaker_kernel.protocol.frames import Composer
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from beaker_kernel.agent.frontend.carriers import Carrier

LINK = 3
"""The file descriptor on which the relay hands over the link."""
QUESTIONS = frozenset({"llm_request", "execute_request"})
"""What an interrupt stops."""

log = logging.getLogger("beaker.agent")


def main() -> None:
    """Run the agent until the relay ends."""
    forbid_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt comes over the link
    asyncio.run(_main())


async def _main() -> None:
    link = await Link.open(LINK)
    messages = link.messages()
    config = json.loads((await anext(messages)).content)
    app = App(link, config)
    begin_log(app.redact)
    await app.run(messages)


class App:
    """One agent on one link; `config` is the first thing that the relay says on it.

    Attributes:
        redact: takes secrets out of text.

    """

    def __init__(self, link: Link, config: dict[str, Any]) -> None:
        link.composer = Composer(config["session"])
        self._link = link
        self._session = LiveSession(link)
        self._stdin = Stdin(link)
        self._comms = Comms(link)
        notebook = os.environ.get("JPY_SESSION_NAME", "")
        self._assistant = Assistant(
            self._session,
            config["settings"],
            config["session"],
            notebook,
            announce=self._announce,
            chosen=config.get("chosen", {}),
        )
        self._chosen = self._assistant.chosen
        self._requests = Requests(
            link,
            self._session,
            self._assistant,
            stdin=self._stdin,
            comms=self._comms,
            cancel=self.cancel,
        )
        self.redact = self._assistant.redact
        self._serving: dict[str, tuple[Carrier, asyncio.Task[None]]] = {}
        self._began: float | None = config.get("began")

    async def run(self, messages: AsyncIterator[Incoming]) -> None:
        """Serve until the relay closes the link."""
        async with asyncio.TaskGroup() as tasks:
            async for message in messages:
                try:
                    self._receive(message, tasks)
                except Exception:  # the edge of dispatch: one bad message ends nothing
                    log.exception("dropped a message on %s", message.verb)
            for _, task in self._serving.values():
                task.cancel()
        await self._assistant.close()
        self._link.close()

    def cancel(self, msg_id: str | None = None) -> dict[str, bytes]:
        """Stop one question or all but the one that wants it; return their headers by msg_id."""
        stopped = {}
        for asked, (carrier, task) in self._serving.items():
            if task is asyncio.current_task():
                continue
            if carrier.msg_type in QUESTIONS and msg_id in (None, asked):
                stopped[asked] = carrier.header
                task.cancel()
        return stopped

    def _announce(self, actions: Sequence[str]) -> None:
        """Tell the relay which requests are ours besides those that it knows."""
        self._link.note("hello", json.dumps(actions).encode())

    def _receive(self, message: Incoming, tasks: asyncio.TaskGroup) -> None:
        match message.verb:
            case Verb.SHELL | Verb.CONTROL:
                self._begin(message, tasks)
            case Verb.CELL:
                self._assistant.cells.add(message)
            case Verb.STDIN:
                self._stdin.receive(message)
            case Verb.NOTE:
                self._note(message.argument.decode(), message.content.decode())
            case _:
                self._session.receive(message)

    def _note(self, name: str, content: str) -> None:
        match name:
            case "session":
                self._link.composer.session = content
            case "started":
                self._session.started(**json.loads(content))
            case "refused":
                self._session.refused(content)
            case "dead":
                self._session.died()
                self._assistant.restart()
            case "interrupt":
                self.cancel()

    def _begin(self, message: Incoming, tasks: asyncio.TaskGroup) -> None:
        """Give a request its task; what nobody waits for needs none."""
        if self._began is not None:  # for the first one we were started, and it has waited since
            message, self._began = message._replace(came=self._began), None
        match message.msg_type:
            case "comm_open":
                self._comms.open(message)
            case "comm_close":
                self._comms.close(message)
            case "comm_msg" if self._comms.take_answer(message):
                pass
            case "comm_msg":
                self._start(message.msg_id, self._comms.carrier(message), tasks)
            case "notebook_state_response":
                self._comms.take_state(message)
            case _:
                self._start(message.msg_id, Native(self._link, message), tasks)

    def _start(self, msg_id: str, carrier: Carrier, tasks: asyncio.TaskGroup) -> None:
        task = tasks.create_task(self._serve(carrier))
        self._serving[msg_id] = carrier, task
        task.add_done_callback(lambda task: self._served(msg_id, carrier, task))

    async def _serve(self, carrier: Carrier) -> None:
        """Answer a request."""
        try:
            reply = await self._requests.answer(carrier)
            self._tell_chosen()  # first: whoever has the reply may end us
            carrier.reply(reply)
        except BeakerError as error:
            self._fail(carrier, type(error).__name__, str(error))
        except Exception as error:  # the edge of dispatch: the agent lives on
            log.exception("%s failed", carrier.msg_type)
            self._fail(carrier, type(error).__name__, str(error))

    def _served(self, msg_id: str, carrier: Carrier, task: asyncio.Task[None]) -> None:
        """Forget a request; one that was stopped, even before it began, gets its reply here."""
        del self._serving[msg_id]
        if task.cancelled():
            self._fail(carrier, "KeyboardInterrupt", "stopped")

    def _tell_chosen(self) -> None:
        """Tell the relay what the person has chosen, for an agent that follows this one."""
        if (chosen := self._assistant.chosen) != self._chosen:
            self._chosen = chosen
            self._link.note("chosen", json.dumps(chosen).encode())

    def _fail(self, carrier: Carrier, ename: str, evalue: str) -> None:
        """Send an error as the reply, and under a cell as its output."""
        self._tell_chosen()
        error: dict[str, Any] = {
            "ename": ename,
            "evalue": evalue,
            "traceback": [f"{ename}: {evalue}"],
        }
        if carrier.msg_type == "execute_request" and isinstance(carrier, Native):
            carrier.emit("error", error)
            error["execution_count"] = self._assistant.cells.shown_count
        carrier.reply({"status": "error", **error})
