"""No path leads out of a session's folder, and a file is written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.errors import Conflict, InvalidRequest, NotFound
from beaker_kernel.execution.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

WAYS_OUT = ["../secret", "/etc/passwd", "a/../../secret", "..", "", ".", "a\0b", "link", "folder/x"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "secret").write_text("secret")
    workspace = Workspace(tmp_path / "session", own=True)
    (workspace.path / "link").symlink_to(tmp_path / "secret")
    (workspace.path / "folder").symlink_to(tmp_path)
    (tmp_path / "x").write_text("secret")
    return workspace


@pytest.mark.parametrize("path", WAYS_OUT)
def test_nothing_outside_is_read(workspace: Workspace, path: str) -> None:
    with pytest.raises((InvalidRequest, NotFound)):
        workspace.open(path)


@pytest.mark.parametrize("path", WAYS_OUT)
def test_nothing_outside_is_written(workspace: Workspace, path: str) -> None:
    before = sorted(workspace.path.parent.rglob("*"))
    with pytest.raises((InvalidRequest, NotFound, Conflict)):
        workspace.write(path, b"mine", overwrite=False)
    assert sorted(workspace.path.parent.rglob("*")) == before
    assert (workspace.path.parent / "secret").read_text() == "secret"


def test_writing_over_a_link_replaces_the_link(workspace: Workspace) -> None:
    workspace.write("link", b"mine", overwrite=True)
    assert (workspace.path.parent / "secret").read_text() == "secret"
    assert (workspace.path / "link").read_bytes() == b"mine"


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "folder/x", "a\0b"])
def test_nothing_outside_is_deleted(workspace: Workspace, path: str) -> None:
    with pytest.raises((InvalidRequest, NotFound)):
        workspace.delete(path)
    assert (workspace.path.parent / "x").exists()


def test_a_file_is_written_read_listed_and_deleted(workspace: Workspace) -> None:
    workspace.write("a/b/c.txt", b"hello", overwrite=False)
    with workspace.open("a/b/c.txt") as file:
        assert file.read() == b"hello"
    assert [(f.path, f.size) for f in workspace.files("a/b")] == [("a/b/c.txt", 5)]
    workspace.delete("a/b/c.txt")
    assert workspace.files("a/b") == []


def test_a_file_is_not_replaced_unless_that_is_said(workspace: Workspace) -> None:
    workspace.write("a", b"1", overwrite=False)
    with pytest.raises(Conflict, match="overwrite=1"):
        workspace.write("a", b"2", overwrite=False)
    workspace.write("a", b"3", overwrite=True)
    assert (workspace.path / "a").read_bytes() == b"3"
    assert [f.path for f in workspace.files()] == ["a"]


def test_neither_a_pipe_nor_a_folder_is_a_file(workspace: Workspace) -> None:
    os.mkfifo(workspace.path / "pipe")
    (workspace.path / "real").mkdir()
    for path in ("pipe", "real"):
        with pytest.raises(NotFound):
            workspace.open(path)


def test_what_has_changed_is_told(workspace: Workspace) -> None:
    (workspace.path / "old").write_text("1")
    before = workspace.stamps()
    (workspace.path / "new").write_text("22")
    (workspace.path / "old").write_text("333")
    assert [(f.path, f.size) for f in workspace.changed_since(before)] == [("new", 2), ("old", 3)]


def test_only_a_folder_of_its_own_is_removed(workspace: Workspace, tmp_path: Path) -> None:
    theirs = Workspace(tmp_path / "theirs", own=True).path
    Workspace(theirs, own=False).remove()
    workspace.remove()
    assert (theirs.exists(), workspace.path.exists(), (tmp_path / "x").exists()) == (
        True,
        False,
        True,
    )
