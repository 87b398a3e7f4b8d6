"""`beaker completion`: the script by which a shell completes our command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SUMMARY = 'print a script for Tab completion: eval "$(beaker completion bash)"'
SHELLS = ("bash", "zsh", "fish", "powershell")


def configure(parser: ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that completes")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Print the script."""
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415 (nobody else needs it)

    sys.stdout.write(shellcode(["beaker"], shell=args.shell))
    return 0
