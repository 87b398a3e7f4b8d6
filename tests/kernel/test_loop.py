"""The relay's loop, with real file descriptors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from beaker_kernel.kernel.loop import Loop

if TYPE_CHECKING:
    import pytest


def test_what_takes_the_number_of_a_closed_descriptor_is_not_called_in_its_stead() -> None:
    loop = Loop()
    pipes = [os.pipe() for _ in range(3)]
    *ready, (silent, _) = pipes
    called: list[str] = []

    def replace_both() -> None:
        """Whichever comes first closes both, and the system gives their numbers to others."""
        called.append("old")
        for reader, _ in ready:
            loop.remove(reader)
            os.dup2(silent, reader)
            loop.add(reader, lambda: called.append("new"))
        loop.call_later(0.05, loop.stop)

    for reader, writer in ready:
        os.write(writer, b"!")
        loop.add(reader, replace_both)
    loop.run()
    for reader, writer in pipes:
        os.close(reader)
        os.close(writer)
    assert called == ["old"]


def test_what_fails_when_its_time_has_come_costs_nothing_else(
    capfd: pytest.CaptureFixture[str],
) -> None:
    loop = Loop()
    loop.call_later(0, lambda: 1 / 0)
    loop.call_later(0.01, loop.stop)
    loop.run()
    assert "ZeroDivisionError" in capfd.readouterr().err
