"""Connection files, the runtime folder, and what a child process is started with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from jupyter_client.connect import write_connection_file

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel import connection, processes, runtime
from tests.support.kernels import is_restarting, running


@pytest.fixture
def front(tmp_path: Path) -> connection.Connection:
    path, _ = write_connection_file(str(tmp_path / "front.json"), key=b"k", kernel_name="beaker")
    return connection.read(path)


def test_a_connection_file_of_jupyters_is_read(front: connection.Connection) -> None:
    assert (front.transport, front.key, front.signature_scheme) == ("tcp", "k", "hmac-sha256")
    assert front.url("hb") == f"tcp://127.0.0.1:{front.ports['hb']}"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"transport": "tcp", "ip": "x"}'])
def test_what_is_no_connection_file_is_said_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="is no connection file"):
        connection.read(str(path))


def test_a_frontends_connection_is_encrypted_where_the_server_wants_it(tmp_path: Path) -> None:
    manager = KernelManager(kernel_name="beaker", transport_encryption="required")
    manager.kernel_spec.metadata["supported_encryption"] = ["curve"]
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        assert client.execute_interactive("1", timeout=30)["content"]["status"] == "ok"
        assert json.loads(Path(manager.connection_file).read_text())["curve_secretkey"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_a_subkernels_connection_has_our_key_and_other_addresses(
    front: connection.Connection, tmp_path: Path
) -> None:
    ipc, tcp = connection.over_ipc(front, "/run/k1"), connection.over_tcp(front)
    assert ipc.url("shell") == "ipc:///run/k1-1"
    assert len({c.url(n) for c in (front, ipc, tcp) for n in connection.CHANNELS}) == 15
    assert {ipc.key, tcp.key} == {"k"}
    path = str(tmp_path / "sub.json")
    connection.write(path, ipc)
    assert vars(connection.read(path)) == vars(ipc)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_second_relay_with_a_connection_file_is_a_restart_however_soon(tmp_path: Path) -> None:
    path, _ = write_connection_file(str(tmp_path / "front.json"))
    assert not connection.is_restart(path)
    read_at = os.stat(path).st_atime
    connection.mark_used(path)
    assert connection.is_restart(path)
    assert os.stat(path).st_atime == read_at  # by which Jupyter finds the newest one


def test_the_runtime_folder_is_private_and_short_enough_for_a_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for base in (tmp_path / ("long" * 20), tmp_path / "absent"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
        path = runtime.create()
        try:
            assert os.stat(path).st_mode & 0o777 == 0o700
            assert len(f"{path}/k9999-5") < 104
        finally:
            runtime.remove(path)
        assert not os.path.exists(path)


def test_a_folder_that_others_may_enter_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        os.mkdir(f"{base}/beaker-{os.geteuid()}", 0o755)
        with pytest.raises(ConfigurationError, match="mode 0700"):
            runtime.create()


def test_a_folder_is_removed_however_deep_and_no_link_is_followed(tmp_path: Path) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    top.mkdir()
    (top / "link").symlink_to(outside)
    folder = os.open(top, os.O_RDONLY)
    for _ in range(3000):  # longer than any path may be
        os.mkdir("deep", dir_fd=folder)
        inner = os.open("deep", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        os.symlink(outside, "link", dir_fd=inner)
        folder = inner
    os.close(folder)
    try:
        runtime.remove(str(top))
        assert [path.name for path in tmp_path.iterdir()] == ["outside"]
        assert (outside / "kept").exists()
    finally:
        subprocess.run(["rm", "-rf", top], check=True)  # pytest couldn't


def test_a_folder_that_a_sandbox_has_locked_is_removed_all_the_same() -> None:
    removing = """
import os, sys
from beaker_kernel.kernel import runtime
if os.geteuid() == 0:
    os.seteuid(65534)  # a lock is none for root
for name, mode in (("closed", 0), ("full", 0o500), ("empty", 0o555)):
    os.makedirs(f"{sys.argv[1]}/top/box/{name}/inner")
    if name != "empty":
        open(f"{sys.argv[1]}/top/box/{name}/file", "w").close()
    else:
        os.rmdir(f"{sys.argv[1]}/top/box/{name}/inner")
    os.chmod(f"{sys.argv[1]}/top/box/{name}", mode)
