"""Where a question's answer appears: what the agent may say to the person, and ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel.agent.policy import Approver

if TYPE_CHECKING:
    from beaker_kernel.agent.budget import Budget
    from beaker_kernel.agent.model import Retry, ToolCall, Usage
    from beaker_kernel.protocol.messages import LlmWaiting, ToolState


class Surface(Approver, Protocol):
    """The person's side of one question."""

    @property
    def header(self) -> bytes:
        """The header of the request: what runs for this question is shown under it."""

    @property
    def takes_cells(self) -> bool:
        """Whether a person is there who can run a cell that is put before them."""

    def delta(self, text: str, *, thought: bool = False) -> None:
        """Show a piece of the answer."""

    def retry(self, retry: Retry) -> None:
        """Say that the model is asked again, and why."""

    def waiting(self, waiting: LlmWaiting) -> None:
        """Say what is waited for, until something else is shown; it is not kept."""

    def usage(self, usage: Usage, budget: Budget, cost: float | None) -> None:
        """Say what a completion took and cost, and what is used of the budget."""

    def notice(self, text: str) -> None:
        """Say something that is not the model's."""

    def tool_started(self, call: ToolCall) -> None:
        """Show that a tool runs."""

    def tool_ended(
        self, call: ToolCall, state: ToolState, output: str = "", error: str = ""
    ) -> None:
        """Show what became of it."""

    def cell(self, code: str) -> None:
        """Put code into a new cell, without running it."""

    def placed(self, code: str) -> None:
        """Show code that the notebook has taken, as a new cell or as a difference."""

    def code(self, code: str, record: dict[str, Any]) -> None:
        """Show code that runs for this question; `record` says whose it is and who allowed it."""

    def withheld(self, code: str, record: dict[str, Any]) -> None:
        """Show code that would have run, had there been somebody to allow it."""

    async def ask(self, question: str) -> str:
        """Ask the person a question and return the answer; empty where nobody can be asked."""

    def finish(self, text: str) -> None:
        """Show the whole answer, at the end."""
