"""What a cell of ours says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.protocol.magic import COMMANDS, OPTIONS, POLICIES, SWITCH

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP_CALL = re.compile(r"\s*(?:\?{1,2}%{1,2}\w+|%{1,2}\w+\?{1,2})\s*$")
_CALL = re.compile(r"\s*%{1,2}(?P<name>ask|beaker|fix|edit)\b(?P<rest>.*)", re.DOTALL)
_OPTION = re.compile(r"(?P<name>--(?:model(?=[\s=])|\S+))(?:(?<=model)[\s=]+(?P<value>\S+))?\s*")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, and what holds for it alone."""

    question: str
    auto: bool = False
    model: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """The wish for a correction of the cell that failed last, with a hint."""

    hint: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """An instruction, and the code to change by it."""

    instruction: str
    code: str


@dataclass(frozen=True, slots=True)
class Command:
    """A `%beaker` command and its argument, if it has one."""

    name: str
    argument: str = ""


def parse(code: str) -> Ask | Fix | Edit | Command:
    """Read a cell that `protocol.magic.is_magic` calls ours.

    Raises:
        ConfigurationError: an option or a command is unknown, or something is missing.

    """
    call = _CALL.match(code)
    if _HELP_CALL.match(code) or call is None:
        return Command("help")
    match call["name"]:
        case "ask":
            return _ask(call["rest"].strip())
        case "fix":
            return Fix(call["rest"].strip())
        case "edit":
            return _edit(call["rest"])
    return _command(call["rest"].split())


def _ask(text: str) -> Ask:
    auto, model = False, ""
    while option := _OPTION.match(text):
        text = text[option.end() :]
        if option["name"] == "--auto":
            auto = True
        elif option["name"] == "--model" and option["value"]:
            model = option["value"]
        else:
            message = f"%ask has no option {option[0].strip()}; {'; '.join(OPTIONS.values())}"
            raise ConfigurationError(message)
    if not text:
        raise ConfigurationError("what is the question? `%ask which column has gaps?`")
    return Ask(text, auto, model)


def _edit(text: str) -> Edit:
    instruction, _, code = text.partition("\n")
    if not instruction.strip() or not code.strip():
        raise ConfigurationError("%%edit takes an instruction, and below it the code to change")
    return Edit(instruction.strip(), code.strip("\n"))


def _command(words: Sequence[str]) -> Command:
    name, argument = [*words, "", ""][:2]
    if (name or "help") not in COMMANDS:
        raise ConfigurationError(f"%beaker has no {name!r}; it has {', '.join(COMMANDS)}")
    if name == "policy" and argument and argument not in POLICIES:
        raise ConfigurationError(f"a policy is one of {', '.join(POLICIES)}")
    if name == "keep" and argument and argument not in SWITCH:
        raise ConfigurationError("%beaker keep is on or off")
    return Command(name or "help", argument)
