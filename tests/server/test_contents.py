"""Files: what lies below the root, and never what a link leads to elsewhere."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from running_server import TOKEN, serving


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("a secret")
    root = tmp_path_factory.mktemp("root")
    (root / "inside.txt").write_text("fine")
    (root / "near.txt").symlink_to(root / "inside.txt")
    (root / "file.txt").symlink_to(outside / "secret.txt")
    (root / "folder").symlink_to(outside)
    (root / "absent.txt").symlink_to(outside / "new.txt")
    (root / "deep").mkdir()
    (root / "deep" / ".ipynb_checkpoints").symlink_to(outside)
    (root / "deep" / "a.txt").write_text("a")
    return root, outside


@pytest.fixture(scope="module")
def files(folders, tmp_path_factory):
    options = (f"--root={folders[0]}",)
    with serving(tmp_path_factory.mktemp("at"), *options, JUPYTER_TOKEN=TOKEN) as server:
        yield server


def put(server, path, **model):
    body = {"type": "file", "format": "text", "content": "changed", **model}
    return server.ask("PUT", f"/api/contents/{path}", body=json.dumps(body).encode()).status


OUTSIDE = ("file.txt", "folder", "folder/secret.txt", "../secret.txt", "folder/../../x")


@pytest.mark.parametrize("path", [*OUTSIDE, "%2e%2e/secret.txt", "folder%2fsecret.txt", "a%00b"])
def test_what_lies_outside_the_root_is_not_there(files, path):
    assert files.ask("GET", f"/api/contents/{path}").status == 404


@pytest.mark.parametrize("path", ["inside.txt", "near.txt"])
def test_what_lies_below_the_root_is_served_also_through_a_link(files, path):
    assert files.ask("GET", f"/api/contents/{path}").json()["content"] == "fine"


def test_a_listing_leaves_out_what_leads_outside(files):
    listed = files.ask("GET", "/api/contents").json()["content"]
    assert {entry["name"] for entry in listed} == {"inside.txt", "near.txt", "deep"}


@pytest.mark.parametrize("path", ["file.txt", "folder/new.txt", "absent.txt"])
def test_nothing_is_written_through_a_link(files, folders, path):
    assert put(files, path) == 404
    assert [f.name for f in folders[1].iterdir()] == ["secret.txt"]
    assert (folders[1] / "secret.txt").read_text() == "a secret"


def test_nothing_is_moved_copied_or_deleted_through_a_link(files, folders):
    moved = json.dumps({"path": "mine.txt"}).encode()
    copied = json.dumps({"copy_from": "folder/secret.txt"}).encode()
    assert files.ask("PATCH", "/api/contents/folder/secret.txt", body=moved).status == 404
    assert files.ask("POST", "/api/contents/deep", body=copied).status == 404
    assert files.ask("DELETE", "/api/contents/folder/secret.txt").status == 404
    assert (folders[1] / "secret.txt").exists()


def test_a_checkpoint_goes_nowhere_else(files, folders):
    assert files.ask("POST", "/api/contents/deep/a.txt/checkpoints").status == 404
    assert [f.name for f in folders[1].iterdir()] == ["secret.txt"]


def test_a_notebook_that_is_read_while_it_is_saved_stays_whole(files, folders):
    shelf = folders[0] / "deep" / "shelf"
    shelf.mkdir()
    cell = {"cell_type": "raw", "metadata": {}, "source": "x" * 100}
    cells = [{**cell, "id": str(number)} for number in range(5_000)]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    save = {"type": "notebook", "format": "json", "content": notebook}
    assert put(files, "deep/shelf/read.ipynb", **save) == 201
    with ThreadPoolExecutor(8) as pool:
        saved = [pool.submit(put, files, "deep/shelf/read.ipynb", **save) for _ in range(6)]
        read = [
            pool.submit(files.ask, "GET", "/api/contents/deep/shelf/read.ipynb") for _ in range(24)
        ]
        assert {each.result() for each in saved} == {200}
        assert {each.result().status for each in read} == {200}
    assert {file.name for file in shelf.glob("*read*")} == {"read.ipynb"}
