"""What a person asks, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from beaker_kernel.agent.attachments import NONE
from beaker_kernel.agent.notebook_rules import ANY

if TYPE_CHECKING:
    from collections.abc import Collection

    from beaker_kernel.agent.attachments import Attachments
    from beaker_kernel.agent.notebook import Notebook, NotebookState
    from beaker_kernel.agent.notebook_rules import Rules
    from beaker_kernel.protocol.messages import Part


class Question(NamedTuple):
    """One question.

    Attributes:
        text: the person's words.
        auto: whether they have said that code may run for it.
        model: whom they ask; empty for the one in use.
        notebook: where cells can be changed, if they can.
        state: how the notebook is, as far as that is told already.
        rules: what the notebook says may be done at most.
        without: what the model isn't told with it; it may be told with the next one.
        attached: the files that it brings along.
        since: since when they wait, by the monotonic clock; None for now.

    """

    text: str
    auto: bool = False
    model: str = ""
    notebook: Notebook | None = None
    state: NotebookState | None = None
    rules: Rules = ANY
    without: Collection[Part] = ()
    attached: Attachments = NONE
    since: float | None = None
