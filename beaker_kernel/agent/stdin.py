"""Questions to the person on the stdin channel, one waiting answer per frontend."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from beaker_kernel.agent.link import Incoming, Link


class Stdin:
    """Asks by `input_request` and hands each `input_reply` to who asked."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: dict[bytes, asyncio.Future[str]] = {}

    async def ask(self, identity: bytes, header: bytes, prompt: str) -> str:
        """Ask the frontend whose request `header` is, and wait for its answer."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[identity] = answer
        content = {"prompt": prompt, "password": False}
        parts = self._link.composer.compose("input_request", content, header)
        self._link.send(Verb.STDIN, identity, *parts)
        try:
            return await answer
        except asyncio.CancelledError:
            self._link.send(Verb.STDIN, identity)  # withdrawn: the next answer is somebody else's
            raise
        finally:
            del self._waiting[identity]

    def receive(self, message: Incoming) -> None:
        """Take in an answer."""
        answer = self._waiting.get(message.argument)
        if answer and not answer.done():
            answer.set_result(str(json.loads(message.content).get("value", "")))
