"""The audit log: who had what executed through the server, from where, and what became of it.

One JSON object a line, in files that their owner alone can read. The code itself is not kept, only
its SHA-256: enough to prove that a text was run, and no second place for what it may hold.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTING = "beaker_audit"
"""Under which name handlers find the log among the web application's settings."""


@dataclass(slots=True)
class Audit:
    """The log of the executions that enter through the server.

    Several servers may write one file. What can't be written stops no execution; that is warned of
    once, until writing succeeds again.
    """

    path: Path
    most_bytes: int = 10 * 1024 * 1024
    kept: int = 5
    _failing: bool = False

    def executed(
        self,
        *,
        who: str,
        origin: str | None,
        address: str | None,
        session: str,
        sha256: str,
        verdict: str,
    ) -> None:
        """Note one execution.

        Args:
            who: the user's name.
            origin: the page it came from, if any.
            address: the client's address.
            session: the kernel's or the session's id.
            sha256: of the code in UTF-8; see `digest`.
            verdict: ``accepted``, or why it was refused.
        """
        noted = {"time": datetime.now(UTC).isoformat(), "who": who, "origin": origin}
        noted |= {"address": address, "session": session, "sha256": sha256, "verdict": verdict}
        try:
            self._append(json.dumps(noted).encode() + b"\n")
        except OSError as error:
            self._warn_once(error)
        else:
            self._failing = False

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self.path.parent):
            if self.path.exists() and self.path.stat().st_size + len(line) > self.most_bytes:
                self._rotate()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(descriptor, "ab", buffering=0) as file:
                file.write(line)

    def _rotate(self) -> None:
        """Rename ``audit.jsonl`` to ``audit.jsonl.1`` and so on; the oldest goes."""
        files = [self.path, *(Path(f"{self.path}.{n}") for n in range(1, self.kept + 1))]
        for older, newer in zip(files[:0:-1], files[-2::-1], strict=True):
            if newer.exists():
                newer.replace(older)

    def _warn_once(self, error: OSError) -> None:
        if not self._failing:
            logging.getLogger(__name__).warning("executions are not audited: %s", error)
        self._failing = True


def digest(code: str) -> str:
    """Return the SHA-256 of code, as the log has it."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other servers: two must not rotate at once."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
