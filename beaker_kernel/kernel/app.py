"""The relay process from its command line to its end.

Nothing but the standard library's lightest modules is imported before the subkernel has been
started: its start is what the person waits for, and ours happens in its shadow. So what is imported
here at the top says `TYPE_CHECKING = False` itself: the module `typing` would take a third of it.
"""

from __future__ import annotations

import os
import sys

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel import connection, kernelspecs, processes, runtime
from beaker_kernel.kernel.early import signal, suppress
from beaker_kernel.kernel.subkernel import Subkernel
from beaker_kernel.prctl import forbid_dumps

USAGE = "usage: python -P -m beaker_kernel -f CONNECTION_FILE [--resource-dir DIR]"


def main() -> None:
    """Run the relay of one kernel until it is shut down; exit with 1 if no subkernel can live."""
    signal.signal(signal.SIGINT, lambda *_: None)  # until the loop handles it
    try:
        options = parse(sys.argv[1:])
        front = connection.read(options["-f"])
        spec = kernelspecs.choose(os.environ, options.get("--resource-dir", ""))
        patience = seconds("BEAKER_START_TIMEOUT", os.environ.get("BEAKER_START_TIMEOUT") or "60")
        is_restart = connection.is_restart(options["-f"])
        connection.mark_used(options["-f"])
        folder = runtime.create()
    except (ConfigurationError, OSError, ValueError, KeyError) as error:
        sys.exit(f"beaker: {error}")
    subkernel = Subkernel(spec, front, folder)
    try:
        lived = run(subkernel, front, patience, is_restart=is_restart)
    except (ConfigurationError, OSError) as error:
        sys.exit(f"beaker: can't start: {error}")
    finally:
        subkernel.kill()
        runtime.remove(folder)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(not lived)  # a frontend waits for this: Python's own tidying takes as long as all else


def run(
    subkernel: Subkernel, front: connection.Connection, patience: float, *, is_restart: bool
) -> bool:
    """Start the subkernel, then everything else.

    Raises:
        ConfigurationError: the frontends' ports are taken.
        OSError: the subkernel can't be started, or the disk is full.

    """
    processes.make_room_for_files()
    subkernel.start()
    processes.open_more_files()
    forbid_dumps()

    from beaker_kernel.kernel.relay import Relay  # noqa: PLC0415 (after the subkernel's start)

    runtime.remove_stale()
    return Relay(front, subkernel, patience, is_restart=is_restart).run()


def seconds(name: str, told: str) -> float:
    """Read the number of seconds that a variable tells.

    Raises:
        ConfigurationError: it is none, or none that can pass.

    """
    try:
        number = float(told)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):  # false for nan, too
        raise ConfigurationError(f"{name} is a number of seconds above 0, not {told!r}")
    return number


def parse(words: list[str]) -> dict[str, str]:
    """Read the command line: options with one value each.

    Raises:
        ConfigurationError: an option has no value, or no connection file is named.

    """
    options = dict(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2 or "-f" not in options:
        raise ConfigurationError(USAGE)
    return options
