"""The names on the wire that are Beaker's own.

The relay routes by these alone; it never imports the classes of `messages`, which would cost it
3 MB and 30 ms.
"""

PROTOCOL_VERSION = "1.0"
"""Sent in ``kernel_info_reply`` and the link's hello; its first number changes if clients break."""

COMM_TARGET = "beaker"
"""The comm target whose ``comm_msg`` data is an `Envelope`."""

SHELL_REQUESTS = frozenset(
    {
        "approve_request",
        "beaker_session_info_request",
        "briefing_request",
        "context_info_request",
        "context_setup_request",
        "conversation_request",
        "conversations_request",
        "llm_cancel_request",
        "llm_request",
        "reset_request",
        "resume_request",
        "set_agent_model",
        "set_policy",
        "variables_request",
    }
)
"""What arrives on shell for us and gets a reply; the active context adds its actions."""

SHELL_ANSWERS = frozenset({"notebook_state_response"})
"""What arrives on shell for us, answers a question of ours, and gets no reply."""

FREE_FORM = frozenset(
    {"kernel_state_info", "notebook_state_response", "preview", "set_chat_history"}
)
"""Messages whose content is a JSON object whose keys are not ours to name."""


def reply_type(request_type: str) -> str:
    """Name the reply to a request: ``x_request`` and ``x`` both get ``x_reply``."""
    return request_type.removesuffix("_request") + "_reply"
