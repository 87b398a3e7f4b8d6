"""A question's two ends: that it is asked, and how it is over, in the conversation's events."""

from __future__ import annotations

from asyncio import CancelledError
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from beaker_kernel.errors import ModelAuthError
from beaker_kernel.protocol.messages import LlmAsked, LlmAuthFailure, LlmEnded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beaker_kernel.agent.frontend.carriers import Emitter


class Asking:
    """The questions that are being answered.

    Attributes:
        running: the msg_ids of their requests, the oldest first.

    """

    def __init__(self) -> None:
        self.running: list[str] = []

    @contextmanager
    def asked(self, emit: Emitter, msg_id: str, question: str) -> Iterator[None]:
        """Say that a question is asked, and how it ends; a stop has the name of an interrupt."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        begun = emit.conversation
        emit(LlmAsked(seq=emit.number(), request=question, asked_at=now, conversation=begun))
        self.running.append(msg_id)
        try:
            yield
        except BaseException as error:
            if isinstance(error, ModelAuthError):
                emit(LlmAuthFailure(seq=emit.number(), msg=str(error)))
            name, words = _named(error)
            emit(LlmEnded(seq=emit.number(), status="error", ename=name, evalue=words))
            raise
        else:
            emit(LlmEnded(seq=emit.number(), status="ok"))
        finally:
            self.running.remove(msg_id)


def _named(error: BaseException) -> tuple[str, str]:
    """Return an error as the reply will name it."""
    if isinstance(error, CancelledError):
        return "KeyboardInterrupt", "stopped"
    return type(error).__name__, str(error)
