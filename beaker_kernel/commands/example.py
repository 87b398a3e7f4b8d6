"""The folder in which `make dev` and `make lab` work: copies of the example and its data."""

from __future__ import annotations

import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOK = "first-question.ipynb"
FILES = (NOTEBOOK, "penguins.csv")


def lay_out() -> Path:
    """Read the checkout's settings, copy what is missing, and return the folder."""
    from beaker_kernel.server.environment import read_dotenv  # noqa: PLC0415 (a room, lazily)

    read_dotenv(CHECKOUT / ".env")
    room = CHECKOUT / ".dev"
    room.mkdir(exist_ok=True)
    for name in FILES:
        if not (room / name).exists():
            shutil.copy(CHECKOUT / "docs" / "tutorial" / name, room / name)
    return room
