"""The agent process: reads the link, gives each request a task, and frames its answer."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent import settings
from beaker_kernel.agent.assistant import Assistant
from beaker_kernel.agent.carriers import Comm, Native, comm_capabilities
from beaker_kernel.agent.link import Incoming, Link
from beaker_kernel.agent.requests import Requests
from beaker_kernel.agent.session import LiveSession
from beaker_kernel.agent.stdin import Stdin
from beaker_kernel.errors import BeakerError, ConfigurationError, ModelError
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from beaker_kernel.agent.carriers import Carrier

LINK = 3
"""The file descriptor on which the relay hands over the link."""
QUESTIONS = frozenset({"llm_request", "execute_request"})
"""What an interrupt stops."""

log = logging.getLogger("beaker.agent")


def main() -> None:
    """Run the agent until the relay ends."""
    logging.basicConfig(level=logging.WARNING, format="beaker agent: %(message)s")
    _forbid_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt comes over the link
    asyncio.run(_main())


async def _main() -> None:
    await App(await Link.open(LINK)).run()


def _forbid_dumps() -> None:
    """Keep other processes of the same user out of our memory, where the key is (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 (only there)

        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


class App:
    """One agent on one link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._session = LiveSession(link)
        self._stdin = Stdin(link)
        self._questions: dict[str, asyncio.Task[None]] = {}
        self._comms: dict[str, tuple[str, ...]] = {}
        self._misconfigured: ConfigurationError | None = None
        self._assistant: Assistant
        self._requests: Requests

    async def run(self) -> None:
        """Serve until the relay closes the link."""
        async with asyncio.TaskGroup() as tasks:
            async for message in self._link.messages():
                self._receive(message, tasks)
            self.cancel()
        await self._assistant.close()
        self._link.close()

    def cancel(self, msg_id: str | None = None) -> tuple[str, ...]:
        """Stop one question or all, and return which."""
        stopped = tuple(i for i in self._questions if msg_id in (None, i))
        for question in stopped:
            self._questions[question].cancel()
        return stopped

    def _receive(self, message: Incoming, tasks: asyncio.TaskGroup) -> None:
        match message.verb:
            case Verb.SHELL | Verb.CONTROL:
                self._begin(message, tasks)
            case Verb.CELL:
                self._assistant.cells.add(message)
            case Verb.STDIN:
                self._stdin.receive(message)
            case Verb.NOTE:
                self._note(message.argument.decode(), message.content)
            case _:
                self._session.receive(message)

    def _note(self, name: str, content: bytes) -> None:
        match name:
            case "config":
                self._configure(json.loads(content))
            case "started":
                self._session.started(**json.loads(content))
            case "dead":
                self._session.died()
            case "interrupt":
                self.cancel()

    def _configure(self, config: dict[str, Any]) -> None:
        environ = config["settings"]
        self._link.composer.session = config["session"]
        try:
            chosen = settings.load(environ)
        except ConfigurationError as error:
            self._misconfigured, chosen = error, settings.Beaker()
        self._assistant = Assistant(self._session, chosen, environ)
        self._requests = Requests(
            self._link, self._session, self._assistant, self._stdin, self.cancel
        )
        self._link.note("hello", b"[]")

    def _begin(self, message: Incoming, tasks: asyncio.TaskGroup) -> None:
        """Give a request its task; the comm's own opening and closing need none."""
        comm_id = json.loads(message.content).get("comm_id", "")
        match message.msg_type:
            case "comm_open":
                self._comms[comm_id] = comm_capabilities(message)
                return
            case "comm_close":
                self._comms.pop(comm_id, None)
                return
            case "comm_msg":
                carrier: Carrier = Comm(self._link, message, self._comms.get(comm_id, ()))
            case _:
                carrier = Native(self._link, message)
        task = tasks.create_task(self._serve(carrier))
        if carrier.msg_type in QUESTIONS:
            self._questions[message.msg_id] = task
            task.add_done_callback(lambda _: self._questions.pop(message.msg_id, None))

    async def _serve(self, carrier: Carrier) -> None:
        """Answer a request; whatever happens, it gets its reply."""
        try:
            if self._misconfigured:
                raise self._misconfigured
            carrier.reply(await self._requests.find(carrier.msg_type)(carrier))
        except asyncio.CancelledError:
            self._fail(carrier, "KeyboardInterrupt", "stopped")
            raise
        except BeakerError as error:
            self._fail(
                carrier, type(error).__name__, str(error), shown=isinstance(error, ModelError)
            )
        except Exception as error:  # the edge of dispatch: the agent lives on
            log.exception("%s failed", carrier.msg_type)
            self._fail(carrier, type(error).__name__, str(error))

    def _fail(self, carrier: Carrier, ename: str, evalue: str, *, shown: bool = False) -> None:
        """Send an error as the reply, and under a cell as its output unless that was `shown`."""
        error = {"ename": ename, "evalue": evalue, "traceback": [f"{ename}: {evalue}"]}
        if carrier.msg_type == "execute_request" and not shown:
            carrier.emit("error", error)
        carrier.reply({"status": "error", **error, "execution_count": self._execution_count()})

    def _execution_count(self) -> int:
        return self._assistant.cells.execution_count
