"""`beaker completion`: a real shell completes our command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from beaker_kernel.cli import main

SCRIPTS = Path(sys.executable).parent


def completed(line: str) -> set[str]:
    """Return what bash offers at the end of a line."""
    words = line.split(" ")
    script = f"""
eval "$(beaker completion bash)"
COMP_LINE={line!r} COMP_POINT={len(line)} COMP_TYPE=9 COMP_CWORD={len(words) - 1}
COMP_WORDS=({line})
_python_argcomplete beaker
echo "${{COMPREPLY[@]}}"
"""
    env = {**os.environ, "PATH": f"{SCRIPTS}:{os.environ['PATH']}"}
    run = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("beaker ", {"ask", "serve", "doctor", "install", "uninstall", "completion"}),
        ("beaker ins", {"install"}),
        ("beaker ask --mo", {"--model"}),
        ("beaker completion z", {"zsh"}),
    ],
)
def test_bash_completes_commands_and_options(line: str, offered: set[str]) -> None:
    assert offered <= completed(line)


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_other_shells_have_a_script_of_their_own(capsys, shell: str) -> None:
    assert main(["completion", shell]) == 0
    assert "beaker" in capsys.readouterr().out
