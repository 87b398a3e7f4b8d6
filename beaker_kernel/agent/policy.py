"""What model code may do: decided here, outside the model, about the exact code."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, Protocol

from beaker_kernel.errors import ApprovalRequired

if TYPE_CHECKING:
    from beaker_kernel.protocol.replies import Policy

HOW_TO_ALLOW = (
    "the policy `ask` wants a person's word for this code, and nobody can be asked here; "
    "allow it with `%%ask --auto` in the cell or BEAKER_POLICY=auto in the environment, "
    "or replay a recorded session"
)


def digest(code: str) -> str:
    """Return the SHA-256 of code, in hex: what an approval is bound to."""
    return sha256(code.encode()).hexdigest()


def visible(code: str) -> str:
    """Return code with control, bidirectional and invisible characters written out."""
    return "".join(_shown(character) for character in code)


def _shown(character: str) -> str:
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
    return f"⟨U+{ord(character):04X}⟩" if hidden and character not in "\n\t" else character


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may run: `code` as approved or as the person changed it; nothing where it is empty."""

    decision: Literal["run", "edit", "reject"]
    code: str = ""
    by: str = ""


class Approver(Protocol):
    """Whoever can be asked for a person's word."""

    @property
    def can_approve(self) -> bool:
        """Whether a person is there to be asked."""

    async def approve(self, code: str, reason: str) -> Verdict:
        """Ask for a person's word on exactly this code, and wait for it."""


async def judge(policy: Policy, approver: Approver, code: str, reason: str) -> Verdict:
    """Decide whether code that the model wants to run may run.

    Raises:
        ApprovalRequired: the policy is ``ask``, and nobody can be asked.

    """
    if policy == "auto":
        return Verdict(decision="run", code=code, by="policy auto")
    if policy == "never":
        return Verdict(decision="reject", by="policy never")
    if not approver.can_approve:
        raise ApprovalRequired(HOW_TO_ALLOW)
    return await approver.approve(code, reason)
