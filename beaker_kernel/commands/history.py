"""`beaker history`: what was executed through the server."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from beaker_kernel.execution.results import Execution

SUMMARY = "find what was executed through the server, and export it as a notebook"
EXAMPLES = """examples:
  beaker history                                 # the newest ones, a line each
  beaker history groupby --status error          # whose code or output holds it
  beaker history --session report --export report.ipynb
"""
ENDS = ("ok", "error", "timeout", "interrupted", "killed")
WIDTH = 100
"""Characters of a line where the output is no terminal."""


def configure(parser: ArgumentParser) -> None:
    """Describe the options."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("text", nargs="?", help="what the code or the output holds")
    parser.add_argument("--session", metavar="ID", help="of one session")
    parser.add_argument("--language", metavar="L", help="of one language")
    parser.add_argument("--status", choices=ENDS, help="that ended so")
    parser.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most N (20)")
    parser.add_argument("--export", metavar="FILE", help="write them as a notebook, oldest first")
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.add_argument(
        "--database", metavar="URL", help="as the server's --ExecutionSettings.history"
    )
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Print, or export; return the exit status."""
    from beaker_kernel.server.environment import read_dotenv  # noqa: PLC0415

    read_dotenv()
    found = asyncio.run(_find(args))
    if args.export:
        from beaker_kernel.execution.notebook import notebook  # noqa: PLC0415

        Path(args.export).write_text(notebook(reversed(found)), encoding="utf-8")
        sys.stderr.write(f"{args.export}: {len(found)} cells\n")
        return 0
    width = os.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    for execution in found:
        line = execution.model_dump_json() if args.json else _line(execution, width)
        sys.stdout.write(line + "\n")
    return 0 if found else 1


async def _find(args: Namespace) -> list[Execution]:
    from beaker_kernel.execution.history import History, default_url  # noqa: PLC0415
    from beaker_kernel.execution.requests import Filter  # noqa: PLC0415

    wanted = Filter(
        q=args.text,
        session=args.session,
        language=args.language,
        status=args.status,
        limit=args.limit,
    )
    history = History(args.database or default_url())
    try:
        return (await history.page(wanted)).executions
    finally:
        await history.close()


def _line(execution: Execution, width: int) -> str:
    """Return when, how and what, on one line that drives no terminal."""
    started = execution.started_at
    at = started.astimezone().strftime("%Y-%m-%d %H:%M:%S") if started else ""
    code = " ⏎ ".join(line for line in execution.code.splitlines() if line.strip())
    code = "".join(c if c.isprintable() else "�" for c in code)
    head = f"{at:19}  {execution.status:11}  {execution.session_id[:16]:16}  "
    return head + (code if len(head + code) <= width else code[: width - len(head) - 1] + "…")


def _limit(given: str) -> int:
    number = int(given)
    if not 1 <= number <= 1000:
        raise ValueError(given)
    return number
