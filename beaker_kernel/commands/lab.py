"""`make lab`: JupyterLab with the beaker kernel and the example notebook, in its own folder."""

from __future__ import annotations

import os
import sys

from beaker_kernel.commands.example import NOTEBOOK, lay_out


def main() -> None:
    """Lay out the example and become JupyterLab; options go on to it."""
    os.chdir(lay_out())
    os.execv(sys.executable, command(sys.argv[1:]))  # noqa: S606 (JupyterLab takes our place)


def command(options: list[str]) -> list[str]:
    """Return JupyterLab's command line; the address it prints is the example's."""
    root = ["--allow-root"] if os.geteuid() == 0 else []  # as in a container
    page = f"--LabApp.default_url=/lab/tree/{NOTEBOOK}"
    quiet = "--LabApp.news_url=None"  # no question about news, no request to the net
    return [sys.executable, "-P", "-m", "jupyterlab", page, quiet, *root, *options]


if __name__ == "__main__":
    main()
