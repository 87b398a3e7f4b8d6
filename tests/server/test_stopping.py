"""SIGTERM ends the server, whatever it is doing."""

from __future__ import annotations

import threading
from http.client import HTTPException
from typing import TYPE_CHECKING

from running_server import TOKEN, serving

if TYPE_CHECKING:
    from pathlib import Path


def test_a_server_that_is_logging_is_stopped_by_the_first_sigterm(tmp_path: Path) -> None:
    over = threading.Event()
    with serving(tmp_path, "--debug", JUPYTER_TOKEN=TOKEN) as server:

        def ask_what_is_logged() -> None:
            while not over.is_set():
                try:
                    server.ask("PATCH", "/api/me", body=b"{")
                except (OSError, HTTPException):  # it has stopped
                    return

        askers = [threading.Thread(target=ask_what_is_logged) for _ in range(4)]
        for asker in askers:
            asker.start()
        try:
            assert server.stop() == 0
        finally:
            over.set()
            for asker in askers:
                asker.join()
