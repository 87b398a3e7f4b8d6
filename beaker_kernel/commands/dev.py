"""`make dev`: JupyterLab with the beaker kernel and the example notebook, in its own folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOK = "first-question.ipynb"
EXAMPLES = (NOTEBOOK, "penguins.csv")


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
    """Return JupyterLab's command line; the address it prints is the example's."""
    root = ["--allow-root"] if os.geteuid() == 0 else []  # as in a container
    page = f"--LabApp.default_url=/lab/tree/{NOTEBOOK}"
    quiet = "--LabApp.news_url=None"  # no question about news, no request to the net
    return [sys.executable, "-P", "-m", "jupyterlab", page, quiet, *root, *options]


if __name__ == "__main__":
    main()
