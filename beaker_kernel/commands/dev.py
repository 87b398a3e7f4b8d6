"""`make dev`: the page from its source, which it follows, and a server for it; Ctrl-C ends both."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

from beaker_kernel.commands.example import CHECKOUT, NOTEBOOK, lay_out
from beaker_kernel.kernel.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = "127.0.0.1"
PAGE_PORT, SERVER_PORT = 5173, 8888
PAGE = CHECKOUT / "dev_ui"
PATIENCE = 60.0
POLL = 0.1


def main(argv: Sequence[str]) -> int:
    """Start both, say where the page is, and wait until one of them or the person ends it."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end)
    page, server = free_port(PAGE_PORT), free_port(SERVER_PORT)
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(32)
    with ExitStack() as stack:
        running = [
            stack.enter_context(started(serve(server, page), {"JUPYTER_TOKEN": token})),
            stack.enter_context(started(vite(page), {})),
        ]
        for port in (server, page):
            wait_for(port, running)
        address = f"http://{HERE}:{page}/#{fragment(server, token)}"
        sys.stderr.write(f"\nThe page: {address}\n\n")
        if "--no-browser" not in argv and has_browser():
            webbrowser.open(address)
        return wait(running)


def serve(port: int, page: int) -> list[str]:
    """Return the server's command line: it works in the example's folder, and lets the page in."""
    root = ["--allow-root"] if os.geteuid() == 0 else []  # as in a container
    options = [f"--root={lay_out()}", f"--port={port}", f"--origin=http://{HERE}:{page}"]
    return [sys.executable, str(CHECKOUT / "main.py"), *options, *root]


def vite(port: int) -> list[str]:
    """Return the command line of what serves the page from its source."""
    node = shutil.which("node") or "node"
    return [node, str(PAGE / "node_modules/vite/bin/vite.js"), str(PAGE), f"--port={port}"]


def fragment(server: int, token: str) -> str:
    """Return what the page is told; a browser sends a fragment to nobody."""
    told = {"server": f"http://{HERE}:{server}/", "token": token, "path": NOTEBOOK}
    return urlencode(told, safe=":/")


@contextmanager
def started(command: list[str], settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends.

    It has a process group of its own: Ctrl-C comes to us alone, and we end it once, in order. If
    we are killed, the system ends it (Linux).
    """
    process = subprocess.Popen(
        command,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        process_group=0,
        preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),  # noqa: PLW1509 (no threads)
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def free_port(wanted: int) -> int:
    """Return a port, or another one if it is taken."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        found.bind((HERE, 0 if listens(wanted) else wanted))
        return int(found.getsockname()[1])


def wait_for(port: int, running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Return when something listens at a port.

    Raises:
        SystemExit: one of the processes has ended, or it takes too long.
    """
    end = time.monotonic() + PATIENCE
    while not listens(port):
        if any(process.poll() is not None for process in running) or time.monotonic() > end:
            sys.exit("beaker: the page or its server did not start; see above")
        time.sleep(POLL)


def listens(port: int) -> bool:
    """Tell whether something listens at a port."""
    with socket.socket() as tried:
        return tried.connect_ex((HERE, port)) == 0


def has_browser() -> bool:
    """Tell whether there is a screen to open a browser on."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in screens)


def wait(running: Sequence[subprocess.Popen[bytes]]) -> int:
    """Return when a process ends, with its status."""
    while all(process.poll() is None for process in running):
        time.sleep(POLL)
    return next(process.returncode for process in running if process.returncode is not None)


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
