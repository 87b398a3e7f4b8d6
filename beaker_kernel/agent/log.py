"""The agent's log: on standard error, without secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Redacted(logging.Formatter):
    """Takes secrets out of whole records, tracebacks included."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__("beaker agent: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as it is written."""
        return self._redact(super().format(record))


def begin(redact: Callable[[str], str]) -> None:
    """Write warnings and worse to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Redacted(redact))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
