"""Kernels of other languages: how each is started, and whether it is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DENO = str(Path(sys.prefix, "bin", "deno"))
ARGV = {
    "bash": [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"],
    "typescript": [DENO, "jupyter", "--kernel", "--conn", "{connection_file}"],
    "R": ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"],
}


def argv(language: str) -> list[str]:
    """Return the command of a language's kernel, or skip the test where it isn't installed."""
    if not shutil.which(ARGV[language][0]):
        pytest.skip(f"the kernel for {language} is not installed: {ARGV[language][0]} is missing")
    if language == "R":
        tried = ["Rscript", "-e", "library(IRkernel)"]
        if subprocess.run(tried, capture_output=True, check=False).returncode:
            pytest.skip("IRkernel is not installed: apt-get install r-cran-irkernel")
    return ARGV[language]
