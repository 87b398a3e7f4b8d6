"""Which class a message type has, and who sends it."""

from __future__ import annotations

from typing import TypeAlias

from beaker_kernel.protocol import messages, replies, requests
from beaker_kernel.protocol.messages import Event, Message, Sign
from beaker_kernel.protocol.names import reply_type
from beaker_kernel.protocol.replies import ErrorReply, OkReply

REQUESTS: tuple[type[requests.Request], ...] = (
    requests.LlmRequest,
    requests.BriefingRequest,
    requests.ContextSetupRequest,
    requests.ContextInfoRequest,
    requests.SessionInfoRequest,
    requests.ResetRequest,
    requests.SetAgentModel,
    requests.SetPolicy,
    requests.ApproveRequest,
    requests.LlmCancelRequest,
    requests.ResumeRequest,
    requests.ConversationRequest,
    requests.ConversationsRequest,
    requests.VariablesRequest,
)
"""From the frontend, on shell."""

EVENTS: tuple[type[Event], ...] = (
    messages.LlmAsked,
    messages.LlmEnded,
    messages.LlmThought,
    messages.ToolCallUpdate,
    messages.LlmResponse,
    messages.LlmAuthFailure,
    messages.CodeCell,
    messages.AddChildCodeCell,
    messages.ContextSetupResponse,
    messages.ContextInfoResponse,
    messages.ContextInfoUpdate,
    messages.NotebookStateRequest,
    messages.LlmDelta,
    messages.LlmUsage,
    messages.LlmRetry,
    messages.ApprovalRequest,
)
"""To the frontend, on iopub."""

SIGNS: tuple[type[Sign], ...] = (messages.LlmWaiting,)
"""To the frontend, on iopub, for a moment."""

COMM_MESSAGES: tuple[type[Message], ...] = (messages.CellOp, messages.CellAck)
"""In either direction, only over the comm."""

_TELLING_REPLIES: dict[str, type[OkReply]] = {
    "briefing_request": replies.BriefingReply,
    "beaker_session_info_request": replies.SessionInfoReply,
    "llm_cancel_request": replies.LlmCancelReply,
    "resume_request": replies.ResumeReply,
    "conversation_request": replies.ConversationReply,
    "conversations_request": replies.ConversationsReply,
    "variables_request": replies.VariablesReply,
}

REPLIES: dict[str, type[OkReply]] = {
    reply_type(request.msg_type): _TELLING_REPLIES.get(request.msg_type, OkReply)
    for request in REQUESTS
}
"""To the frontend, on shell, by msg_type, where the request was done."""

MESSAGES: dict[str, type[Message]] = {
    message.msg_type: message for message in (*REQUESTS, *EVENTS, *SIGNS, *COMM_MESSAGES)
}
"""By msg_type, all that are no replies."""

Content: TypeAlias = Message | OkReply | ErrorReply
"""Whatever can be decoded."""
