"""Each execution that enters through the server leaves a line."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat

import pytest
from running_server import TOKEN, serving
from test_server_kernels import run_cell

from beaker_kernel.server.audit import Audit, digest
from beaker_kernel.server.channels import V1, cell_in

CELL = "print('a secret')"


def note(audit, session="s"):
    audit.executed(
        who="me",
        origin=None,
        address="127.0.0.1",
        session=session,
        sha256=digest(CELL),
        verdict="accepted",
    )


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def in_v1(header, content):
    """Return a message as that protocol has it on the wire."""
    parts = [b"shell", *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = [len(offsets), *offsets]
    return b"".join(number.to_bytes(8, "little") for number in numbers) + b"".join(parts)


def test_a_cell_through_the_websocket_is_noted_without_its_code(tmp_path):
    log = tmp_path / "logs" / "audit.jsonl"
    options = (f"--BeakerServer.audit_file={log}",)
    with serving(tmp_path, *options, JUPYTER_TOKEN=TOKEN) as server:
        kernel = server.start_kernel()
        asyncio.run(run_cell(server, kernel, CELL))
    (noted,) = lines(log)
    assert noted.pop("time")
    assert noted == {
        "who": "beaker",
        "origin": None,
        "address": "127.0.0.1",
        "session": kernel,
        "sha256": hashlib.sha256(CELL.encode()).hexdigest(),
        "verdict": "accepted",
    }
    assert [stat.S_IMODE(p.stat().st_mode) for p in (log, log.parent)] == [0o600, 0o700]


def test_a_cell_is_found_in_each_form_of_a_message():
    header, content = {"msg_type": "execute_request"}, {"code": CELL}
    assert cell_in(in_v1(header, content), V1) == CELL
    assert cell_in(json.dumps({"header": header, "content": content}), None) == CELL


def test_an_escaped_name_hides_no_cell():
    text = '{"header": {"msg_type": "execute\\u005frequest"}, "content": {"code": "1"}}'
    assert cell_in(text, None) == "1"


@pytest.mark.parametrize("header", [{"msg_type": "kernel_info_request"}, {}, [], None, "x"])
def test_what_is_no_cell_is_not_noted(header):
    assert cell_in(json.dumps({"header": header, "content": {"code": "1"}}), None) is None
    assert cell_in(in_v1(header, {"code": "1"}), V1) is None


def test_the_log_is_rotated_and_the_oldest_goes(tmp_path):
    audit = Audit(tmp_path / "audit.jsonl", most_bytes=1, kept=2)
    for session in "abcd":
        note(audit, session)
    found = {path.name: lines(path)[0]["session"] for path in tmp_path.iterdir()}
    assert found == {"audit.jsonl": "d", "audit.jsonl.1": "c", "audit.jsonl.2": "b"}


def test_two_servers_write_one_log(tmp_path):
    first, second = Audit(tmp_path / "audit.jsonl"), Audit(tmp_path / "audit.jsonl")
    for audit in (first, second, first):
        note(audit)
    assert len(lines(tmp_path / "audit.jsonl")) == 3


def test_a_log_that_can_not_be_written_is_warned_of_once(tmp_path, caplog):
    (tmp_path / "file").touch()
    audit = Audit(tmp_path / "file" / "audit.jsonl")
    note(audit)
    note(audit)
    assert len(caplog.records) == 1
    os.remove(tmp_path / "file")
    note(audit)
    assert len(lines(audit.path)) == 1
