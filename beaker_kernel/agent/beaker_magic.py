"""The `%beaker` commands: each does its work and returns what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from beaker_kernel.agent.markdown import Shown, block, table
from beaker_kernel.errors import ModelError
from beaker_kernel.protocol import magic

if TYPE_CHECKING:
    from beaker_kernel.agent.assistant import Assistant
    from beaker_kernel.agent.magics import Command
    from beaker_kernel.protocol.replies import Policy


async def run(command: Command, assistant: Assistant, subkernel: str) -> Shown:
    """Do a command, in a session of that subkernel.

    Raises:
        BeakerError: what it needs can't be had.

    """
    match command.name:
        case "status":
            return await _status(assistant, subkernel)
        case "model":
            return await _model(assistant, command.argument)
        case "policy":
            return _policy(assistant, command.argument)
        case "context":
            return block(await assistant.describe("(your question)"))
        case "reset":
            assistant.reset()
            text = "The conversation is forgotten; your variables stay."
            return Shown(text, text)
    return block(magic.HELP)


async def _status(assistant: Assistant, subkernel: str) -> Shown:
    try:
        endpoint = await assistant.endpoint()
        model = f"{endpoint.model} at {endpoint.base_url}"
    except ModelError as error:
        model = str(error)
    rows = {
        "subkernel": subkernel,
        "model": model,
        "policy": assistant.policy,
        "tokens": f"{assistant.tokens:,}",
        "sandbox": "none",
    }
    return table("Beaker", rows)


async def _model(assistant: Assistant, name: str) -> Shown:
    if name:
        await assistant.choose(name)
    endpoint = await assistant.endpoint()
    where = f"at {endpoint.base_url}"
    return Shown(f"model `{endpoint.model}` {where}", f"model {endpoint.model} {where}")


def _policy(assistant: Assistant, name: str) -> Shown:
    if name:
        assistant.policy = cast("Policy", name)
    return Shown(f"policy `{assistant.policy}`", f"policy {assistant.policy}")