os.chmod(f"{sys.argv[1]}/top/box", 0o500)
runtime.remove(f"{sys.argv[1]}/top")
assert os.listdir(sys.argv[1]) == []
"""
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        os.chmod(base, 0o777)
        subprocess.run([sys.executable, "-c", removing, base], check=True)


def test_a_link_that_takes_a_folders_place_meanwhile_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "top" / "box").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    swapping = """
import os, sys
from beaker_kernel.kernel import runtime
top, outside = sys.argv[1:]
swapped = []

def swap(event, args):
    \"\"\"Just before the folder is opened.\"\"\"
    if event in {"open", "os.scandir"} and str(args[0]).endswith("box") and not swapped:
        swapped.append(os.rename(f"{top}/box", f"{top}/moved"))
        os.symlink(outside, f"{top}/box")

sys.addaudithook(swap)
runtime.remove(top)
assert swapped
"""
    command = [sys.executable, "-c", swapping, str(tmp_path / "top"), str(tmp_path / "outside")]
    subprocess.run(command, check=True)
    assert (tmp_path / "outside" / "kept").exists()


def test_one_that_starts_is_not_taken_for_one_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from beaker_kernel.kernel import runtime\nwhile True: runtime.remove_stale()"
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        runtime.remove(runtime.create())
        others = [start(code) for _ in range(2)]
        try:
            for _ in range(3000):
                path = runtime.create()
                assert os.path.isdir(path)
        finally:
            for other in others:
                stop(other)


def test_only_the_folders_of_ended_relays_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from beaker_kernel.kernel import runtime; print(runtime.create(), flush=True); input()"
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        ended, alive = (start(code) for _ in range(2))
        folders = [p.stdout.readline().strip() for p in (ended, alive)]  # type: ignore[union-attr]
        stop(ended)
        runtime.remove_stale()
        assert [os.path.exists(folder) for folder in folders] == [False, True]
        stop(alive)


def start(code: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-P", "-c", code], stdin=pipe, stdout=pipe, text=True)


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


SHOW = """
import json, os, re
os.dup2(3, 1)
ignored = re.search("SigIgn:\\t(.*)", open("/proc/self/status").read())[1]
print(json.dumps([os.getpgrp() == os.getpid(), os.getppid(), int(ignored, 16)]))
"""


@pytest.mark.parametrize("path", [os.environ["PATH"], "/"], ids=["setpriv", "no setpriv"])
def test_a_child_has_a_group_of_its_own_and_hears_an_interrupt(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        env = {**os.environ, "PATH": path}
        pid = processes.spawn([sys.executable, "-P", "-c", SHOW], env, inherit=writer)
    finally:
        signal.signal(signal.SIGINT, old)
        os.close(writer)
    with open(reader) as output:
        leads_its_group, parent, ignored = json.loads(output.read())
    assert processes.reap(pid) == 0
    assert (leads_its_group, parent) == (True, os.getpid())
    assert not ignored & 1 << (signal.SIGINT - 1)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the table")
def test_a_kernel_has_room_for_its_files_from_its_start() -> None:
    with running() as kernel:
        for _ in range(2):
            process = Path(f"/proc/{kernel.subkernel.pid}")
            assert int((process / "status").read_text().split("FDSize:")[1].split()[0]) >= 256
            assert not (process / "fd/255").is_symlink()  # that one is the relay's alone
            kernel.subkernel.kill()
            kernel.client.published(is_restarting)
            kernel.client.run("pass")


def test_the_subkernels_environment_has_no_key_and_no_token() -> None:
    secret = {
        "OPENAI_API_KEY": "s",
        "BEAKER_POLICY": "s",
        "JUPYTER_TOKEN": "s",
        "JPY_API_TOKEN": "s",
        "JUPYTERHUB_API_TOKEN": "s",
        "JPY_PARENT_PID": "s",
    }
    env = processes.subkernel_environment({**secret, "PATH": "p", "JPY_SESSION_NAME": "n.ipynb"})
    assert env == {"PATH": "p", "JPY_SESSION_NAME": "n.ipynb", "JPY_PARENT_PID": str(os.getpid())}


def test_the_agents_settings_travel_apart_from_its_environment() -> None:
    environ = {"OPENAI_API_KEY": "s", "BEAKER_MODEL": "", "PATH": "p", "JUPYTER_TOKEN": "t"}
    assert processes.agent_environment(environ) == {"PATH": "p"}
    assert processes.agent_settings(environ) == {"OPENAI_API_KEY": "s"}
