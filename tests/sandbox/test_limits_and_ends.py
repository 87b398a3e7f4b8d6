"""What a sandbox may use, and that all of it ends with its kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from beaker_kernel.provisioning import bubblewrap
from beaker_kernel.provisioning.bubblewrap import Box
from beaker_kernel.provisioning.cgroups import ROOT, Cgroup
from tests.support.kernels import Client, is_restarting, running, text
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.leftovers import running_after
from tests.support.relays import run_relay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Person

FORKS = """
import os, signal
children = []
try:
    for _ in range(200):
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
except BlockingIOError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(len(children))
"""
TAKES_ROOM = """
import subprocess, sys
hog = "held = []\\nwhile True: held.append(b'x' * 10_000_000)"
print(subprocess.run([sys.executable, "-c", hog], stderr=subprocess.DEVNULL).returncode)
"""
FILLS_A_FOLDER = """
written = 0
try:
    with open("/tmp/big", "wb", buffering=0) as file:
        while written < 2000:
            written += file.write(b"x" * 1_000_000) // 1_000_000
except OSError:
    pass
print(written)
"""


def groups() -> set[Path]:
    """Return the cgroups that ended kernels have left; others may run beside this test."""
    ours = (path for path in ROOT.rglob("beaker-*") if path.is_dir())
    return {path for path in ours if not psutil.pid_exists(int(path.name.split("-")[1]))}


def test_there_are_no_more_processes_than_allowed(person: Person) -> None:
    with person.kernel(processes=60) as kernel:
        assert 0 < int(text(kernel.client.run(FORKS)[1])) < 60


def test_what_takes_more_memory_than_allowed_is_ended(person: Person) -> None:
    with person.kernel(memory_mb=400) as kernel:
        kernel.client.execute(TAKES_ROOM)
        kernel.client.published(
            lambda m: is_restarting(m) or m["content"].get("text", "0").strip() not in ("0", "")
        )


def test_a_temporary_folder_is_no_way_round_the_memory_limit(person: Person) -> None:
    with person.kernel(memory_mb=400) as kernel:
        msg_id = kernel.client.execute(FILLS_A_FOLDER)
        reply = kernel.client.reply(msg_id, timeout=60)["content"]
        if reply["status"] == "ok":
            assert int(text(kernel.client.outputs(msg_id))) <= 420
        else:
            assert reply["ename"] == "KernelDied"


def test_limits_are_per_process_where_there_is_no_cgroup(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o777)
    count = "for i in 1 2 3 4 5 6 7 8 9; do sleep 60 & echo on; done"
    limited = ["prlimit", "--core=0", "--nproc=6", "sh", "-c", count]
    box = Box(
        cwd="/tmp",
        home="/nonexistent",
        network=False,
        readable=(),
        writable=(),
        room=1 << 20,
    )
    command = bubblewrap.command("bwrap", box, limited)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
    as_user = nobody if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_user, *command], capture_output=True, text=True, cwd="/", timeout=60, check=False
    )
    assert "annot fork" in done.stderr, done
    assert done.stdout.count("on") < 6


def test_an_interrupt_reaches_the_cell_and_the_commands_that_it_has_started(
    person: Person,
) -> None:
    with person.kernel() as kernel:
        code = "import subprocess; s = subprocess.Popen(['sleep', '600']); print('on'); s.wait()"
        msg_id = kernel.client.execute(code, stop_on_error=False)  # the next one is to run
        kernel.client.published(lambda m: m["msg_type"] == "stream")
        sleeper = next(p for p in kernel.relay.children(recursive=True) if p.name() == "sleep")
        asked = kernel.client.send("interrupt_request", channel="control")
        assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
        assert kernel.client.reply(msg_id)["content"]["ename"] == "KeyboardInterrupt"
        assert running_after([sleeper], 5) == []
        assert text(kernel.client.run("6 * 7")[1]) == "42"


@pytest.mark.parametrize("victim", ["beaker_kernel", "beaker_kernel.provisioning"])
def test_whoever_is_killed_nothing_of_a_sandbox_is_left(person: Person, victim: str) -> None:
    with person.kernel() as kernel:
        code = "import subprocess; s = subprocess.Popen(['sleep', '600'], start_new_session=True)"
        kernel.client.run(code)
        family = kernel.relay.children(recursive=True)
        assert "sleep" in {process.name() for process in family}
        process = kernel.relay if victim == "beaker_kernel" else kernel.child(victim)
        process.kill()
        assert running_after(family, 10) == []


def test_a_subkernel_that_dies_is_started_anew_in_a_sandbox(person: Person) -> None:
    with person.kernel() as kernel:
        os.kill(kernel.child("ipykernel_launcher").pid, signal.SIGKILL)
        kernel.client.published(is_restarting)
        assert text(kernel.client.run("import os; os.path.exists('/etc/shadow')")[1]) == "False"


def test_another_subkernel_of_the_session_is_in_the_sandbox_too(person: Person) -> None:
    with person.kernel() as kernel:
        content = {"context": "default", "context_info": {}, "subkernel": "python3"}
        asked = kernel.client.send("context_setup_request", content)
        assert kernel.client.reply(asked)["content"]["status"] == "ok"
        info = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]
        assert info["beaker"]["subkernel"] == "python3"
        assert info["beaker"]["sandbox"].startswith("bubblewrap: no network")
        assert text(kernel.client.run("import os; os.path.exists('/etc/shadow')")[1]) == "False"


def test_its_start_prints_nothing_and_it_watches_no_parent(
    person: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing but bubblewrap ends it: ipykernel would end itself where its parent is process 1."""
    with person.kernel() as kernel:
        poller = text(kernel.client.run("repr(get_ipython().kernel.parent.poller)")[1])
    assert (capfd.readouterr().out, poller) == ("", "'None'")


