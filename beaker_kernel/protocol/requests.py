"""What a frontend asks, on shell or over the comm: the content of each request, one dataclass.

Each gets its reply (`protocol.replies`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from beaker_kernel.protocol.messages import Decision, Message, Object, Part
from beaker_kernel.protocol.replies import Policy  # noqa: TC001 (pydantic reads it)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Message):
    """What a frontend asks on shell, or over the comm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmRequest(Request):
    """A question; `attachments` are files of the kernel's folder, as paths in it.

    At most eight: images are shown, texts told. `without` is what the model isn't told.
    """

    msg_type = "llm_request"
    request: str
    attachments: tuple[str, ...] = ()
    without: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingRequest(Request):
    """Ask what the model would be sent with a question."""

    msg_type = "briefing_request"
    request: str = ""
    without: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSetupRequest(Request):
    """Choose a context and, by `language` or `subkernel` (a kernelspec), where it runs."""

    msg_type = "context_setup_request"
    context: str
    context_info: Object = field(default_factory=dict)
    language: str | None = None
    subkernel: str | None = None
    debug: bool | None = None
    verbose: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextInfoRequest(Request):
    """Ask for a `ContextInfoResponse`."""

    msg_type = "context_info_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfoRequest(Request):
    """Ask which model, policy and subkernel this session has."""

    msg_type = "beaker_session_info_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetRequest(Request):
    """Forget the conversation and set the context up anew; the session's variables stay."""

    msg_type = "reset_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAgentModel(Request):
    """Choose the model: a profile by `provider_id`, or `model_name`; with neither, look anew."""

    msg_type = "set_agent_model"
    provider_id: str | None = None
    model_config: Object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicy(Request):
    """Choose whose word code of the model needs."""

    msg_type = "set_policy"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRequest(Request):
    """A person's word on an `ApprovalRequest`; `code` is what they made of it, for ``edit``."""

    msg_type = "approve_request"
    approval_id: str
    sha256: str
    decision: Decision
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCancelRequest(Request):
    """Stop the question whose request has `msg_id`, or every one."""

    msg_type = "llm_cancel_request"
    msg_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest(Request):
    """Ask for a conversation's events after the sequence number `since`, then the live ones."""

    msg_type = "resume_request"
    since: int
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRequest(Request):
    """Ask for a conversation's messages: one of those that are kept, or the current one's."""

    msg_type = "conversation_request"
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsRequest(Request):
    """Ask which conversations are kept of this notebook: all, or those in which `search` stands."""

    msg_type = "conversations_request"
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesRequest(Request):
    """Ask for the session's variables: those in `names`, or the `limit` newest."""

    msg_type = "variables_request"
    names: tuple[str, ...] | None = None
    limit: int = 50
