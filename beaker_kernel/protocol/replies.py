"""What is answered on shell: the content of each reply, one dataclass.

A request whose reply has no class of its own gets a plain `OkReply`; any may get an `ErrorReply`.
The field ``status`` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Policy = Literal["ask", "guarded", "auto", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OkReply:
    """The request was done; the replies that say more derive from this one."""

    status: Literal["ok"] = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """The request failed, in Jupyter's words, or was ``aborted`` because one before it failed."""

    status: Literal["error", "aborted"] = "error"
    ename: str = ""
    evalue: str = ""
    traceback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfoReply(OkReply):
    """What this session is made of; `model` and `endpoint` are missing until one is known.

    `policies` and `models` (profiles, by name) are what can be chosen.
    """

    conversation: str
    context: str
    language: str
    subkernel: str
    policy: Policy
    model: str | None = None
    endpoint: str | None = None
    policies: tuple[Policy, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of what the model is sent, and about how many tokens it takes."""

    name: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingReply(OkReply):
    """What the model would be sent, in order."""

    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCancelReply(OkReply):
    """The requests that were stopped, by msg_id."""

    cancelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeReply(OkReply):
    """The events up to `seq` have been sent again; `running` are the questions still answered.

    `first` is there where older ones were asked for than can be had: it is the oldest that is sent.
    """

    conversation: str
    seq: int
    running: tuple[str, ...] = ()
    first: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReply(OkReply):
    """The messages in the chat API's shape; `version` grows with each change."""

    version: int
    messages: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConversation:
    """A conversation on disk: when it began (ISO 8601), its first question, how many there are."""

    id: str
    began: str
    question: str
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsReply(OkReply):
    """What is kept, the newest first."""

    conversations: tuple[KeptConversation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable, bounded: nothing here grows with the value.

    `shape` is the length along each dimension (one for a list, a string, a mapping), `size` the
    bytes that the object itself takes, as far as it says so cheaply.
    """

    name: str
    type: str
    preview: str
    shape: tuple[int, ...] | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesReply(OkReply):
    """Some of the session's `total` variables, oldest first."""

    variables: tuple[Variable, ...] = ()
    total: int = 0