def test_no_cgroup_is_left(person: Person) -> None:
    before = groups()
    with person.kernel() as kernel:
        kernel.client.run("1")
    assert groups() <= before


def test_a_network_that_is_allowed_is_there_and_files_still_are_not(person: Person) -> None:
    with person.kernel(network=True) as kernel:
        code = "import os, socket; len(socket.if_nameindex()) > 0, os.path.exists('/etc/shadow')"
        assert text(kernel.client.run(code)[1]).endswith("False)")
        assert "/etc/resolv.conf" in text(
            kernel.client.run("import os; [e.path for e in os.scandir('/etc')]")[1]
        )
        info = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]
        assert info["beaker"]["sandbox"].startswith("bubblewrap: network, ")


def test_an_environment_variable_puts_the_usual_kernel_into_a_sandbox(person: Person) -> None:
    with running(cwd=str(person.work), **person.settings, BEAKER_SANDBOX="1") as kernel:
        assert text(kernel.client.run("import os; os.path.exists('/etc/shadow')")[1]) == "False"


def test_plain_jupyter_starts_it_as_any_provisioner(person: Person) -> None:
    write_kernelspec(person.home / "jupyter", "alone", provisioner="beaker-sandbox")
    found = KernelSpecManager(kernel_dirs=[str(person.home / "jupyter" / "kernels")])
    manager = KernelManager(kernel_name="alone", kernel_spec_manager=found)
    manager.start_kernel(cwd=str(person.work))
    client = Client(manager)
    try:
        assert text(client.run("import os; os.path.exists('/etc/shadow')")[1]) == "False"
    finally:
        client.close()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


# What is refused --------------------------------------------------------------------------------


def box(folder: Path, argv: list[str], **config: object) -> dict[str, str]:
    write_kernelspec(folder, "boxed", argv, provisioner="beaker-sandbox", config=config)
    return {"BEAKER_SUBKERNEL": "boxed"}


def test_without_bubblewrap_nothing_is_run_and_it_is_said_what_to_install(tmp_path: Path) -> None:
    env = box(tmp_path, ["/bin/sh", "-c", f"touch {tmp_path}/ran"])
    done = run_relay(tmp_path, **env, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "did not start: the sandbox needs bubblewrap" in done.stderr
    assert "apt install bubblewrap" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_where_namespaces_are_denied_nothing_is_run(tmp_path: Path) -> None:
    """The system denies them, in a namespace whose own limit is none."""
    env = box(tmp_path, ["/bin/sh", "-c", f"touch {tmp_path}/ran"])
    limit = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
    prefix = ["unshare", "--user", "--map-root-user", "sh", "-ec", limit, "sh"]
    done = run_relay(tmp_path, prefix=prefix, XDG_RUNTIME_DIR=str(tmp_path), **env)
    assert done.returncode == 1
    assert "bubblewrap can't make a sandbox here: bwrap: " in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("folder", ["home", "tmp"])
def test_a_working_folder_that_holds_what_is_to_be_hidden_is_refused(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / "home").mkdir()
    cwd = {"home": str(tmp_path / "home"), "tmp": "/tmp"}[folder]
    env = box(tmp_path, ["false"])
    done = run_relay(tmp_path, cwd=cwd, HOME=str(tmp_path / "home"), **env)
    assert done.returncode == 1
    assert f"the sandbox would let {cwd} in, and with it " in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="a user's processes are limited without a cgroup")
def test_root_gets_no_sandbox_whose_limit_would_not_hold(tmp_path: Path) -> None:
    hidden = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
    prefix = ["unshare", "--mount", "sh", "-ec", hidden, "sh"]
    done = run_relay(tmp_path, prefix=prefix, **box(tmp_path, ["false"]))
    assert "root's processes are only limited by a cgroup" in done.stderr


def test_a_group_that_cant_be_made_leaves_nothing() -> None:
    before = groups()
    with pytest.raises(OSError, match=r"Invalid argument|Permission denied"):
        Cgroup(memory=-(1 << 70), processes=1)
    assert groups() == before


def test_the_interpreter_is_the_one_outside(person: Person) -> None:
    with person.kernel() as kernel:
        assert text(kernel.client.run("import sys; sys.prefix")[1]) == repr(sys.prefix)


def test_what_runs_outside_cannot_be_moved_away(person: Person) -> None:
    (person.work / "project/.venv/bin").mkdir(parents=True)
    with person.kernel(readable=[str(person.work / "project/.venv")]) as kernel:
        for path in ("project", "project/.venv"):
            reply, _ = kernel.client.run(f"import os; os.rename({path!r}, 'elsewhere')")
            assert reply["ename"] == "OSError"
        assert kernel.client.run("open('project/new', 'w').close()")[0]["status"] == "ok"
