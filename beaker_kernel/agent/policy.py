"""What model code may do: decided here, outside the model, about the exact code."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from beaker_kernel.errors import ApprovalRequired

if TYPE_CHECKING:
    from beaker_kernel.protocol.replies import Policy

HOW_TO_ALLOW = (
    "the policy wants a person's word for this code, and nobody can be asked here; "
    "allow it with `%%ask --auto` in the cell or BEAKER_POLICY=auto in the environment, "
    "or approve it once while BEAKER_REPLAY=record, and run with BEAKER_REPLAY=replay"
)
PERSON = "the person"
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})
_BLANK = re.compile(
    "[\u034f\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u2065\u2800"
    "\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What draws nothing in the other categories: Default_Ignorable_Code_Point, fillers, blank braille.

`dev_ui/src/conversation/visible.ts` has the same.
"""
_ORDER: tuple[Policy, ...] = ("never", "ask", "guarded", "auto")
"""From what allows least."""


def digest(code: str) -> str:
    """Return the SHA-256 of code, in hex: what an approval is bound to."""
    return sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def visible(code: str) -> str:
    """Return code with control, bidirectional and invisible characters written out."""
    return "".join(_shown(character) for character in code)


def _shown(character: str) -> str:
    hidden = unicodedata.category(character) in _HIDDEN or _BLANK.match(character)
    return f"⟨U+{ord(character):04X}⟩" if hidden and character not in " \n\t" else character


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may run.

    Attributes:
        by: who decided.
        code: as approved, or as the person changed it; empty where nothing may run.
        refusal: why not, in words for the model.

    """

    by: str
    code: str = ""
    refusal: str = ""


def refused(by: str) -> Verdict:
    """Return the verdict that nothing runs."""
    return Verdict(by=by, refusal=f"{by} refused it; offer it with insert_cell, or do without")


class Approver(Protocol):
    """Whoever can be asked for a person's word."""

    @property
    def can_approve(self) -> bool:
        """Whether a person is there to be asked."""

    async def approve(self, code: str, *, untrusted: bool) -> Verdict:
        """Ask for a person's word on exactly this code, and wait for it.

        `untrusted` says that the model had read cells or outputs before it wrote the code.
        """


def narrowest(*policies: Policy) -> Policy:
    """Return the one that allows least."""
    return min(policies, key=_ORDER.index)


def permitted(at_most: Policy) -> tuple[Policy, ...]:
    """Return those that allow no more than one does."""
    return _ORDER[: _ORDER.index(at_most) + 1]


def for_question(policy: Policy, *, auto: bool) -> Policy:
    """Return what holds for a question whose person said `auto`; what is forbidden stays so."""
    return "auto" if auto and policy != "never" else policy


async def judge(
    policy: Policy, approver: Approver, code: str, *, untrusted: bool, sandboxed: bool
) -> Verdict:
    """Decide whether code that the model wants to run may run.

    ``guarded`` lets it run while the model has read nothing but the person's own words, and in a
    sandbox always; elsewhere it asks.

    Raises:
        ApprovalRequired: a person's word is needed, and nobody can be asked.

    """
    if policy == "auto" or (policy == "guarded" and (sandboxed or not untrusted)):
        return Verdict(by=f"policy {policy}", code=code)
    if policy == "never":
        return refused("policy never")
    if not approver.can_approve:
        raise ApprovalRequired(HOW_TO_ALLOW)
    return await approver.approve(code, untrusted=untrusted)
