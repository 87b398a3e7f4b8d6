"""What our cells say."""

from __future__ import annotations

import pytest

from beaker_kernel.agent.magics import Ask, Command, Edit, Fix, parse
from beaker_kernel.errors import ConfigurationError


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("%ask why?", Ask("why?")),
        ("\n\n  %ask why?", Ask("why?")),
        ("%%ask\nwhy\nnow?", Ask("why\nnow?")),
        ("%ask --auto why?", Ask("why?", auto=True)),
        ("%%ask --model gpt-9 --auto\nwhy?", Ask("why?", auto=True, model="gpt-9")),
        ("%ask --model=org/name:7b why?", Ask("why?", model="org/name:7b")),
        ("%ask what does --auto do?", Ask("what does --auto do?")),
        ("%ask is 100% --true?", Ask("is 100% --true?")),
        ("%fix", Fix()),
        ("%fix by a copy\n", Fix("by a copy")),
        ("%%edit as a loop\nx = 1\n\ny\n", Edit("as a loop", "x = 1\n\ny")),
        ("%ask?", Command("help")),
        ("??%%ask", Command("help")),
        ("%beaker", Command("help")),
        ("%beaker policy?", Command("help")),
        ("%beaker --help", Command("help")),
        ("%beaker status\n\n", Command("status")),
        ("%beaker status", Command("status")),
        ("%beaker policy auto", Command("policy", "auto")),
        ("%%beaker model  gpt-9 ", Command("model", "gpt-9")),
    ],
)
def test_a_cell_is_read(code, read) -> None:
    assert parse(code) == read


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%ask", "what is the question"),
        ("%%ask --auto\n", "what is the question"),
        ("%ask --fast why?", "no option --fast; it has --auto, --model$"),
        ("%ask --model", "--model takes the NAME"),
        ("%ask why?\nx = 1", "%ask is one line, and what is below it has not run.*`%%ask`"),
        ("%fix by a copy\nx = 1", "%fix is one line"),
        ("%beaker status\nprint(1)", "%beaker is one line"),
        ("%%beaker model\ndf = 3", "%beaker is one line"),
        ("%beaker model a b", "model takes one word more"),
        ("%beaker reset x", "reset takes nothing more"),
        ("%%edit\nx = 1", "an instruction"),
        ("%%edit shorter\n \n", "the code to change"),
        ("%beaker dance", "has no 'dance'"),
        ("%beaker policy perhaps", "ask, guarded, auto, never"),
        ("%beaker keep maybe", "on or off"),
    ],
)
def test_what_makes_no_sense_is_said(code, said) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse(code)
