"""`beaker history`: what was executed through the server."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from beaker_kernel.execution.history import History
    from beaker_kernel.execution.results import Execution

SUMMARY = "find what was executed through the server, and export it as a notebook"
EXAMPLES = """examples:
  beaker history                                 # the newest ones, a line each
  beaker history groupby --status error          # whose code or output holds it
  beaker history --session report --export report.ipynb
"""
ENDS = ("ok", "error", "timeout", "interrupted", "killed")
MOST = 1000
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
    from beaker_kernel.execution.history import default_url, missing_file  # noqa: PLC0415
    from beaker_kernel.server.environment import read_dotenv  # noqa: PLC0415

    read_dotenv()
    url = args.database or default_url()
    missing = missing_file(url)
    found = [] if missing else asyncio.run(_find(args, url))
    if not found:
        where = f": there is no history yet; it would be in {missing}" if missing else ""
        unwritten = f" ({args.export} is not written)" if args.export else ""
        sys.stderr.write(f"beaker: nothing found{where}{unwritten}\n")
        return 1
    if args.export:
        _export(Path(args.export), found)
    else:
        _print(found, as_json=args.json)
    return 0


def _print(found: list[Execution], *, as_json: bool) -> None:
    width = os.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    for execution in found:
        line = execution.model_dump_json() if as_json else _line(execution, width)
        sys.stdout.write(line + "\n")


def _export(file: Path, found: list[Execution]) -> None:
    from beaker_kernel.execution.notebook import notebook  # noqa: PLC0415

    try:
        file.write_text(notebook(reversed(found)), encoding="utf-8")
    except OSError as error:
        message = f"{file} can't be written: {error.strerror}; --export takes another file"
        raise ConfigurationError(message) from None
    sys.stderr.write(f"{file}: {len(found)} cells\n")


async def _find(args: Namespace, url: str) -> list[Execution]:
    from beaker_kernel.execution.requests import Filter  # noqa: PLC0415

    wanted = Filter(
        q=args.text,
        session=args.session,
        language=args.language,
        status=args.status,
        limit=args.limit,
    )
    history = _opened(url)
    try:
        return (await history.page(wanted)).executions
    finally:
        await history.close()


def _opened(url: str) -> History:
    """Open a database that is there.

    Raises:
        ConfigurationError: there is no driver for it, or it can't be read.

    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from beaker_kernel.execution.history import History  # noqa: PLC0415
    from beaker_kernel.execution.schema import TAKEN  # noqa: PLC0415

    try:
        return History(url, look=True)
    except (SQLAlchemyError, ModuleNotFoundError) as error:  # the latter: a driver
        shown = make_url(url).render_as_string()
        message = f"the history {shown} can't be read: {getattr(error, 'orig', error)}; {TAKEN}"
        raise ConfigurationError(message) from None


def _line(execution: Execution, width: int) -> str:
    """Return when, how and what, on one line that drives no terminal."""
    started = execution.started_at
    at = started.astimezone().strftime("%Y-%m-%d %H:%M:%S") if started else ""
    code = " ⏎ ".join(line for line in execution.code.splitlines() if line.strip())
    code = "".join(c if c.isprintable() else "�" for c in code)
    head = f"{at:19}  {execution.status:11}  {execution.session_id[:16]:16}  "
    return head + (code if len(head + code) <= width else code[: width - len(head) - 1] + "…")


def _limit(given: str) -> int:
    if not given.isdecimal() or not 1 <= int(given) <= MOST:
        raise ArgumentTypeError(f"{given!r} is no whole number from 1 to {MOST}")
    return int(given)
