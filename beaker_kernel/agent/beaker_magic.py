"""The `%beaker` commands: each does its work and returns what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from beaker_kernel.agent.briefing import asked
from beaker_kernel.agent.frontend.markdown import Shown, block, table
from beaker_kernel.agent.question import Question
from beaker_kernel.errors import ModelError
from beaker_kernel.protocol import magic

if TYPE_CHECKING:
    from beaker_kernel.agent.assistant import Assistant
    from beaker_kernel.agent.magics import Command
    from beaker_kernel.agent.session import LiveSession
    from beaker_kernel.protocol.replies import Policy

NOT_KEPT = "not kept in the notebook"
BEFORE = "The conversation before this one; the model is told nothing of it."


async def run(command: Command, assistant: Assistant, session: LiveSession, header: bytes) -> Shown:
    """Do a command; what it puts out in the session is shown under the header.

    Raises:
        BeakerError: what it needs can't be had.

    """
    match command.name:
        case "status":
            return await _status(assistant, session)
        case "model":
            return await _model(assistant, command.argument)
        case "context" if command.argument:
            await assistant.contexts.choose(command.argument, header)
            return _said(f"context {assistant.contexts.name}")
        case "context":
            return block(await assistant.describe(Question("(your question)")))
    return _run_at_once(command, assistant)


def _run_at_once(command: Command, assistant: Assistant) -> Shown:
    match command.name:
        case "policy":
            return _policy(assistant, command.argument)
        case "keep":
            return _keep(assistant, command.argument)
        case "replay":
            return _replay(assistant)
        case "reset":
            assistant.reset()
            return _said("A new conversation begins; your variables stay.")
        case "forget":
            files = assistant.forget()
            deleted = f"{files} file{'' if files == 1 else 's'} deleted"
            return _said(f"The conversation is forgotten ({deleted}); variables stay.")
    return block(magic.HELP)


def _said(text: str) -> Shown:
    return Shown(text, text)


def _replay(assistant: Assistant) -> Shown:
    """Show what the model is told of this conversation, else of the notebook's last one."""
    current = assistant.conversation
    shown = assistant.previous() if current.is_new else current
    said = [(m["role"], str(m["content"])) for m in shown.messages if m.get("content")]
    parts = [_spoken(role, text) for role, text in said if role in ("user", "assistant")]
    text = "\n\n".join(filter(None, [shown.in_short, *parts]))
    if text and current.is_new:
        return Shown(f"*{BEFORE}*\n\n{text}", f"{BEFORE}\n\n{text}")
    return _said(text or "Nothing was said yet.")


def _spoken(role: str, text: str) -> str:
    """Return a question as a quotation, without what the session told, and an answer as it is."""
    if role == "assistant":
        return text
    question = asked(text)
    return "\n".join(f"> {line}" for line in question.splitlines())


async def _status(assistant: Assistant, session: LiveSession) -> Shown:
    try:
        endpoint = await assistant.models.endpoint()
        model = f"{endpoint.model} at {endpoint.base_url}"
    except ModelError as error:
        model = str(error)
    rows = {
        "subkernel": f"{session.kernelspec} ({session.language.name})",
        "model": model,
        "policy": assistant.policy,
        "tokens": f"{assistant.tokens:,}" + _cost(assistant.dollars),
        "sandbox": session.sandbox or "none",
    }
    return table("Beaker", rows)


def _cost(dollars: float) -> str:
    """Return what is known to be spent; of a model without a price nothing is."""
    return f" (${dollars:.4f})" if dollars else ""


async def _model(assistant: Assistant, name: str) -> Shown:
    if name:
        await assistant.models.choose(name)
    endpoint = await assistant.models.endpoint()
    where = f"at {endpoint.base_url}"
    return Shown(f"model `{endpoint.model}` {where}", f"model {endpoint.model} {where}")


def _keep(assistant: Assistant, switch: str) -> Shown:
    memory = assistant.memory
    memory.chosen = switch or memory.chosen
    kept = "kept in the notebook, too, for all who get it" if memory.keeps else NOT_KEPT
    return _said(f"Questions and answers are {kept}.")


def _policy(assistant: Assistant, name: str) -> Shown:
    if name:
        assistant.policy = cast("Policy", name)
    return Shown(f"policy `{assistant.policy}`", f"policy {assistant.policy}")
