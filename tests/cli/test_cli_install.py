"""`beaker install` and `beaker uninstall`: where the kernelspec goes, and what is in it."""

from __future__ import annotations

import json
import sys

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from beaker_kernel import __version__
from beaker_kernel.cli import main
from beaker_kernel.commands.install import SHIPPED, staleness


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "kernels" / "beaker"


def read(folder):
    return json.loads((folder / "kernel.json").read_text())


def test_the_kernelspec_names_this_interpreter_and_jupyter_finds_it(folder, tmp_path):
    assert main(["install", "--user", "--name", "beaker-here"]) == 0
    found = KernelSpecManager(kernel_dirs=[str(folder.parent)]).get_kernel_spec("beaker-here")
    shipped = json.loads(SHIPPED.read_text())["argv"]
    assert found.argv[:3] == [sys.executable, *shipped[1:3]]
    assert found.interrupt_mode == "message"
    assert found.metadata["beaker"] == {"version": __version__}


def test_it_says_where(folder, capsys):
    main(["install"])
    assert capsys.readouterr().out == f"installed beaker in {folder}\n"


def test_a_prefix_and_a_display_name_are_kept(tmp_path):
    main(["install", "--prefix", str(tmp_path / "env"), "--display-name", "Ask me"])
    found = read(tmp_path / "env" / "share" / "jupyter" / "kernels" / "beaker")
    assert found["display_name"] == "Ask me"


def test_a_subkernel_is_written_into_the_metadata(folder):
    main(["install", "--subkernel", "python3"])
    assert read(folder)["metadata"]["beaker"]["subkernel"] == "python3"


def test_a_sandbox_is_a_kernelspec_of_its_own_beside_the_usual_one(folder):
    main(["install"])
    main(["install", "--sandbox", "--network"])
    boxed = read(folder.with_name("beaker-sandbox"))
    assert boxed["display_name"] == "Beaker (sandbox)"
    assert boxed["metadata"]["beaker"]["sandbox"] == {"network": True}
    assert "sandbox" not in read(folder)["metadata"]["beaker"]


def test_a_network_for_a_sandbox_that_is_none_is_refused(capsys):
    assert main(["install", "--network"]) == 2
    assert "--network is for a --sandbox" in capsys.readouterr().err


def test_a_subkernel_that_is_not_there_is_refused(folder, capsys):
    assert main(["install", "--subkernel", "cobol"]) == 2
    assert "no kernelspec 'cobol' is installed; there are " in capsys.readouterr().err
    assert not folder.exists()


def test_a_subkernel_that_is_a_beaker_is_refused_and_not_offered(folder, capsys):
    main(["install", "--name", "asker"])
    broken = folder.with_name("broken")
    broken.mkdir()
    (broken / "kernel.json").write_text("{}")
    assert main(["install", "--subkernel", "asker"]) == 2
    said, _, choices = capsys.readouterr().err.partition("; there are ")
    assert said == "beaker: the kernelspec 'asker' is a Beaker, not a real kernel"
    assert "python3" in choices
    assert "asker" not in choices
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "bad name", "..", ".", "", "ö", "a\n"])
@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_a_name_that_jupyter_does_not_take_is_refused(tmp_path, capsys, action, name):
    assert main([action, "--name", name]) == 2
    assert f"{name!r}: --name takes letters (a to z), digits, '.', '_' and '-'" in (
        capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("interpreter", "version", "reason"),
    [
        ("/gone/python", __version__, "its interpreter /gone/python is gone"),
        (sys.executable, "0.0.1", f"it is of version 0.0.1, this is {__version__}"),
    ],
)
def test_a_stale_kernelspec_is_noticed_and_replaced(folder, capsys, interpreter, version, reason):
    main(["install"])
    stale = read(folder)
    stale["argv"][0] = interpreter
    stale["metadata"]["beaker"]["version"] = version
    (folder / "kernel.json").write_text(json.dumps(stale))
    capsys.readouterr()
    assert main(["install"]) == 0
    assert capsys.readouterr().out.startswith(f"replacing a stale kernelspec: {reason}\n")
    assert read(folder)["argv"][0] == sys.executable
    assert [file.name for file in folder.iterdir()] == ["kernel.json"]


def test_the_interpreter_of_jupyter_itself_is_always_there(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert staleness(SHIPPED.parent) == ""


def test_a_kernelspec_of_somebody_else_is_left_alone(folder, capsys):
    folder.mkdir(parents=True)
    theirs = '{"argv": ["other"], "display_name": "Other", "language": "x"}'
    (folder / "kernel.json").write_text(theirs)
    assert main(["install"]) == main(["uninstall"]) == 2
    assert "is not Beaker's" in capsys.readouterr().err
    assert (folder / "kernel.json").read_text() == theirs


def test_uninstall_removes_what_install_made(folder, capsys):
    main(["install"])
    assert main(["uninstall"]) == 0
    assert not folder.exists()
    assert main(["uninstall"]) == 2
    assert "no kernelspec in" in capsys.readouterr().err


def test_a_folder_that_can_not_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["install", "--prefix", str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"beaker: {tmp_path}/file/share/jupyter/kernels/beaker can't be written")
    assert said.endswith(": Not a directory; --prefix takes another folder\n")


def test_two_places_at_once_are_refused(capsys):
    with pytest.raises(SystemExit) as refusal:
        main(["install", "--user", "--sys-prefix"])
    assert refusal.value.code == 2
