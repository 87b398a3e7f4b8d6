"""`beaker serve`: the headless server."""

from __future__ import annotations

SUMMARY = "start the headless server (its options: beaker serve --help)"


def run(argv: list[str]) -> int:
    """Serve until told to stop; the options are those of `main.py`.

    Raises:
        ConfigurationError: there is no such option or folder, or a setting can't be had.

    """
    from beaker_kernel.server.app import serve  # noqa: PLC0415 (half a second of imports)

    serve(argv)
    return 0
