"""What code in a sandbox reaches: its folder, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.sandbox.conftest import SECRET
from tests.support.kernels import Kernel, text

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tests.sandbox.conftest import Person


@pytest.fixture
def bystander() -> Iterator[psutil.Process]:
    """Run a process that is none of the sandbox's business."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield psutil.Process(process.pid)
        process.kill()


def test_no_socket_outside_is_reached(look: Callable[[str], Any], listener: socket.socket) -> None:
    address = listener.getsockname()
    address = address.decode() if isinstance(address, bytes) else tuple(address)
    reached = f"""
import socket
probe = socket.socket(socket.{listener.family.name})
probe.settimeout(5)
probe.connect_ex({address!r})
"""
    assert look(reached) != 0


def test_there_is_no_interface_but_its_own_loopback(look: Callable[[str], Any]) -> None:
    assert look("import socket\n[name for _, name in socket.if_nameindex()]") == ["lo"]


def test_no_name_is_resolved(look: Callable[[str], Any]) -> None:
    code = """
import socket
try:
    found = socket.getaddrinfo("example.org", 443)
except OSError:
    found = []
found
"""
    assert look(code) == []


def test_the_working_folder_is_written_to_and_seen_outside(
    look: Callable[[str], Any], person: Person
) -> None:
    assert look("import os, pathlib\npathlib.Path('made').write_text('x') and os.getcwd()") == str(
        person.work
    )
    assert (person.work / "made").read_text() == "x"


def test_no_setting_of_the_machine_can_be_written(look: Callable[[str], Any]) -> None:
    code = """
import os
def opens(path):
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        return False
    return True
files = (os.path.join(folder, f) for folder, _, files in os.walk("/proc/sys") for f in files)
[f for f in (*files, "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity") if opens(f)]
"""
    assert look(code) == []


def test_what_is_written_to_no_folder_of_its_own_fills_no_memory(
    look: Callable[[str], Any],
) -> None:
    code = """
try:
    open("/dev/hidden", "w").close()
    made = True
except OSError:
    made = False
made
"""
    assert look(code) is False


def test_no_secret_is_in_any_file_but_those_of_the_working_folder(
    look: Callable[[str], Any], person: Person
) -> None:
    own = str(person.home)
    code = f"""
import shlex, subprocess
folders = ("/home", "/root", "/etc", "/run", "/tmp", "/var", "/opt", "/srv", {own!r})
small = "-type f -size -10k -print0"
command = f"find {{shlex.join(folders)}} {{small}} | xargs -0 grep -lsF -e {SECRET}"
found = subprocess.run(command, shell=True, text=True, capture_output=True).stdout.split()
sorted(set(found))
"""
    (person.work / "told.txt").write_text(SECRET)  # by which it is seen that the search finds it
    assert look(code) == [str(person.work / "told.txt")]
    (person.work / "told.txt").unlink()


@pytest.mark.parametrize(
    "path",
    [
        "~/.ssh/id_rsa",
        "~/beside/notes.txt",
        "/etc/shadow",
        "/etc/passwd",
        "/etc/ssl/private",
        "/root/.bashrc",
        "/var/log",
        "/boot",
        "/sys",
        "/proc/1/root/etc/shadow",
    ],
)
def test_a_file_outside_does_not_exist(look: Callable[[str], Any], path: str) -> None:
    assert look(f"import os\nos.path.exists(os.path.expanduser({path!r}))") is False


def test_the_home_is_an_empty_one_and_what_is_put_there_is_gone_afterwards(
    look: Callable[[str], Any], person: Person
) -> None:
    look("import os\nopen(os.path.expanduser('~/cached'), 'w').write('x')")
    assert not (person.home / "cached").exists()


@pytest.mark.parametrize("folder", ["/", "/usr", "/etc", "/bin", sys.prefix, sys.base_prefix])
def test_nothing_else_can_be_written_to(look: Callable[[str], Any], folder: str) -> None:
    code = f"""
import os
try:
    os.close(os.open(os.path.join({folder!r}, "beaker-probe"), os.O_CREAT | os.O_WRONLY))
    written = True
except OSError:
    written = False
written
"""
    assert look(code) is False


