"""A person's words on code as a tape keeps them, and as they are given again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.agent.policy import PERSON, Verdict, digest
from beaker_kernel.agent.provider.replay import Word

if TYPE_CHECKING:
    from beaker_kernel.agent.briefing import Redact
    from beaker_kernel.agent.provider.replay import Tape

AGAIN = f"{PERSON}, as recorded"


def verdict_on(code: str, tape: Tape) -> Verdict | None:
    """Return the person's word while the tape was recorded; the later of two counts."""
    match tape.word(digest(code)):
        case Word("approved"):
            return Verdict(by=AGAIN, code=code)
        case Word("refused", refusal):
            return Verdict(by=AGAIN, refusal=refusal)
        case Word("edited", changed) if changed:
            return Verdict(by=AGAIN, code=changed)
    return None


def keep(code: str, verdict: Verdict, tape: Tape, redact: Redact) -> bool:
    """Keep a person's word, and say whether that could be done whole.

    Of code that they wrote with a secret only that is kept: the file is made to be committed.
    """
    word = _word(code, verdict)
    whole = word.said != "edited" or redact(word.text) == word.text
    tape.keep_word(digest(code), word if whole else Word("edited"))
    return whole


def answer(question: str, said: str, tape: Tape, redact: Redact) -> str:
    """Return what a person answers, or has answered while the tape was recorded.

    One that holds a secret is not kept.
    """
    asked = digest(question)
    if not said:
        return tape.answer(asked)
    tape.keep_answer(asked, said if redact(said) == said else "")
    return said


def _word(code: str, verdict: Verdict) -> Word:
    if verdict.code == code:
        return Word("approved")
    return Word("edited", verdict.code) if verdict.code else Word("refused", verdict.refusal)
