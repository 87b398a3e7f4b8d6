"""What a run found, as a Markdown table and as JSON."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from benchmarks.rows import BEAKER, CONTROL, PLAIN, WITHIN, Limit, Row

RATIOS = "A ratio is the median over the rounds of the ratio of medians in each (middle half)."
PACKAGES = ("ipykernel", "jupyter-client", "pyzmq", "tornado")
COLUMNS = ("", "plain", "control", "beaker", "p90", "p99", "ratio", "bound", "")
HEAD = f"| {' | '.join(COLUMNS)} |\n|---{'|--:' * (len(COLUMNS) - 2)}|---|"


@dataclass
class Report:
    """All rows of one run, and how busy the machine was."""

    rows: list[Row | Limit] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)

    def add(self, row: Row | Limit) -> None:
        """Keep a row, and the load average at its end."""
        self.rows.append(row)
        self.loads.append(os.getloadavg()[0])

    @property
    def void(self) -> list[str]:
        """The titles of the rows that can't say anything."""
        return [row.title for row in self.rows if isinstance(row, Row) and row.is_void]

    @property
    def exit_code(self) -> int:
        """0: every bound is kept; 1: one is not; 2: the run says nothing."""
        return 2 if self.void else int(not all(row.passes for row in self.rows))

    def markdown(self) -> str:
        """Return the table; p90 and p99 are given as beaker's beside plain's."""
        lines = [HEAD, *map(_line, self.rows)]
        busy = f"Load average {min(self.loads, default=0):.1f}-{max(self.loads, default=0):.1f}"
        where = f"{os.cpu_count()} cores, {_versions()}"
        return "\n".join([*lines, "", RATIOS, f"{busy}, {where}.", "", self._verdict()])

    def _verdict(self) -> str:
        if self.void:
            span = f"{1 - WITHIN:.2f}-{1 + WITHIN:.2f}"
            return f"VOID: control outside {span}, or too few samples, in {', '.join(self.void)}."
        return "All bounds are kept." if self.exit_code == 0 else "A bound is NOT kept."

    def json(self) -> dict[str, Any]:
        """Return everything, samples included."""
        return {
            "void": self.void,
            "loads": self.loads,
            "rows": [_described(row) for row in self.rows],
        }


def _versions() -> str:
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return ", ".join([f"Python {platform.python_version()}", *packages])


def _line(row: Row | Limit) -> str:
    mark = "reported" if row.bound is None else "pass" if row.passes else "FAIL"
    if isinstance(row, Limit):
        bound = "" if row.bound is None else f"{row.bound:g} {row.unit}"
        return f"| {row.title} | | | {row.value:.2f} {row.unit} | | | | {bound} | {mark} |"
    bound = "" if row.bound is None else f"x{row.bound:.2f}"
    medians = (f"{row.median(name):.2f}" for name in (PLAIN, CONTROL))
    p90, p99 = (
        " / ".join(f"{row.quantile(name, part):.2f}" for name in (BEAKER, PLAIN))
        for part in (0.9, 0.99)
    )
    return (
        f"| {row.title}, {row.unit} (n={len(row.samples(BEAKER))}) | {' | '.join(medians)} "
        f"(x{row.ratio(CONTROL):.3f}) | {row.median(BEAKER):.2f} | {p90} | {p99} "
        f"| x{row.ratio(BEAKER):.3f} {row.spread(BEAKER)} | {bound} "
        f"| {'void' if row.is_void else mark} |"
    )


def _described(row: Row | Limit) -> dict[str, Any]:
    told = {"title": row.title, "bound": row.bound, "unit": row.unit, "passes": row.passes}
    if isinstance(row, Limit):
        return told | {"value": row.value}
    return told | {
        "void": row.is_void,
        "ratio": row.ratio(BEAKER),
        "control": row.ratio(CONTROL),
        "samples": {name: row.samples(name) for name in (PLAIN, CONTROL, BEAKER)},
    }
