"""What a kernel publishes for one request, folded into three texts."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
RESTARTING = ("restarting", "autorestarting")
ALIVE = ("starting", "busy", "idle")


@dataclass(slots=True)
class Result:
    """What a piece of code said and returned; empty where it did not."""

    stdout: str = ""
    stderr: str = ""
    """What it wrote there, its traceback, and why it ended early."""
    result: str = ""
    """Results and displays, a line each: images as data URLs, the rest as text."""

    def model_dump(self) -> dict[str, str]:
        """Return the three as a dict."""
        return asdict(self)


@dataclass(slots=True)
class Folding:
    """Takes the messages that a kernel's websocket brings, those for one request."""

    msg_id: str
    restarting: bool = False
    """Whether the kernel died, and the server is about to start it anew."""
    _stdout: list[str] = field(default_factory=list)
    _stderr: list[str] = field(default_factory=list)
    _results: list[str] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> bool:
        """Take a message, and tell whether it was the last."""
        if (state := state_in(message)) == "dead" or state in RESTARTING:
            self.complain("The kernel died.")
            self.restarting = state in RESTARTING
            return True
        match message:
            case {"parent_header": {"msg_id": self.msg_id}, "msg_type": kind, "content": content}:
                return self._take_ours(kind, content)
        return False

    def _take_ours(self, kind: str, content: dict[str, Any]) -> bool:
        match kind, content:
            case "stream", {"name": name, "text": text}:
                (self._stdout if name == "stdout" else self._stderr).append(text)
            case "execute_result" | "display_data", {"data": {"image/png": image}}:
                self._results.append(f"data:image/png;base64,{image}")
            case "execute_result" | "display_data", {"data": {"text/plain": text}}:
                self._results.append(text)
            case "error", {"traceback": lines}:
                self._stderr.append("\n".join(lines))
            case "status", {"execution_state": "idle"}:
                return True
        return False

    def complain(self, reason: str) -> None:
        """Say on stderr why the code ended early."""
        self._stderr.append(f"\n{reason}")

    def result(self) -> Result:
        """Return what was said so far, without terminal codes."""
        stdout, stderr = ANSI.sub("", "".join(self._stdout)), ANSI.sub("", "".join(self._stderr))
        return Result(stdout.strip(), stderr.strip(), "\n".join(self._results).strip())


def state_in(message: dict[str, Any]) -> str | None:
    """Return the kernel's state if a message tells of one."""
    match message:
        case {"msg_type": "status", "content": {"execution_state": str(state)}}:
            return state
    return None
