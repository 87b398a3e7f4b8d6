"""`beaker serve` says in one line what can't be done as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from command import Command


@pytest.mark.parametrize("words", [("foo",), ("foo", "--port", "1")])
def test_a_first_word_that_is_neither_option_nor_folder_is_refused(
    beaker: Command, words: tuple[str, ...]
) -> None:
    done = beaker.run("serve", *words)
    assert (done.returncode, done.stderr) == (
        2,
        "beaker: there is no file or folder 'foo', nor does `serve` have subcommands; "
        "`beaker serve --help` lists its options\n",
    )


def test_a_folder_may_come_first(beaker: Command, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    done = beaker.run("serve", "work", "--allow-root", "--IdentityProvider.token=")
    assert (done.returncode, "beaker: refusing to start" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


def test_a_token_file_that_can_not_be_made_is_named(beaker: Command) -> None:
    done = beaker.run("serve", "--allow-root", "--token-file", "/no-such-folder/token")
    said = done.stderr.splitlines()[-1]
    assert done.returncode == 2
    assert said.startswith("beaker: the token file /no-such-folder/token can't be made or read: ")
    assert "Traceback" not in done.stderr
