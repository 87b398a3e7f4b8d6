"""`make dev`: JupyterLab with the beaker kernel and the example notebook, in its own folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = ("first-question.ipynb", "penguins.csv")


def main() -> None:
    """Lay out the example and become JupyterLab; options go on to it."""
    from beaker_kernel.server.environment import read_dotenv  # noqa: PLC0415 (a room, lazily)

    read_dotenv(CHECKOUT / ".env")
    room = CHECKOUT / ".dev"
    room.mkdir(exist_ok=True)
    for name in EXAMPLES:
        if not (room / name).exists():
            shutil.copy(CHECKOUT / "docs" / "tutorial" / name, room / name)
    os.chdir(room)
    os.execv(sys.executable, command(sys.argv[1:]))  # noqa: S606 (JupyterLab takes our place)


def command(options: list[str]) -> list[str]:
    """Return JupyterLab's command line; root may run it, as in a container."""
    root = ["--allow-root"] if os.geteuid() == 0 else []
    return [sys.executable, "-P", "-m", "jupyterlab", *root, *options, EXAMPLES[0]]


if __name__ == "__main__":
    main()
