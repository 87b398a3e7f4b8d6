"""`beaker doctor`: what is there, what is wrong, and how to mend it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from beaker_kernel.agent.frontend.prose import OVERWRITE
from beaker_kernel.commands.checks import PACKAGES, Check, examine

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

SUMMARY = "say what is installed, which model answers, what is wrong and how to mend it"
WIDTH = max(len(name) for name in PACKAGES)
"""Characters of the longest name of a check."""
SIGNS = {"ok": "✓", "fault": "✗", "note": "·"}


def configure(parser: ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Print every check as it is known; return 1 if one found a fault."""
    checks = asyncio.run(_examined(shown=not args.json))
    if args.json:
        sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=2) + "\n")
    return int(any(check.state == "fault" for check in checks))


async def _examined(*, shown: bool) -> list[Check]:
    checks = []
    try:
        async for check in examine(_sign):
            checks.append(check)
            if shown:
                _sign()
                sys.stdout.write(table([check], WIDTH) + "\n")
                sys.stdout.flush()
    finally:
        _sign()
    return checks


def _sign(text: str = "") -> None:
    """Say what is being looked at, until anything else is said; on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(OVERWRITE + (f"… {text}" if text else ""))
        sys.stderr.flush()


def table(checks: Sequence[Check], width: int = 0) -> str:
    """Return the checks as lines: a sign, the name, what was found; below, how to mend it."""
    width = max(width, *(len(check.name) for check in checks))
    lines = []
    for check in checks:
        lines.append(f"{SIGNS[check.state]} {check.name:{width}}  {check.found}")
        lines += [f"  {'':{width}}  → {line}" for line in check.mend.splitlines()]
    return "\n".join(lines)
