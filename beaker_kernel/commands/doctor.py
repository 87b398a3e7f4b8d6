"""`beaker doctor`: what is there, what is wrong, and how to mend it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from beaker_kernel.commands.checks import Check, examine

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

SUMMARY = "say what is installed, which model answers, what is wrong and how to mend it"
SIGNS = {"ok": "✓", "fault": "✗", "note": "·"}


def configure(parser: ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Print every check; return 1 if one found a fault."""
    checks = asyncio.run(examine())
    as_json = json.dumps([asdict(check) for check in checks], indent=2)
    sys.stdout.write(f"{as_json if args.json else table(checks)}\n")
    return int(any(check.state == "fault" for check in checks))


def table(checks: Sequence[Check]) -> str:
    """Return the checks as lines: a sign, the name, what was found; below, how to mend it."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{SIGNS[check.state]} {check.name:{width}}  {check.found}")
        lines += [f"  {'':{width}}  → {line}" for line in check.mend.splitlines()]
    return "\n".join(lines)
