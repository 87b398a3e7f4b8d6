"""`beaker serve`: the headless server."""

from __future__ import annotations

SUMMARY = "start the headless server (its options: beaker serve --help)"


def run(argv: list[str]) -> int:
    """Serve until told to stop; the options are those of `main.py`."""
    from beaker_kernel.server.app import main  # noqa: PLC0415 (half a second of imports)

    main(argv)
    return 0
