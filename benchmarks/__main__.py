"""``python -m benchmarks``: measure Beaker beside plain ipykernel, and beside its bounds.

Exits with 0 if every bound is kept, 1 if one is not, 2 if the run can't say: the control shows that
the machine was too restless, or there are too few samples.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import lives, one_shot, questions, suite
from benchmarks.report import Report
from benchmarks.rows import BEAKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rows import Limit, Row

SECONDS_OF_STREAM = 120
QUICK = 2
"""Rounds of a run that only shows that everything can be measured."""


def main() -> int:
    """Run what is asked for and print the table."""
    options = _options()
    report = Report()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            measure(report, Path(folder), options)
    finally:
        print(report.markdown())
        if options.json:
            options.json.write_text(json.dumps(report.json()))
    return report.exit_code


def measure(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """Fill the report, with a note on standard error after each row."""
    for part in options.only or PARTS:
        for row in PARTS[part](folder, options):
            report.add(row)
            print(f"{row.title}: measured", file=sys.stderr)


def _lives(folder: Path, options: argparse.Namespace) -> Iterator[Row | Limit]:
    yield from lives.starts_and_ends(folder, suite.KERNELSPECS, options.heavy)
    yield from lives.crashes(folder, suite.KERNELSPECS[BEAKER], options.heavy)


def _nothing(folder: Path, options: argparse.Namespace) -> Iterator[Row | Limit]:
    yield suite.beside_nothing(folder, options.rounds)


def _server(folder: Path, options: argparse.Namespace) -> Iterator[Row | Limit]:
    yield from suite.served(folder, options.rounds)


def _one_shot(folder: Path, options: argparse.Namespace) -> Iterator[Row | Limit]:
    yield from one_shot.rows(folder / "one-shot", options.heavy)


def _questions(folder: Path, options: argparse.Namespace) -> Iterator[Row | Limit]:
    yield from questions.rows(folder, options.rounds)


def _cells(folder: Path, options: argparse.Namespace) -> Iterator[Row | Limit]:
    """Measure what needs no kernels of its own, with all kernels alive at once."""
    with (
        suite.streaming_model(folder, SECONDS_OF_STREAM) as env,
        suite.contestants(folder, env) as kernels,
    ):
        yield from suite.round_trips(kernels, options.rounds)
        yield from suite.heavy(kernels, options.heavy)
        yield suite.while_streaming(kernels, options.rounds)
        yield from suite.memory(kernels, options.gigabytes)


PARTS = {
    "lives": _lives,
    "nothing": _nothing,
    "server": _server,
    "one-shot": _one_shot,
    "questions": _questions,
    "cells": _cells,
}
"""What can be measured by itself, in the order of a whole run."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", choices=PARTS, help="measure this part; repeatable")
    add("--rounds", type=int, default=40, help="rounds of ten quick cells (default: %(default)s)")
    add("--heavy", type=int, default=20, help="rounds of starts and floods (default: %(default)s)")
    add("--gigabytes", type=int, default=10, help="memory is read after (default: %(default)s)")
    add("--quick", action="store_true", help="see that it runs: too few samples to say anything")
    add("--json", type=Path, help="also write everything, samples included, to this file")
    options = parser.parse_args()
    if options.quick:
        options.rounds = options.heavy = QUICK
        options.gigabytes = 1
    return options


if __name__ == "__main__":
    sys.exit(main())
