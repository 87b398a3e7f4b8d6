import json
import sys
from dataclasses import dataclass

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager


@dataclass
class Session:
    """A real kernel, and what it says to whom runs code in it."""

    client: object

    def run(self, code, **options):
        """Run `code`; the reply's content and all that was printed."""
        return self.send({"code": code, "silent": False, **options})

    def ask(self, language, probe):
        """Send a probe; what the adapter reads in the answer."""
        return language.parse(probe, *self.send(probe.content()))

    def send(self, content):
        message = self.client.session.msg("execute_request", content)
        self.client.shell_channel.send(message)
        self.said = list(self.until_idle(message["header"]["msg_id"]))
        reply = self.reply_to(message["header"]["msg_id"])
        printed = [said["content"]["text"] for said in self.said if said["msg_type"] == "stream"]
        return reply["content"], "".join(printed)

    def reply_to(self, msg_id):
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["parent_header"]["msg_id"] == msg_id:
                return reply

    def until_idle(self, msg_id):
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            yield message
            if message["content"].get("execution_state") == "idle":
                return


def started(argv, folder, name, transport):
    spec = folder / name
    spec.mkdir(parents=True)
    home = {"HOME": str(spec)}
    description = {"argv": argv, "display_name": name, "language": name, "env": home}
    (spec / "kernel.json").write_text(json.dumps(description))
    return KernelManager(
        kernel_name=name,
        transport=transport,
        connection_file=str(folder / "connection.json"),
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder)]),
    )


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Start kernels by argv; all end with the module."""
    managers = []

    def start(name, *module, argv=None, transport="ipc"):
        argv = argv or [sys.executable, "-m", *module, "-f", "{connection_file}"]
        manager = started(argv, tmp_path_factory.mktemp("kernels"), name, transport)
        manager.start_kernel()
        managers.append((manager, manager.client()))
        client = managers[-1][1]
        client.start_channels()
        client.wait_for_ready(timeout=60)
        return Session(client)

    yield start
    for manager, client in managers:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy()
