"""`beaker doctor`: what it finds, what it says to do, what it never shows."""

from __future__ import annotations

import json
import os
import sys

import pytest

from beaker_kernel import __version__
from beaker_kernel.agent.frontend.prose import OVERWRITE
from beaker_kernel.cli import main
from beaker_kernel.commands import doctor
from beaker_kernel.commands.checks import Check, runtime_folders
from beaker_kernel.commands.doctor import table
from tests.support.scripted_model import hang, refusal, text


def by_name(ended):
    return {check["name"]: check for check in json.loads(ended.stdout)}


def test_a_healthy_setup_has_no_fault(beaker, model):
    model.when("Say yes", text("yes"))
    ended = beaker.run("doctor", "--json")
    found = by_name(ended)
    assert ended.returncode == 0
    assert [c for c in found.values() if c["state"] == "fault"] == []
    assert "cells run in python3" in found["kernel"]["found"]
    assert found["endpoint"]["found"] == f"{model.base_url} (on this machine)"
    assert found["model"]["found"].startswith("scripted-1 answers in ")
    assert found["key"]["found"] == "OPENAI_API_KEY from the environment"
    assert "sk-a-secret" not in ended.stdout + ended.stderr


def test_faults_are_named_with_their_mend(beaker, model):
    model.when("Say yes", refusal(401, "bad key"))
    beaker.run("install")
    spec = beaker.folder / "data" / "kernels" / "beaker" / "kernel.json"
    stale = json.loads(spec.read_text())
    stale["argv"][0] = "/gone/python"
    spec.write_text(json.dumps(stale))
    beaker.settings["JUPYTER_PREFER_ENV_PATH"] = "0"
    ended = beaker.run("doctor", "--json")
    found = by_name(ended)
    assert ended.returncode == 1
    assert found["kernelspec"]["found"].endswith("its interpreter /gone/python is gone")
    assert found["kernelspec"]["mend"] == "beaker install --name beaker"
    assert "OPENAI_API_KEY" in found["model"]["mend"]
    assert found["kernel"]["state"] == "fault"


def test_the_key_of_a_dotenv_is_used_and_named_but_not_shown(beaker):
    (beaker.folder / ".env").write_text(
        "OPENAI_API_KEY=sk-hidden\nOPENAI_BASE_URL=http://[::1]:9/v1\n"
    )
    ended = beaker.run("doctor")
    assert "OPENAI_API_KEY from .env in this folder" in ended.stdout
    assert "sk-hidden" not in ended.stdout + ended.stderr


def test_where_data_stay_on_this_machine_no_other_is_asked(beaker, model):
    beaker.settings["BEAKER_LOCAL_ONLY"] = "1"
    beaker.settings["OPENAI_BASE_URL"] = model.base_url.replace("127.0.0.1", "127.1")
    found = by_name(beaker.run("doctor", "--json"))
    assert found["endpoint"]["state"] == "fault"
    assert "local_only is set" in found["endpoint"]["found"]
    assert (model.requests, "model" in found) == ([], False)


def test_the_table_has_a_sign_and_the_mend_below():
    checks = [
        Check(name="one", found="here"),
        Check(name="second", state="fault", found="gone", mend="do this"),
        Check(name="third", state="note", found="so"),
    ]
    assert table(checks).splitlines() == [
        "✓ one     here",
        "✗ second  gone",
        "          → do this",
        "· third   so",
    ]


def test_each_check_is_shown_as_soon_as_it_is_known(beaker, model):
    model.when("Say yes", hang())
    with beaker.at_terminal("doctor") as terminal:
        lines = iter(terminal.process.stdout.readline, b"")
        found = [next(line for line in lines if name in line) for name in (b"python ", b"endpoint")]
        assert [line[:15].decode() for line in found] == ["✓ python     ", "✓ endpoint   "]
        model.wait_for_requests(1, timeout=60)
        assert terminal.process.poll() is None


def test_a_terminal_is_told_what_is_looked_at(monkeypatch, capsys):
    async def examine(begin):
        begin("starting a kernel")
        yield Check(name="kernel", found="starts")

    monkeypatch.setattr(doctor, "examine", examine)
    assert main(["doctor"]) == 0
    assert capsys.readouterr() == ("✓ kernel          starts\n", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(["doctor"])
    said = f"{OVERWRITE}… starting a kernel{OVERWRITE}{OVERWRITE}"
    assert capsys.readouterr() == ("✓ kernel          starts\n", said)


def test_the_folder_of_a_killed_kernel_is_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    parent = tmp_path / f"beaker-{os.getuid()}"
    ended = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(ended, 0)
    for pid in (ended, os.getpid()):
        (parent / f"{pid}-0a1b").mkdir(parents=True)
    (note,) = [c for c in runtime_folders() if str(tmp_path) in c.found]
    assert note.state == "note"
    assert str(parent / f"{ended}-0a1b") in note.found
    assert str(parent / f"{os.getpid()}-0a1b") not in note.found


@pytest.mark.parametrize(
    "command", [[], ["serve"], ["ask"], ["doctor"], ["install"], ["uninstall"]]
)
def test_every_command_has_help(beaker, command):
    ended = beaker.run(*command, "--help")
    assert (ended.returncode, bool(ended.stdout)) == (0, True)


def test_the_version_is_told(beaker):
    assert beaker.run("--version").stdout == f"beaker {__version__}\n"
