"""What is let into a sandbox, decided without one."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.provisioning import bubblewrap
from beaker_kernel.provisioning.bubblewrap import Box

if TYPE_CHECKING:
    from pathlib import Path

HOME = "/home/ada"


def box(**more: object) -> Box:
    usual = Box(
        cwd=f"{HOME}/work", home=HOME, network=False, readable=(), writable=(), room=1_000_000
    )
    return replace(usual, **more)


def follows(command: list[str], *words: str) -> bool:
    """Tell whether the words stand in the command one after the other."""
    return any(tuple(command[at : at + len(words)]) == words for at in range(len(command)))


def test_every_namespace_is_a_new_one_and_every_right_is_dropped() -> None:
    command = bubblewrap.command("bwrap", box(), ["true"])
    for option in ("--unshare-all", "--disable-userns", "--die-with-parent", "--new-session"):
        assert option in command
    assert follows(command, "--cap-drop", "ALL")
    assert "--share-net" not in command
    assert command[-2:] == ["--", "true"]


def test_the_network_comes_with_the_files_that_it_needs() -> None:
    command = bubblewrap.command("bwrap", box(network=True), [])
    assert "--share-net" in command
    assert "/etc/resolv.conf" in command


def test_the_home_is_emptied_before_the_working_folder_is_put_into_it() -> None:
    command = bubblewrap.command("bwrap", box(), [])
    assert follows(command, "--tmpfs", HOME)
    assert follows(command, "--bind", f"{HOME}/work", f"{HOME}/work")
    assert command.index(HOME) < command.index(f"{HOME}/work")


def test_what_is_only_readable_stays_so_within_a_writable_folder() -> None:
    venv = f"{HOME}/work/.venv"
    command = bubblewrap.command("bwrap", box(readable=(venv,)), [])
    assert follows(command, "--ro-bind-try", venv, venv)
    assert command.index(f"{HOME}/work") < command.index(venv)


def test_the_environment_is_an_allow_list() -> None:
    environ = {"PATH": "p", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "s", "MINE": "m", "X": "x"}
    kept = bubblewrap.environment(environ, ["MINE", "ABSENT"])
    assert kept == {"PATH": "p", "LC_ALL": "C", "MINE": "m"}


@pytest.mark.parametrize("folder", [HOME, "/home", "/", "/run", "/run/beaker"])
def test_a_folder_that_holds_what_is_hidden_is_not_let_in(folder: str) -> None:
    for opened in (box(cwd=folder), box(writable=(folder,)), box(readable=(folder,))):
        with pytest.raises(ConfigurationError, match=f"would let {folder} in, and with it"):
            bubblewrap.check_folders(opened, ["/run/beaker"])
    bubblewrap.check_folders(box(), ["/run/beaker"])


def test_a_folder_that_is_hidden_itself_is_named_once() -> None:
    for folder in (HOME, "/run/beaker"):
        with pytest.raises(ConfigurationError, match="all that must stay hidden there") as raised:
            bubblewrap.check_folders(box(cwd=folder), ["/run/beaker"])
        assert str(raised.value).count(folder) == 1


def test_a_link_to_what_is_hidden_is_not_let_in(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    opened = box(home=str(tmp_path / "home"), readable=(str(tmp_path / "link"),))
    with pytest.raises(ConfigurationError, match="link in"):
        bubblewrap.check_folders(opened, [])


def test_a_settings_file_is_found_in_a_writable_folder_only(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "outside").write_text("")
    assert bubblewrap.keys_in([str(tmp_path / "work")]) == []
    (tmp_path / "work" / ".env").symlink_to(tmp_path / "outside")
    assert bubblewrap.keys_in([str(tmp_path / "work")]) == []
    (tmp_path / ".env").write_text("")
    assert bubblewrap.keys_in([str(tmp_path)]) == [str(tmp_path / ".env")]


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_an_environments_folder_and_those_that_its_links_lead_to_are_needed(
    tmp_path: Path,
) -> None:
    home = str(tmp_path)
    executable(tmp_path / "python-3.11" / "bin" / "python3")
    (tmp_path / "python").symlink_to("python-3.11")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(tmp_path / "python" / "bin" / "python3")
    needed = set(bubblewrap.program(str(tmp_path / "venv" / "bin" / "python"), home))
    assert {f"{home}/venv", f"{home}/python", f"{home}/python-3.11"} <= needed


@pytest.mark.parametrize("place", ["bin/kernel", "project/kernel"])
def test_a_program_beside_other_things_comes_alone(tmp_path: Path, place: str) -> None:
    path = str(executable(tmp_path / place))
    assert set(bubblewrap.program(path, str(tmp_path))) - {path} == {usersite()}


def test_of_the_persons_own_programs_the_data_stay_out(tmp_path: Path) -> None:
    path = executable(tmp_path / ".local" / "bin" / "kernel")
    needed = set(bubblewrap.program(str(path), str(tmp_path))) - {usersite()}
    assert needed == {str(tmp_path / ".local" / part) for part in ("bin", "lib")}


def test_of_the_systems_programs_nothing_more_is_needed() -> None:
    assert set(bubblewrap.program("/usr/bin/env", HOME)) == {usersite()}


def usersite() -> str:
    import site

    return os.path.abspath(site.getusersitepackages())


def test_no_folder_on_the_way_to_what_runs_outside_can_be_renamed(tmp_path: Path) -> None:
    venv = tmp_path / "project" / "nested" / ".venv"
    venv.mkdir(parents=True)
    command = bubblewrap.command("bwrap", box(cwd=str(tmp_path), readable=(str(venv),)), [])
    for folder in (venv.parent, venv.parent.parent):
        assert follows(command, "--bind", str(folder), str(folder))
        assert command.index(str(folder)) < command.index(str(venv))


def test_beaker_itself_can_only_be_read_where_it_lies_in_a_writable_folder() -> None:
    package = os.path.dirname(os.path.dirname(bubblewrap.__file__))
    assert package in bubblewrap.ours_in([os.path.dirname(package)])
    assert bubblewrap.ours_in(["/nowhere"]) == []
