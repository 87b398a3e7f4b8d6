"""The messages of one cell, folded into what a frontend would show in the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from beaker_kernel.execution.results import Result, Truncation
from beaker_kernel.execution.spool import Spool
from beaker_kernel.execution.terminal import folded
from beaker_kernel.execution.tracebacks import parsed

if TYPE_CHECKING:
    from pathlib import Path

    from beaker_kernel.execution.events import EventLog
    from beaker_kernel.execution.results import ExecutionError

STREAMS = ("stdout", "stderr")
PREVIEW = 2_000
"""Characters of text that stand for a result that is left out."""


class Folding:
    """The outputs of one execution, as they come.

    Attributes:
        execution_count: the number of the cell, once the kernel has said it.
        error: the exception that ended it.
        written: characters that it wrote to its streams.

    """

    def __init__(self, log: EventLog, folder: Path, room: int) -> None:
        self.execution_count: int | None = None
        self.error: ExecutionError | None = None
        self._log = log
        self._folder = folder
        self._room = room
        self._clear_next = False
        self._streams: dict[str, Spool] = {}
        self._results: list[Result] = []
        self._sizes: list[int] = []
        self._used = 0
        self._left_out: dict[int, Spool] = {}
        self.written = 0

    def take(self, msg_type: str, content: dict[str, Any]) -> None:
        """Take in a message of iopub, and tell the readers."""
        match msg_type:
            case "execute_input":
                self.execution_count = content.get("execution_count")
            case "stream":
                self._write(str(content.get("name")), str(content.get("text", "")))
            case "display_data" | "execute_result":
                self._display(content, main=msg_type == "execute_result")
            case "update_display_data":
                self._update(content)
            case "clear_output":
                self._clear(wait=bool(content.get("wait")))
            case "error":
                self._fail(content)

    def stream(self, name: str) -> str:
        """Return what was written, as it stands on a screen."""
        return folded(self._streams[name].text()) if name in self._streams else ""

    @property
    def results(self) -> list[Result]:
        """The displays and the value, in their order."""
        return list(self._results)

    @property
    def truncated(self) -> list[Truncation]:
        """What is not whole in the result."""
        found = [
            Truncation(output=number, name=name, size=spool.size, kept=spool.complete)
            for number, name in enumerate(STREAMS)
            if (spool := self._streams.get(name)) and spool.cut
        ]
        return found + [
            Truncation(
                output=len(STREAMS) + index,
                name=f"results[{index}]",
                size=spool.size,
                kept=spool.complete,
            )
            for index, spool in sorted(self._left_out.items())
        ]

    def close(self) -> None:
        """Let go of the files, which stay."""
        for spool in (*self._streams.values(), *self._left_out.values()):
            spool.close()

    def _write(self, name: str, text: str) -> None:
        self._clear_if_due()
        if name not in STREAMS:
            return
        if name not in self._streams:
            self._streams[name] = self._spool(STREAMS.index(name))
        self._streams[name].write(text)
        self.written += len(text)
        self._log.append("stdout" if name == "stdout" else "stderr", {"text": text})

    def _display(self, content: dict[str, Any], *, main: bool) -> None:
        self._clear_if_due()
        display_id = content.get("transient", {}).get("display_id")
        index = len(self._results)
        self._sizes.append(0)
        result = self._fitting(index, content.get("data", {}), main=main, display_id=display_id)
        self._results.append(result)
        self._log.append("result", result)

    def _update(self, content: dict[str, Any]) -> None:
        """Put new data into every display of that id; it may be another execution's."""
        display_id = content.get("transient", {}).get("display_id")
        data = content.get("data", {})
        for index, old in enumerate(self._results):
            if old.display_id == display_id:
                new = self._fitting(index, data, main=old.is_main_result, display_id=display_id)
                self._results[index] = new
        updated = Result.of(0, data, main=False, display_id=display_id)
        self._log.append("display_update", updated.model_dump(exclude={"index", "is_main_result"}))

    def _fitting(
        self, index: int, data: dict[str, Any], *, main: bool, display_id: str | None
    ) -> Result:
        """Return a result, or where there is no room for it one that stands for it."""
        encoded = json.dumps(data)
        others = self._used - self._sizes[index]
        if others + len(encoded) > self._room:
            data = {"text/plain": self._leave_out(index, encoded, data)}
            encoded = json.dumps(data)
        elif index in self._left_out:
            self._left_out.pop(index).discard()
        self._sizes[index] = len(encoded)
        self._used = others + len(encoded)
        return Result.of(index, data, main=main, display_id=display_id)

    def _leave_out(self, index: int, encoded: str, data: dict[str, Any]) -> str:
        if index in self._left_out:
            self._left_out.pop(index).discard()
        spool = self._left_out[index] = self._spool(len(STREAMS) + index, room=0)
        spool.write(encoded)
        text = str(data.get("text/plain", ""))[:PREVIEW]
        return f"{text}\n… a result of {spool.size:,} bytes ({', '.join(data)}) is left out here …"

    def _clear(self, *, wait: bool) -> None:
        self._clear_next = wait
        if not wait:
            self._forget()
        self._log.append("clear_output", {"wait": wait})

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._forget()

    def _forget(self) -> None:
        for spool in (*self._streams.values(), *self._left_out.values()):
            spool.discard()
        self._streams.clear()
        self._left_out.clear()
        self._results.clear()
        self._sizes.clear()
        self._used = 0

    def _fail(self, content: dict[str, Any]) -> None:
        self._clear_if_due()
        traceback = [str(line) for line in content.get("traceback", [])]
        self.error = parsed(str(content.get("ename")), str(content.get("evalue")), traceback)
        self._log.append("error", self.error)

    def _spool(self, number: int, room: int | None = None) -> Spool:
        return Spool(self._folder / str(number), self._room if room is None else room)
