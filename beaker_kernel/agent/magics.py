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
_CALL = re.compile(r"\s*(?P<mark>%{1,2})(?P<name>ask|beaker|fix|edit)\b(?P<rest>.*)", re.DOTALL)
_TAKE_A_NAME = ("model", "policy", "context", "keep")
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
    name, rest = call["name"], call["rest"].strip()
    if "\n" in rest and (name == "beaker" or call["mark"] == "%"):
        raise ConfigurationError(_alone(name))
    match name:
        case "ask":
            return _ask(rest)
        case "fix":
            return Fix(rest)
        case "edit":
            return _edit(call["rest"])
    return _command(rest.split())


def _alone(name: str) -> str:
    more = "; `%%ask` takes a question of several lines" if name == "ask" else ""
    return (
        f"%{name} is one line, and what is below it has not run: give that a cell of its own{more}"
    )


def _ask(text: str) -> Ask:
    auto, model = False, ""
    while option := _OPTION.match(text):
        text = text[option.end() :]
        if option["name"] == "--auto":
            auto = True
        elif option["name"] == "--model" and option["value"]:
            model = option["value"]
        elif option["name"] == "--model":
            raise ConfigurationError("--model takes the NAME of a model")
        else:
            options = ", ".join(OPTIONS)
            message = f"%ask has no option {option['name']}; it has {options}"
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
    if name in ("-h", "--help") or name.endswith("?"):
        return Command("help")
    if (name or "help") not in COMMANDS:
        raise ConfigurationError(f"%beaker has no {name!r}; it has {', '.join(COMMANDS)}")
    if len(words) > 1 + (name in _TAKE_A_NAME):
        takes = "one word more at most" if name in _TAKE_A_NAME else "nothing more"
        raise ConfigurationError(f"%beaker {name} takes {takes}")
    if name == "policy" and argument and argument not in POLICIES:
        raise ConfigurationError(f"a policy is one of {', '.join(POLICIES)}")
    if name == "keep" and argument and argument not in SWITCH:
        raise ConfigurationError("%beaker keep is on or off")
    return Command(name or "help", argument)
