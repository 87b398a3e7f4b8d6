"""Questions to the person on the stdin channel, one at a time per frontend."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from typing import TYPE_CHECKING

from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from beaker_kernel.agent.link import Incoming, Link


class Stdin:
    """Asks by `input_request` and hands each `input_reply` to who asked.

    A reply doesn't say which question it answers, so a frontend has one question at a time.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._turns: defaultdict[bytes, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[bytes, asyncio.Future[str]] = {}

    async def ask(self, identity: bytes, header: bytes, prompt: str) -> str:
        """Ask the frontend whose request `header` is, and wait for its answer."""
        async with self._turns[identity]:
            answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._waiting[identity] = answer
            content = {"prompt": prompt, "password": False}
            parts = self._link.composer.compose("input_request", content, header)
            self._link.send(Verb.STDIN, identity, *parts)
            try:
                return await answer
            except asyncio.CancelledError:
                self._link.send(Verb.STDIN, identity)  # withdrawn: the next answer isn't ours
                raise
            finally:
                del self._waiting[identity]

    def receive(self, message: Incoming) -> None:
        """Take in an answer."""
        answer = self._waiting.get(message.argument)
        if answer and not answer.done():
            answer.set_result(str(json.loads(message.content).get("value", "")))
