"""What stands in for `json`, `signal` and `contextlib` early on does as they do."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.kernel import early

if TYPE_CHECKING:
    from pathlib import Path

JSON = [
    "{}",
    ' {"a": [1, 2.5, -1e3, "é\\u00e9\\n", null, true]}\n',
    "\t[]",
    '"x"',
    "0",
    "NaN",
    "[[{}]]",
]
GARBAGE = [
    "",
    " ",
    "{",
    '{"a": }',
    "[1,]",
    "{} x",
    "nul",
    "'a'",
    '{"a" 1}',
    "\ufeff{}",
    '"\n"',
    "[" * 9,
]


@pytest.mark.parametrize("text", JSON)
def test_json_is_read_as_the_standard_module_reads_it(text: str) -> None:
    assert repr(early.loads(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_refused_with_the_standard_modules_words(text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(text, encoding="utf-8")
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as ours:
        early.load(str(tmp_path / "file"))
    assert ours.value.msg == theirs.value.msg


def test_what_is_written_is_read_again() -> None:
    values: dict[str, str | int] = {'a "key"': "é\n\\ \u2028", "port": 1, "none": ""}
    assert json.loads(early.dumps_flat(values)) == values
    assert early.dumps_flat({}) == "{}"


def test_only_what_is_expected_is_suppressed() -> None:
    with early.suppress(KeyError, OSError):
        raise FileNotFoundError
    with pytest.raises(ValueError, match="loud"), early.suppress(KeyError):
        raise ValueError("loud")


def test_signals_have_the_numbers_and_handlers_of_the_standard_module() -> None:
    assert early.signal.SIGKILL == signal.SIGKILL
    old = early.signal.signal(early.signal.SIGUSR1, early.signal.SIG_IGN)
    try:
        assert signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, old)
