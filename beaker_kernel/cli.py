"""The command `beaker`: each subcommand is a module of `beaker_kernel.commands`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from beaker_kernel import __version__
from beaker_kernel.commands import ask, completion, doctor, history, install, serve
from beaker_kernel.errors import BeakerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; return 0 (done), 1 (failed), 2 (can't be done) or 130 (interrupted)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["serve"]:
        return _status(lambda: serve.run(words[1:]))
    described = parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what may stand at its cursor
        import argcomplete  # noqa: PLC0415

        argcomplete.autocomplete(described)
    args = described.parse_args(words)
    return _status(lambda: args.run(args))


def _status(run: Callable[[], int]) -> int:
    """Run a subcommand; say what can't be done as it was asked for."""
    try:
        return run()
    except BeakerError as error:
        sys.stderr.write(f"beaker: {error}\n")
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    described = argparse.ArgumentParser(
        prog="beaker", description="A Jupyter kernel that you can talk to."
    )
    described.add_argument("--version", action="version", version=f"beaker {__version__}")
    commands = described.add_subparsers(title="commands", required=True, metavar="COMMAND")
    commands.add_parser("serve", help=serve.SUMMARY, add_help=False)
    ask.configure(commands.add_parser("ask", help=ask.SUMMARY, description=ask.SUMMARY))
    doctor.configure(commands.add_parser("doctor", help=doctor.SUMMARY, description=doctor.SUMMARY))
    for action, configure, summary in (
        ("install", install.configure, install.SUMMARY),
        ("uninstall", install.configure_uninstall, install.UNINSTALL_SUMMARY),
    ):
        configure(commands.add_parser(action, help=summary, description=summary))
    summary = history.SUMMARY
    history.configure(commands.add_parser("history", help=summary, description=summary))
    summary = completion.SUMMARY
    completion.configure(commands.add_parser("completion", help=summary, description=summary))
    return described


if __name__ == "__main__":
    sys.exit(main())
