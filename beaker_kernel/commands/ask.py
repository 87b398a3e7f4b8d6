"""`beaker ask`: a question from the terminal to a new or a running kernel."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from beaker_kernel.commands.exchange import Exchange
from beaker_kernel.commands.person import Nobody, Terminal
from beaker_kernel.commands.transcript import Transcript

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jupyter_client.asynchronous.client import AsyncKernelClient

    from beaker_kernel.commands.person import Person

SUMMARY = "ask a kernel a question and watch the answer come"
EXAMPLES = """examples:
  beaker ask "how do I read a CSV file without a header?"
  beaker ask --existing kernel-1234.json "why is the plot empty?"
  cat traceback.txt | beaker ask -

Exit status: 0 answered, 1 failed, 2 no such kernel or question, 130 interrupted.
"""


def configure(parser: ArgumentParser) -> None:
    """Describe the options."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("question", help="the question; - reads it from standard input")
    parser.add_argument(
        "--existing",
        metavar="FILE",
        help="a running kernel: its connection file, or a part of its name (default: a new one)",
    )
    parser.add_argument(
        "--kernel", default="beaker", metavar="NAME", help="kernelspec of a new kernel (beaker)"
    )
    parser.add_argument(
        "--auto", action="store_true", help="run the model's code without asking; it is shown"
    )
    parser.add_argument("--model", metavar="M", help="the model to use from now on")
    parser.add_argument(
        "--timeout", type=_seconds, metavar="S", help="give up after S seconds (default: never)"
    )
    parser.set_defaults(run=run)


def _seconds(given: str) -> float:
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ArgumentTypeError(f"{given!r} is no number of seconds greater than 0")
    return seconds


def run(args: Namespace) -> int:
    """Ask, and return the exit status."""
    from beaker_kernel.prctl import forbid_dumps  # noqa: PLC0415
    from beaker_kernel.server.environment import read_dotenv  # noqa: PLC0415

    forbid_dumps()  # the code of a cell could read the key from its parents
    question = sys.stdin.read() if args.question == "-" else args.question
    if not question.strip():
        sys.stderr.write("beaker: the question is empty\n")
        return 2
    read_dotenv()
    return asyncio.run(_ask(args, question))


async def _ask(args: Namespace, question: str) -> int:
    from beaker_kernel.commands import kernels  # noqa: PLC0415 (imports jupyter_client)

    transcript = Transcript(
        sys.stdout, sys.stderr, colour=sys.stdout.isatty(), status=sys.stderr.isatty()
    )
    transcript.sign("… looking for the kernel" if args.existing else "… starting a kernel")
    opened = kernels.existing(args.existing) if args.existing else kernels.started(args.kernel)
    try:
        async with opened as client:
            return await _exchange(args, question, client, transcript)
    finally:
        transcript.end()


async def _exchange(
    args: Namespace, question: str, client: AsyncKernelClient, transcript: Transcript
) -> int:
    person: Person = Terminal() if sys.stdin.isatty() else Nobody()
    exchange = Exchange(client, transcript, person, auto=args.auto)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, exchange.interrupt)
    try:
        async with asyncio.timeout(args.timeout):
            if args.model:
                await exchange.choose_model(args.model)
            failure = await exchange.ask(question)
    except TimeoutError:
        exchange.stop()
        failure = f"no answer within {args.timeout:g} seconds"
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        transcript.end()
    if failure:
        sys.stderr.write(f"beaker: {failure}\n")
    return 130 if exchange.interrupted else int(bool(failure))