def test_the_settings_file_in_the_working_folder_cant_be_opened(
    look: Callable[[str], Any], person: Person
) -> None:
    code = """
try:
    found = open(".env").read()
except OSError:
    found = ""
found
"""
    assert look(code) == ""
    assert (person.work / ".env").read_text() == SECRET


def test_no_secret_is_in_the_environment(look: Callable[[str], Any]) -> None:
    environ = look("import os\ndict(os.environ)")
    assert SECRET not in environ.values()
    assert not {"SSH_AUTH_SOCK", "MY_TOKEN"} & environ.keys()
    assert environ["JPY_PARENT_PID"] == "1"
    assert environ["PATH"] == os.environ["PATH"]


def test_no_environment_of_a_process_in_sight_holds_a_secret(look: Callable[[str], Any]) -> None:
    code = f"""
import glob
def read(path):
    try:
        return open(path, "rb").read()
    except OSError:
        return b""
[path for path in glob.glob("/proc/[0-9]*/environ") if {SECRET!r}.encode() in read(path)]
"""
    assert look(code) == []


def test_no_process_outside_is_seen_or_signalled(
    look: Callable[[str], Any], bystander: psutil.Process
) -> None:
    names = "[open(f'/proc/{p}/comm').read().strip() for p in os.listdir('/proc') if p.isdigit()]"
    assert set(look(f"import os\n{names}")) == {"bwrap", "python"}
    code = f"""
import os, signal
own = set(map(int, os.listdir("/proc/self/task")))
for pid in set(range(2, 100000)) - own:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
os.path.exists("/proc/{bystander.pid}")
"""
    assert look(code) is False
    assert bystander.is_running()
    assert bystander.status() != psutil.STATUS_ZOMBIE


def test_the_key_in_sight_opens_nothing_in_front(kernel: Kernel) -> None:
    code = "import ipykernel; open(ipykernel.get_connection_file()).read()"
    inside = json.loads(eval(text(kernel.client.run(code)[1])))
    front = json.loads(Path(kernel.manager.connection_file).read_text())
    assert inside["key"] != front["key"]
    assert inside["transport"] == "ipc"
    seen = "import os, ipykernel; os.listdir(os.path.dirname(ipykernel.get_connection_file()))"
    listed = eval(text(kernel.client.run(seen)[1]))
    assert {name[:3] for name in listed} == {"k1.", "box"}


def test_no_right_and_no_namespace_can_be_had(look: Callable[[str], Any]) -> None:
    status = look("dict(line.split(':', 1) for line in open('/proc/self/status'))")
    assert {status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
    assert status["NoNewPrivs"].strip() == "1"
    tried = "import subprocess as s\ns.run(['unshare', '-U', 'true'], stderr=s.DEVNULL).returncode"
    assert look(tried) != 0


def test_it_is_told_what_is_in_force(kernel: Kernel, person: Person) -> None:
    told = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]["beaker"]
    assert told["sandbox"].startswith(f"bubblewrap: no network, writes to {person.work}, ")
    assert told["sandbox"].endswith("512 processes")
    shown = kernel.client.run("%beaker status")[1]
    assert told["sandbox"] in shown[-1]["content"]["data"]["text/markdown"]


def test_the_relay_stays_light(kernel: Kernel) -> None:
    assert kernel.relay.memory_info().rss < 26 * 1024 * 1024


def test_no_descriptor_leads_to_what_a_server_writes_to(look: Callable[[str], Any]) -> None:
    code = """
import os
found = []
for number in os.listdir("/proc/self/fd"):
    try:
        file = os.stat(f"/proc/self/fd/{number}")
        found.append((file.st_dev, file.st_ino))
    except OSError:
        pass
found
"""
    ours = [[file.st_dev, file.st_ino] for file in map(os.fstat, (1, 2))]  # the relay has them, too
    assert not [file for file in look(code) if file in ours]


def test_its_connection_file_stays_as_it_was_written(look: Callable[[str], Any]) -> None:
    code = """
import ipykernel
try:
    written = bool(open(ipykernel.get_connection_file(), "a"))
except OSError:
    written = False
written
"""
    assert look(code) is False
