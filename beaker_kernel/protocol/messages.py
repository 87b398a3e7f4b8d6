"""What is said in Beaker's own messages: the content of each, one dataclass.

What a frontend asks stands in `protocol.requests`, what it is answered in `protocol.replies`; here
is what happens on the way.

docs/reference/protocol.md says who sends which. A class carries its ``msg_type``; a field that is
``None`` is left out on the wire, and a field that nobody here knows is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from beaker_kernel.protocol.names import PROTOCOL_VERSION

Object: TypeAlias = dict[str, Any]
"""A JSON object whose keys are not ours to name."""

Capability = Literal["approval", "cells", "ask_user", "notebook"]
CellOperation = Literal["insert", "replace", "delete", "move", "run", "diff"]
Decision = Literal["run", "edit", "reject"]
Part = Literal["rules", "conversation", "variables", "cells", "outputs"]
"""What is told with a question that a person can leave out."""
ToolState = Literal["running", "done", "error", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The content of one message."""

    msg_type: ClassVar[str]


# Events: on iopub, to the frontend, with the request as parent.


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    """What happens on the way to a reply; `seq` counts the conversation's events from 1.

    `question` is the msg_id of the request that it belongs to. Live the parent says it; it stands
    in an event that is sent again.
    """

    seq: int
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmAsked(Event):
    """A question of a conversation begins to be answered; the time is ISO 8601."""

    msg_type = "llm_asked"
    request: str
    asked_at: str
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmEnded(Event):
    """A question is over, in the words of its reply."""

    msg_type = "llm_ended"
    status: Literal["ok", "error"]
    ename: str | None = None
    evalue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model uses, as `LlmThought` shows it."""

    tool_call_id: str
    tool_name: str
    tool_input: Any
    state: ToolState


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmThought(Event):
    """A step of the model: what it thinks, and the tools that it uses next."""

    msg_type = "llm_thought"
    thought: str
    thought_id: str
    tool_name: str | None = None
    tool_input: Any = None
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallUpdate(Event):
    """A tool's progress; times are ISO 8601, `output_preview` is cut where `output_truncated`."""

    msg_type = "tool_call_update"
    tool_call_id: str
    state: ToolState
    started_at: str | None = None
    ended_at: str | None = None
    output_preview: str | None = None
    output_truncated: bool | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmResponse(Event):
    """The whole answer, at the end."""

    msg_type = "llm_response"
    text: str
    name: Literal["response_text"] = "response_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmAuthFailure(Event):
    """The endpoint refused the key."""

    msg_type = "llm_auth_failure"
    msg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell(Event):
    """Insert a cell, don't run it."""

    msg_type = "code_cell"
    language: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteRequestMsg:
    """The running request whose outputs a frontend adopts, by its header's msg_id."""

    header: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class AddChildCodeCell(Event):
    """Insert a cell whose code is running already, or runs if `autoexecute`."""

    msg_type = "add_child_codecell"
    language: str
    code: str
    autoexecute: bool
    execute_request_msg: ExecuteRequestMsg
    action: Literal["code_cell"] = "code_cell"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInfo:
    """The agent's name and its tools, each with a description."""

    name: str
    tools: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextInfo(Event):
    """The active context: where it runs, what it can do."""

    language: str
    subkernel: str
    config: Object
    actions: dict[str, Object]
    agent: AgentInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSetupResponse(ContextInfo):
    """The context has been set up."""

    msg_type = "context_setup_response"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextInfoResponse(ContextInfo):
    """The answer to a `ContextInfoRequest`."""

    msg_type = "context_info_response"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextInfoUpdate(ContextInfo):
    """The context has changed by itself."""

    msg_type = "context_info_update"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStateRequest(Event):
    """Ask the frontend for the notebook; it answers with a ``notebook_state_response`` on shell."""

    msg_type = "notebook_state_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmDelta(Event):
    """A piece of the answer, as it comes; of the model's reasoning, where `thought`."""

    msg_type = "llm_delta"
    text: str
    thought: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much of a limit is used."""

    kind: Literal["steps", "tokens", "seconds", "bytes"]
    limit: float
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmUsage(Event):
    """What a completion took."""

    msg_type = "llm_usage"
    prompt_tokens: int
    completion_tokens: int
    budget: Budget
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmRetry(Event):
    """The model is asked again after `delay_s` seconds."""

    msg_type = "llm_retry"
    reason: str
    delay_s: float
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest(Event):
    """Code that waits for a person's word; `untrusted`: the model has read cells or outputs."""

    msg_type = "approval_request"
    approval_id: str
    code: str
    sha256: str
    language: str
    reason: str
    untrusted: bool


# Signs: on iopub, to the frontend, beside the events.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(Message):
    """What is so for a moment, until the next event: it has no number, and is not sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmWaiting(Sign):
    """What is waited for: the answer to request `attempt` of `attempts`, silent for `seconds`.

    It is sent in `again_in_s` seconds, if that is there, since the one before it failed for a
    `reason`. Where `thinking`, the model is at its reasoning.
    """

    msg_type = "llm_waiting"
    model: str
    seconds: float
    attempt: int
    attempts: int
    reason: str | None = None
    again_in_s: float | None = None
    thinking: bool | None = None


# On the comm, in either direction.


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The data of a ``comm_msg``: a message's type, its content, and the id of the exchange."""

    type: str
    content: Object
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOp(Message):
    """Change the notebook, if the cell still is what `expected_sha256` says.

    `after` is the cell below which one is moved, empty for the top; ``insert`` puts a code cell
    below `cell_id`, or where the frontend sees fit; ``diff`` offers the person a change, without
    `source` a deletion. What `beaker` says is set in the cell's metadata, key by key.
    """

    msg_type = "cell_op"
    op: CellOperation
    cell_id: str
    expected_sha256: str
    source: str | None = None
    after: str | None = None
    beaker: Object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellAck(Message):
    """What became of a `CellOp`: which cell it is now, and the hash of its source."""

    msg_type = "cell_ack"
    ok: bool
    cell_id: str
    sha256: str
    reason: str | None = None


# In Jupyter's own messages.


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFeatures:
    """The ``beaker`` object of ``kernel_info_reply``."""

    capabilities: tuple[str, ...]
    subkernel: str
    sandbox: str | None = None
    protocol_version: str = PROTOCOL_VERSION
