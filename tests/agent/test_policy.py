"""Whose word decides, and about what."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from beaker_kernel.agent.policy import (
    Verdict,
    digest,
    for_question,
    judge,
    narrowest,
    refused,
    visible,
)
from beaker_kernel.errors import ApprovalRequired

pytestmark = pytest.mark.anyio


@dataclass
class Person:
    """Somebody who may be there, and has made up their mind."""

    verdict: Verdict
    can_approve: bool = True
    asked: list[tuple[str, bool]] = field(default_factory=list)

    async def approve(self, code: str, *, untrusted: bool) -> Verdict:
        self.asked.append((code, untrusted))
        return self.verdict


YES = Verdict(by="the person", code="x")


async def test_auto_runs_the_code_as_it_is_and_asks_nobody() -> None:
    person = Person(refused("the person"))
    verdict = await judge("auto", person, "x", untrusted=True, sandboxed=False)
    assert (verdict.code, verdict.by, person.asked) == ("x", "policy auto", [])


async def test_never_runs_nothing_and_asks_nobody() -> None:
    person = Person(YES)
    verdict = await judge("never", person, "x", untrusted=False, sandboxed=False)
    assert (verdict.code, person.asked) == ("", [])
    assert verdict.refusal.startswith("policy never refused it")


async def test_ask_leaves_it_to_the_person_and_says_what_the_model_has_read() -> None:
    person = Person(YES)
    assert await judge("ask", person, "x", untrusted=True, sandboxed=False) is YES
    assert person.asked == [("x", True)]


async def test_ask_without_anybody_names_the_ways_to_allow_it() -> None:
    with pytest.raises(ApprovalRequired, match=r"%%ask --auto.*BEAKER_POLICY=auto.*replay"):
        await judge("ask", Person(YES, can_approve=False), "x", untrusted=False, sandboxed=False)


@pytest.mark.parametrize(
    ("untrusted", "sandboxed", "asked"),
    [(False, False, 0), (False, True, 0), (True, True, 0), (True, False, 1)],
)
async def test_guarded_asks_once_the_model_has_read_what_others_wrote_outside_a_sandbox(
    untrusted, sandboxed, asked
) -> None:
    person = Person(YES)
    verdict = await judge("guarded", person, "x", untrusted=untrusted, sandboxed=sandboxed)
    assert (verdict.code, len(person.asked)) == ("x", asked)


def test_of_several_policies_the_narrowest_holds() -> None:
    assert narrowest("auto", "guarded") == "guarded"
    assert narrowest("ask", "auto", "never") == "never"


@pytest.mark.parametrize(
    ("policy", "held"),
    [("ask", "auto"), ("guarded", "auto"), ("auto", "auto"), ("never", "never")],
)
def test_a_question_can_allow_what_was_not_forbidden(policy, held) -> None:
    assert for_question(policy, auto=True) == held
    assert for_question(policy, auto=False) == policy


def test_characters_that_hide_code_are_written_out() -> None:
    code = "a = 1 \u202e# \u200b\u2066x\x1b[2K\r\n\tb\U000e0041"
    shown = visible(code)
    for hidden in ("U+202E", "U+200B", "U+2066", "U+001B", "U+000D", "U+E0041"):
        assert f"⟨{hidden}⟩" in shown
    assert "\n\tb" in shown


@pytest.mark.parametrize(
    "number",
    [
        *(0x00A0, 0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180F, 0x2065, 0x2800),
        *(0x3000, 0x3164, 0xFE00, 0xFE0F, 0xFFA0, 0xFFF0, 0xFFF8, 0x1BCA0, 0x1D173),
        *(0xE0000, 0xE0100, 0xE01EF, 0xE0FFF),
    ],
)
def test_a_character_that_draws_nothing_is_written_out(number) -> None:
    assert visible(f"a{chr(number)} b") == f"a⟨U+{number:04X}⟩ b"


def test_readable_text_of_any_script_stays_as_it_is() -> None:
    assert visible("größe = '数' # ß é א") == "größe = '数' # ß é א"


def test_the_digest_is_that_of_the_exact_code() -> None:
    assert digest("x") == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert digest("x ") != digest("x")
    assert len(digest("\ud800")) == 64
