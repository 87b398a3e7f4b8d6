"""What can't be done is refused with a reason, in one shape, and nothing of the server in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from executions import Api
from running_server import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_CODE = 10_000
LIMITS = {
    "BEAKER_EXECUTION_MAX_CODE_BYTES": str(MOST_CODE),
    "BEAKER_EXECUTION_MAX_QUEUE": "1",
    "BEAKER_EXECUTION_POOL": "0",
}
DEEP = b"[" * 100_000 + b"]" * 100_000
TOO_LONG = b'{"code": "' + b"x" * (MOST_CODE + 1) + b'"}'


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("wrong")
    with serving(folder, JUPYTER_TOKEN=TOKEN, **LIMITS) as server:
        yield Api(server, folder)


@pytest.fixture(scope="module")
def session(api: Api) -> Iterator[str]:
    with api.session() as name:
        yield name


def refused(reply: Any) -> int:
    """Return a refusal's status; its body has the one shape."""
    for problem in reply.json()["detail"]:
        assert sorted(problem) == ["loc", "msg", "type"]
        assert "/" not in problem["msg"] or "/beaker" not in problem["msg"]
    assert b"Traceback" not in reply.body
    return int(reply.status)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", b'{"code": NaN}', 400),
        ("application/json", DEEP, 400),
        ("text/plain", b'{"code": "1"}', 415),
        ("application/x-www-form-urlencoded", b"code=1", 415),
        ("application/json", b"[]", 422),
        ("application/json", b"null", 422),
        ("application/json", b'{"code": 1}', 422),
        ("application/json", b'{"code": "1", "unknown": 1}', 422),
        ("application/json", b'{"code": "1", "timeout": -1}', 422),
        ("application/json", b'{"code": "1", "language": "klingon"}', 422),
        ("application/json", b'{"code": "1", "session": "none"}', 404),
        ("application/json", TOO_LONG, 413),
    ],
    ids=str,
)
def test_a_body_of_a_wrong_kind_is_refused(api: Api, kind: str, body: bytes, status: int) -> None:
    assert refused(api.ask("POST", "/executions", body, Content_Type=kind)) == status


@pytest.mark.parametrize(
    "wanted",
    [
        {"env": {"": "x"}},
        {"env": {"a=b": "x"}},
        {"env": {"A": "\0"}},
        {"memory_mb": 99},
        {"memory_mb": 1 << 60},
    ],
    ids=str,
)
def test_a_session_that_no_kernel_could_start_in_is_refused_at_once(
    api: Api, wanted: dict[str, object]
) -> None:
    body = json.dumps(wanted).encode()
    assert refused(api.ask("POST", "/sessions", body, Content_Type="application/json")) == 422


OUTSIDE = ("../a", "%2e%2e/a", "a/..%2f..%2fb", "%2fetc%2fpasswd", "/etc/passwd", "a%00b", ".")


@pytest.mark.parametrize("path", [*OUTSIDE, "link", "link/passwd"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_file_does_not_get_out_of_the_sessions_folder(
    api: Api, session: str, method: str, path: str
) -> None:
    api.run("import os\nif not os.path.lexists('link'): os.symlink('/etc', 'link')", session)
    found = api.ask(method, f"/sessions/{session}/files/{path}", b"x" if method == "PUT" else None)
    assert refused(found) in (400, 404, 405, 409)


@pytest.mark.parametrize("path", [*OUTSIDE, "link/passwd"])
def test_nothing_outside_the_sessions_folder_is_deleted(api: Api, session: str, path: str) -> None:
    api.run("import os\nif not os.path.lexists('link'): os.symlink('/etc', 'link')", session)
    assert refused(api.ask("DELETE", f"/sessions/{session}/files/{path}")) in (400, 404, 405)


def test_a_form_writes_nothing_outside_either(api: Api, session: str) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="../../out.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nout\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    path = f"/sessions/{session}/files"
    assert refused(api.ask("POST", path, form, Content_Type=kind)) in (400, 404)
    assert not list(api.folder.glob("**/out.txt"))


def test_a_file_is_not_replaced_unless_that_is_said(api: Api, session: str) -> None:
    path = f"/sessions/{session}/files/once.txt"
    assert api.ask("PUT", path, b"first").status == 201
    assert refused(api.ask("PUT", path, b"second")) == 409
    assert api.ask("PUT", f"{path}?overwrite=1", b"second").status == 201
    assert api.ask("GET", path).body == b"second"


def test_a_name_that_is_taken_is_a_conflict(api: Api, session: str) -> None:
    assert refused(api.ask("POST", "/sessions", {"id": session})) == 409


def test_more_than_may_wait_in_a_session_is_refused_with_a_time(api: Api, session: str) -> None:
    started = [api.start("import time; time.sleep(60)", session) for _ in range(2)]
    reply = api.ask("POST", "/executions", {"code": "1", "session": session})
    assert (refused(reply), int(reply.headers["Retry-After"]) > 0) == (429, True)
    for name in reversed(started):
        api.ask("POST", f"/executions/{name}/interrupt")
    for name in started:
        assert api.end(name)["status"] == "interrupted"


def test_more_requests_than_a_minute_has_are_refused_with_a_time(tmp_path: Path) -> None:
    few = {"BEAKER_EXECUTION_RATE": "2"}
    with serving(tmp_path, JUPYTER_TOKEN=TOKEN, **few) as server:
        found = [Api(server, tmp_path).ask("GET", "/sessions") for _ in range(3)]
        assert [reply.status for reply in found] == [200, 200, 429]
        assert 1 <= int(found[-1].headers["Retry-After"]) <= 30
