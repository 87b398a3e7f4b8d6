"""One question being answered: what its tools may use, each piece of code judged by the policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent import briefing, recorded
from beaker_kernel.agent.budget import Budget
from beaker_kernel.agent.outputs import shorten
from beaker_kernel.agent.policy import PERSON, Verdict, digest, judge, narrowest
from beaker_kernel.agent.tool import ToolResult, refused
from beaker_kernel.errors import ApprovalRequired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beaker_kernel.agent.briefing import Redact
    from beaker_kernel.agent.model import Message
    from beaker_kernel.agent.notebook import Notebook
    from beaker_kernel.agent.provider.replay import Tape
    from beaker_kernel.agent.session import Execution, Session
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.protocol.replies import Policy

OUTPUT = 8_000
"""Characters of a tool's result that the model sees."""
NOT_KEPT = "What you wrote holds a secret, so it isn't recorded; a replay has to ask again."


@dataclass(frozen=True, slots=True)
class Turn:
    """What tools and actions are handed.

    Attributes:
        session: where code runs; a tool runs it by `run`, which asks the policy.
        surface: where the person sees it, and is asked.
        policy: whose word it needs.
        model: the name of whoever wrote it, for the record.
        messages: what the model has read.
        redact: takes secrets out of what goes to the model.
        tape: where the person's word on code is kept, and found where nobody can be asked.
        author: who wants code to run, for the record.
        notebook: the cells, where the frontend lets them be changed.
        budget: what the question may take.
        code_policy: whose word code needs, where that allows less than `policy`.

    """

    session: Session
    surface: Surface
    policy: Policy
    model: str
    messages: Sequence[Message]
    redact: Redact
    tape: Tape | None = None
    author: str = "model"
    notebook: Notebook | None = None
    budget: Budget = field(default_factory=Budget)
    code_policy: Policy = "auto"

    @property
    def may_run(self) -> bool:
        """Whether code may run at all, be it on a person's word."""
        return "never" not in (self.policy, self.code_policy)

    async def run(self, code: str) -> ToolResult:
        """Run code in the live session, if it may; its output is shown under the question.

        Raises:
            ApprovalRequired: the policy wants a person's word, and nobody can be asked.
            KernelDied: the subkernel ended meanwhile.

        """
        if not code.strip():
            return refused("there is no code to run")
        verdict = await self.judge_code(code)
        if not verdict.code:
            return refused(f"not run: {verdict.refusal}")
        self.surface.code(verdict.code, self.record(verdict.code, verdict.by))
        left = self.budget.limits.output - self.budget.output
        execution = await self.session.execute(verdict.code, self.surface.header, most=left)
        self.budget.output += execution.size
        return self._result(execution, verdict.code if verdict.code != code else "")

    async def judge_code(self, code: str) -> Verdict:
        """Decide about code that is to run in the live session.

        Raises:
            ApprovalRequired: the policy wants a person's word, and nobody can be asked.

        """
        policy = narrowest(self.policy, self.code_policy)
        return await self._judge(policy, code, sandboxed=bool(self.session.sandbox))

    async def judge(self, call: str) -> Verdict:
        """Decide about a call as it stands written; no sandbox holds it.

        Raises:
            ApprovalRequired: the policy wants a person's word, and nobody can be asked.

        """
        return await self._judge(self.policy, call, sandboxed=False)

    async def _judge(self, policy: Policy, code: str, *, sandboxed: bool) -> Verdict:
        untrusted = briefing.holds_session_text(self.messages)
        try:
            verdict = await judge(
                policy, self.surface, code, untrusted=untrusted, sandboxed=sandboxed
            )
        except ApprovalRequired:
            again = recorded.verdict_on(code, self.tape) if self.tape else None
            if again is None or again.refusal:
                self.surface.withheld(code, self.record(code, None))
            if again is None:
                raise
            return again
        tape = self.tape if verdict.by == PERSON else None
        if tape and not recorded.keep(code, verdict, tape, self.redact):
            self.surface.notice(NOT_KEPT)
        return verdict

    def record(self, code: str, approved_by: str | None) -> dict[str, Any]:
        """Return what an output's metadata say of the code that made it."""
        return {
            "author": self.author,
            "model": self.model,
            "sha256": digest(code),
            "approved_by": approved_by,
        }

    def provenance(self, code: str, approved_by: str | None) -> dict[str, Any]:
        """Return what a cell's metadata say of how its code came there."""
        asked = [briefing.said(m) for m in self.messages if m.get("role") == "user"]
        prompt = next(filter(None, reversed(asked)), "")
        return self.record(code, approved_by) | {"prompt_sha256": digest(prompt)}

    def data(self, text: str) -> str:
        """Return text as the model may read it: bounded, without secrets, marked as data."""
        return briefing.fenced(shorten(self.redact(text), OUTPUT))

    def _result(self, execution: Execution, changed: str) -> ToolResult:
        text = execution.outputs.text(OUTPUT, self.redact) or "(no output)"
        said = f"The person changed the code to:\n{changed}\n" if changed else ""
        error = execution.error
        return ToolResult(said + briefing.fenced(text), execution.outputs.images, error)
