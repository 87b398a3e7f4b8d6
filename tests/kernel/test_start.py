"""What the relay's start costs: the subkernel is started before anything heavy is imported."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    *("asyncio", "collections", "contextlib", "ctypes", "datetime", "enum", "functools", "inspect"),
    *("json", "re", "runpy", "signal", "socket", "subprocess", "types", "typing", "zmq"),
}
"""What the relay, or a careless import, may load once the subkernel is on its way."""
LOADED = """
import sys
from beaker_kernel.kernel import app
print(*sys.modules)
"""


def test_nothing_heavy_is_imported_before_the_subkernel_is_started() -> None:
    command = [sys.executable, "-S", "-P", "-c", LOADED]
    env = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "beaker_kernel.kernel.subkernel" in loaded
    assert not loaded & HEAVY
