"""Completion, help and completeness of our cells."""

from __future__ import annotations

import pytest

from tests.support.kernels import Kernel, markdown, running


def test_magics_complete_beside_the_subkernels_own(kernel: Kernel) -> None:
    def matches(code: str) -> list[str]:
        content = {"code": code, "cursor_pos": len(code)}
        asked = kernel.client.send("complete_request", content)
        found: list[str] = kernel.client.reply(asked)["content"]["matches"]
        return found

    assert {"%beaker", "%bookmark"} <= set(matches("%b"))
    assert {"%ask", "%%ask", "%time"} <= set(matches("%"))
    assert "%fix" in matches("%f")
    assert matches("%ask --m") == ["--model"]
    assert matches("%ask --model ") == []
    assert "status" in matches("%beaker st")
    assert matches("%beaker policy a") == ["ask", "auto"]


@pytest.mark.parametrize(
    ("code", "ours"),
    [("%as", "%ask"), ("%%a", "%%ask"), ("%%as", "%%ask"), ("%%e", "%%edit"), ("\n %as", "%ask")],
)
def test_a_magic_of_ours_completes_where_python_sees_a_name_behind_the_sign(
    code: str, ours: str, kernel: Kernel
) -> None:
    asked = kernel.client.send("complete_request", {"code": code, "cursor_pos": len(code)})
    content = kernel.client.reply(asked)["content"]
    assert content["matches"] == [ours]
    assert (content["cursor_start"], content["cursor_end"]) == (code.index("%"), len(code))


def test_a_completion_tells_the_type_of_each_match(kernel: Kernel) -> None:
    asked = kernel.client.send("complete_request", {"code": "%b", "cursor_pos": 2})
    types = kernel.client.reply(asked)["content"]["metadata"]["_jupyter_types_experimental"]
    assert {"%beaker", "%bookmark"} <= {match["text"] for match in types}


def test_completion_help_and_completeness_of_our_cells_need_no_agent() -> None:
    with running() as kernel:
        client = kernel.client
        completed = client.reply(client.send("complete_request", {"code": "%beaker st"}))
        asked = client.send("inspect_request", {"code": "%ask", "cursor_pos": 4})
        inspected = client.reply(asked)["content"]
        complete = client.reply(client.send("is_complete_request", {"code": "%%ask\nwhy"}))
        assert completed["content"]["matches"] == ["status"]
        assert "--auto" in inspected["data"]["text/plain"]
        assert complete["content"] == {"status": "complete"}
        commands = [process.cmdline() for process in kernel.relay.children()]
        assert not any("beaker_kernel.agent" in command for command in commands)


@pytest.mark.parametrize("code", ["%ask?", "?%ask", "%beaker help", "%beaker"])
def test_help_names_every_command(code: str, kernel: Kernel) -> None:
    _, outputs = kernel.client.run(code)
    assert all(word in markdown(outputs)[0] for word in ("--auto", "status", "policy", "%%ask"))
