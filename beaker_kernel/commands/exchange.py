"""One question put to a kernel: its events are shown, its questions answered, until its reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.policy import digest

if TYPE_CHECKING:
    from jupyter_client.asynchronous.client import AsyncKernelClient

    from beaker_kernel.commands.person import Person
    from beaker_kernel.commands.transcript import Transcript

JupyterMessage = dict[str, Any]


class Exchange:
    """A client's side of an `llm_request`.

    Args:
        client: a connected kernel.
        transcript: where the events are shown.
        person: who can be asked.
        auto: whether code is approved without asking.

    """

    def __init__(
        self, client: AsyncKernelClient, transcript: Transcript, person: Person, *, auto: bool
    ) -> None:
        self.interrupted = False
        self._client = client
        self._transcript = transcript
        self._person = person
        self._auto = auto

    def interrupt(self) -> None:
        """Stop the question for the person; at the second time, don't wait for the kernel."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        self.stop()

    def stop(self) -> None:
        """Stop the question, whatever the kernel is doing about it."""
        self._send("control", "interrupt_request", {})

    async def choose_model(self, name: str) -> None:
        """Have the kernel use another model; a refusal shows when it is asked."""
        content = {"model_config": {"model_name": name}}
        await self._reply(self._send("shell", "set_agent_model", content))

    async def ask(self, question: str) -> str:
        """Ask, show the answer as it comes, and return what went wrong, or nothing."""
        capabilities = ["approval", "cells", *(["ask_user"] if self._person.is_there else [])]
        request = self._send(
            "shell",
            "llm_request",
            {"request": question, "attachments": []},
            {"beaker": {"capabilities": capabilities}},
        )
        async with asyncio.TaskGroup() as tasks:
            events = tasks.create_task(self._show_events(request))
            questions = tasks.create_task(self._answer_questions())
            reply = await self._reply(request)
            self._person.leave()
            await events
            questions.cancel()
        self._transcript.end()
        return "" if reply["status"] == "ok" else f"{reply.get('ename')}: {reply.get('evalue')}"

    async def _reply(self, request: str) -> JupyterMessage:
        while True:
            message = await self._client.get_shell_msg()
            if message["parent_header"].get("msg_id") == request:
                content: JupyterMessage = message["content"]
                return content
            if message["content"].get("status") == "error" and not self.interrupted:
                self._transcript.note(str(message["content"].get("evalue")))

    async def _show_events(self, request: str) -> None:
        """Show what is published for the request, until the kernel is done with it."""
        while True:
            message = await self._client.get_iopub_msg()
            content = message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return
            if message["msg_type"] == "approval_request":
                await self._approve(content)
            else:
                self._transcript.show(message["msg_type"], content)

    async def _approve(self, asked: JupyterMessage) -> None:
        """Get the person's word on exactly the code that they see."""
        self._transcript.proposal(asked)
        decision, code = "reject", None
        if asked["sha256"] != digest(asked["code"]):
            self._transcript.note("not run: the code shown is not the code to approve")
            self._transcript.not_asked()
        elif self._auto:
            decision = "run"
        else:
            decision, code = await self._person.decide(asked["code"])
            if not self._person.is_there:
                self._transcript.not_asked()
        content = {name: asked[name] for name in ("approval_id", "sha256")} | {"decision": decision}
        self._send("shell", "approve_request", content | ({"code": code} if code else {}))

    async def _answer_questions(self) -> None:
        """Answer what the kernel asks on stdin."""
        while True:
            message = await self._client.get_stdin_msg()
            content = message["content"]
            answer = await self._person.answer(content["prompt"], hidden=content["password"])
            self._send("stdin", "input_reply", {"value": answer})

    def _send(
        self,
        channel: str,
        msg_type: str,
        content: JupyterMessage,
        metadata: JupyterMessage | None = None,
    ) -> str:
        """Send a message and return its id."""
        message = self._client.session.msg(msg_type, content, metadata=metadata)
        getattr(self._client, f"{channel}_channel").send(message)
        return str(message["header"]["msg_id"])
