"""`beaker serve` says in one line what can't be done as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from traitlets.config import Config

from beaker_kernel.server.app import HeadlessServer

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


def test_the_help_tells_the_port_and_indents_its_examples_alike(beaker: Command) -> None:
    lines = beaker.run("serve", "--help").stdout.splitlines()
    port = lines.index("--port=<Int>")
    assert "    Default: 8888" in lines[port : port + 5]
    examples = [line for line in lines if "beaker serve " in line and "#" in line]
    assert {line.index("beaker serve") for line in examples} == {4}
    assert len(examples) == 4


def test_the_port_comes_from_the_option_else_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert HeadlessServer().port == 8888
    monkeypatch.setenv("JUPYTER_PORT", "9001")
    assert HeadlessServer().port == 9001
    assert HeadlessServer(config=Config({"ServerApp": {"port": 9002}})).port == 9002
