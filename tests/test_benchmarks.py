"""The benchmarks can still be run, and don't mistake a quick run for a result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_quick_run_measures_every_row_and_counts_for_nothing(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    command = [sys.executable, "-P", "-m", "benchmarks", "--quick", "--json", str(found)]
    run = subprocess.run(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False, timeout=500
    )
    rows = json.loads(found.read_text())["rows"]
    assert run.returncode == 2
    assert "VOID" in run.stdout
    assert len(rows) == 24
    assert all(row["title"] in run.stdout for row in rows)
