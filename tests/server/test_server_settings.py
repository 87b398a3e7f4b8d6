"""What the server takes from its surroundings."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from running_server import MAIN, TOKEN, environment, serving
from traitlets import TraitError

from beaker_kernel.server import _jupyter_server_extension_points
from beaker_kernel.server.environment import read_dotenv
from beaker_kernel.server.execution_api import ExecutionSettings
from beaker_kernel.server.identity import read_or_make


def test_a_dotenv_sets_what_the_environment_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("SET", "environment")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("UNSET", raising=False)
    monkeypatch.delenv("BLANK", raising=False)
    file = tmp_path / ".env"
    file.write_text("SET=file\nEMPTY=file\nUNSET=file\nBLANK=\n")
    assert sorted(read_dotenv(file)) == ["EMPTY", "UNSET"]
    assert [os.environ.get(n) for n in ("SET", "EMPTY", "UNSET", "BLANK")] == [
        "environment",
        "file",
        "file",
        None,
    ]
    monkeypatch.delenv("UNSET")


def test_no_dotenv_is_no_fault(tmp_path):
    assert read_dotenv(tmp_path / ".env") == []


def test_the_dotenv_of_the_working_folder_gives_the_token(tmp_path):
    (tmp_path / ".env").write_text(f"JUPYTER_TOKEN={TOKEN}\nBEAKER_ORIGINS=http://a.example\n")
    with serving(tmp_path) as server:
        reply = server.ask("GET", "/api/me", {"Origin": "http://a.example"})
        assert reply.status == 200
        assert reply.headers["Access-Control-Allow-Origin"] == "http://a.example"


def test_a_missing_token_file_is_made_for_its_owner_alone(tmp_path):
    token = read_or_make(tmp_path / "token")
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert len(token) >= 32
    assert read_or_make(tmp_path / "token") == token


def test_the_token_file_wins_over_the_environment(tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with serving(tmp_path, "--token-file", "token", JUPYTER_TOKEN="another") as server:
        assert server.ask("GET", "/api/me").status == 200


def test_the_server_closes_its_memory_to_other_processes(server):
    # A process that is not dumpable has a /proc folder that belongs to root, its files to nobody.
    path = f"/proc/{server.process.pid}"
    if os.geteuid() == 0:
        demoted = [sys.executable, "-c", f"import os; os.setuid(65534); open('{path}/environ')"]
        assert (
            b"PermissionError" in subprocess.run(demoted, check=False, capture_output=True).stderr
        )
    else:
        assert os.stat(f"{path}/environ").st_uid == 0


def test_help_names_the_options(tmp_path):
    command = [sys.executable, MAIN, "--help"]
    ended = subprocess.run(
        command, check=False, env=environment(tmp_path), capture_output=True, text=True
    )
    assert ended.returncode == 0
    for option in ("--ip", "--port", "--token-file", "--origin", "--root"):
        assert option in ended.stdout


def test_a_stock_jupyter_server_finds_the_extension():
    (point,) = _jupyter_server_extension_points()
    assert point["app"].name == "beaker_server"


STOCK = """
from jupyter_server.serverapp import ServerApp
server = ServerApp(jpserver_extensions={"beaker_kernel.server": True})
server.initialize(argv=[], find_extensions=False, new_httpserver=False)
print(server.extension_manager.extensions["beaker_kernel.server"].enabled)
print(type(server.identity_provider).__name__, server.default_url, len(server.default_services))
"""


def test_a_stock_jupyter_server_with_the_extension_stays_as_it_is(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", STOCK],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "True\nPasswordIdentityProvider / 13\n", ended.stderr
    assert "| extension was successfully loaded" in ended.stderr


@pytest.mark.parametrize("name", ["beaker_kernel.server", "beaker_kernel.server.environment"])
def test_importing_the_package_does_not_import_jupyter(name):
    code = f"import sys, {name}; sys.exit('jupyter_server' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("megabytes", ["0", "100"])
def test_a_memory_limit_is_none_or_enough(megabytes, monkeypatch):
    monkeypatch.setenv("BEAKER_EXECUTION_MEMORY_MB", megabytes)
    assert ExecutionSettings().limits().memory_mb == int(megabytes)


def test_a_memory_limit_with_which_no_kernel_answers_is_refused(monkeypatch):
    monkeypatch.setenv("BEAKER_EXECUTION_MEMORY_MB", "99")
    with pytest.raises(TraitError, match="from 100 on"):
        ExecutionSettings().limits()
