"""Real kernels for tests, and a client that keeps every message it sees."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty
from typing import TYPE_CHECKING, Any

import psutil
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.support.leftovers import running_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Message = dict[str, Any]
PATIENCE = 30.0
NOTEBOOK = {"cellId": "a-cell"}
"""What a notebook's execute_request says in its metadata, and a terminal's doesn't."""
ENDLESS = "import time\nprint('on', flush=True)\nwhile True: time.sleep(0.1)"
"""A cell to interrupt once it says so; on its way into a long sleep Python would miss that."""


@dataclass
class Kernel:
    """A running kernel and its clients."""

    manager: KernelManager
    client: Client

    @property
    def pid(self) -> int:
        """The kernel's process: for beaker, the relay."""
        return int(self.manager.provisioner.pid)

    @property
    def relay(self) -> psutil.Process:
        """The kernel's process."""
        return psutil.Process(self.pid)

    def child(self, module: str) -> psutil.Process:
        """Return the child process that runs a module."""
        children = self.relay.children(recursive=True)
        return next(c for c in children if module in c.cmdline())

    @property
    def subkernel(self) -> psutil.Process:
        """The process behind the relay."""
        return self.child("ipykernel_launcher")

    @property
    def agent(self) -> psutil.Process:
        """The agent's process."""
        return self.child("beaker_kernel.agent")

    def another_client(self) -> Client:
        """Connect one more frontend."""
        return Client(self.manager)


class Client:
    """One frontend: sends requests, and keeps what comes back."""

    def __init__(self, manager: KernelManager, *, ready: bool = True) -> None:
        # A client of its own session: the manager's clients share theirs, thus one identity.
        self.channels = BlockingKernelClient(connection_file=manager.connection_file)
        self.channels.load_connection_file()
        self.channels.hb_channel.time_to_dead = 5.0  # seconds: the machine may be busy
        self.channels.start_channels()
        if ready:
            self.channels.wait_for_ready(timeout=PATIENCE)

    def close(self) -> None:
        """Disconnect."""
        self.channels.stop_channels()

    def send(
        self,
        msg_type: str,
        content: Message | None = None,
        *,
        channel: str = "shell",
        metadata: Message | None = None,
        header: Message | None = None,
        parent: Message | None = None,
        buffers: list[bytes] | None = None,
    ) -> str:
        """Send a request and return its id."""
        session = self.channels.session
        message = session.msg(msg_type, content or {}, metadata=metadata)
        message["header"].update(header or {})
        message["parent_header"] = parent or {}
        socket = getattr(self.channels, f"{channel}_channel").socket
        session.send(socket, message, buffers=buffers)
        return str(message["header"]["msg_id"])

    def execute(self, code: str, *, metadata: Message = NOTEBOOK, **more: Any) -> str:
        """Send a cell as a notebook does, or with other metadata, and return its id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return self.send("execute_request", content | more, metadata=metadata)

    def reply(self, msg_id: str, channel: str = "shell", timeout: float = PATIENCE) -> Message:
        """Wait for the reply to a request."""
        return self._next(
            getattr(self.channels, f"get_{channel}_msg"),
            lambda m: m["parent_header"].get("msg_id") == msg_id,
            timeout,
        )

    def outputs(self, msg_id: str, timeout: float = PATIENCE) -> list[Message]:
        """Return what is published for a request, up to its idle."""
        return [m for m in self.told(msg_id, timeout) if m["msg_type"] != "status"]

    def told(self, msg_id: str, timeout: float = PATIENCE) -> Iterator[Message]:
        """Yield what is published for a request as it comes, up to its idle."""
        while True:
            message = self.published(lambda m: m["parent_header"].get("msg_id") == msg_id, timeout)
            if is_idle(message):
                return
            yield message

    def published(self, wanted: Callable[[Message], bool], timeout: float = PATIENCE) -> Message:
        """Wait for a message on iopub."""
        return self._next(self.channels.get_iopub_msg, wanted, timeout)

    def run(self, code: str, **more: Any) -> tuple[Message, list[Message]]:
        """Run a cell and return its reply's content and its outputs."""
        msg_id = self.execute(code, **more)
        reply = self.reply(msg_id)
        return reply["content"], self.outputs(msg_id)

    def answer_input(self, value: str) -> Message:
        """Wait for a question on stdin, answer it, and return it."""
        question: Message = self.channels.get_stdin_msg(timeout=PATIENCE)
        self.channels.input(value)
        return question

    def leftovers(self, seconds: float = 0.3) -> list[Message]:
        """Return what is still published within some time."""
        found = []
        try:
            while True:
                found.append(self.channels.get_iopub_msg(timeout=seconds))
        except Empty:
            return found

    @staticmethod
    def _next(
        get: Callable[..., Message], wanted: Callable[[Message], bool], timeout: float
    ) -> Message:
        end = time.monotonic() + timeout
        while True:
            message = get(timeout=max(0.01, end - time.monotonic()))
            if wanted(message):
                return message


def is_idle(message: Message) -> bool:
    """Tell whether a message is an idle."""
    return bool(message["content"].get("execution_state") == "idle")


def is_restarting(message: Message) -> bool:
    """Tell whether a message says that the kernel starts anew."""
    return bool(message["content"].get("execution_state") == "restarting")


def text(outputs: list[Message]) -> str:
    """Return the text of outputs as a terminal would show it."""
    shown = []
    for output in outputs:
        content = output["content"]
        shown.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
    return "".join(shown)


def markdown(outputs: list[Message]) -> list[str]:
    """Return the Markdown shown, each display in its last state."""
    displays: dict[str, str] = {}
    for number, output in enumerate(outputs):
        data = output["content"].get("data", {})
        name = output["content"].get("transient", {}).get("display_id", str(number))
        if "text/markdown" in data:
            displays[name] = data["text/markdown"]
    return list(displays.values())


@contextmanager
def running(
    name: str = "beaker", *, cwd: str | None = None, ready: bool = True, **env: str
) -> Iterator[Kernel]:
    """Run a kernel of that name, wait until it is ready, and see that nothing of it is left."""
    manager = _started(name, {**os.environ, **env}, cwd)
    relay = psutil.Process(manager.provisioner.pid)
    try:
        client = Client(manager, ready=ready)
        try:
            yield Kernel(manager, client)
        finally:
            client.close()
    finally:
        family = [relay, *(relay.children(recursive=True) if relay.is_running() else [])]
        manager.shutdown_kernel(now=not manager.is_alive())
        manager.cleanup_resources()
        alive = running_after(family, 5)
        assert not alive, f"left behind: {alive}"


def _started(name: str, env: dict[str, str], cwd: str | None) -> KernelManager:
    """Start a kernel; a peer of ours is started anew if it finds one of its ports taken.

    Jupyter chooses the ports and lets go of them, and the tests beside this one take some, too.
    """
    while True:
        manager = KernelManager(kernel_name=name)
        manager.start_kernel(env=env, cwd=cwd)
        if name == "beaker" or _is_up(manager):
            return manager
        manager.cleanup_resources()


def _is_up(manager: KernelManager) -> bool:
    """Wait until a kernel listens on the last of its ports, or has ended."""
    while manager.is_alive():
        with socket.socket() as probe:
            if not probe.connect_ex((manager.ip, manager.hb_port)):
                return True
        time.sleep(0.02)
    return False
