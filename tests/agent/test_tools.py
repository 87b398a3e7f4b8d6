"""What the model may do, and what it is told when it may not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from beaker_kernel.agent import briefing
from beaker_kernel.agent.model import ToolCall
from beaker_kernel.agent.policy import Verdict, digest, refused
from beaker_kernel.agent.provider.replay import Tape, Word
from beaker_kernel.agent.session import Execution
from beaker_kernel.agent.toolbox import Toolbox
from beaker_kernel.agent.turn import Turn
from beaker_kernel.errors import ApprovalRequired
from beaker_kernel.protocol.replies import Variable, VariablesReply
from tests.support.built_in_tools import SPECS, TOOLS

pytestmark = pytest.mark.anyio


REFUSED = refused("the person")
ONE = VariablesReply(variables=(Variable(name="x", type="int", preview="41"),), total=1)


@dataclass
class Surface:
    """A person, and what they saw."""

    verdict: Verdict = REFUSED
    can_approve: bool = True
    takes_cells: bool = True
    answer: str = ""
    header: bytes = b"asked"
    seen: list[tuple] = field(default_factory=list)

    async def approve(self, code, *, untrusted):
        self.seen.append(("asked", code, untrusted))
        return self.verdict

    async def ask(self, question):
        return self.answer

    def cell(self, code):
        self.seen.append(("cell", code))

    def code(self, code, record):
        self.seen.append(("code", code, record))

    def withheld(self, code, record):
        self.seen.append(("withheld", code, record))

    def placed(self, code):
        self.seen.append(("placed", code))

    def notice(self, text):
        self.seen.append(("notice", text))


@dataclass
class Session:
    """A kernel that prints one line, and knows one variable."""

    known: VariablesReply | None = ONE
    ran: list[tuple] = field(default_factory=list)
    prints: str = "42"
    sandbox: str = ""

    async def execute(self, code, shown_under, *, most):
        self.ran.append((code, shown_under))
        execution = Execution(reply={"status": "ok"})
        execution.outputs.write(self.prints)
        return execution

    async def variables(self, limit=50, names=()):
        if self.known is None or not names or names[0] == "x":
            return self.known
        return VariablesReply()


def toolbox(
    policy="auto", surface=None, session=None, messages=(), policies=None, tape=None, redact=str
) -> Toolbox:
    session, surface = session or Session(), surface or Surface()
    turn = Turn(session, surface, policy, "gpt-9", [{}, *messages], redact, tape)
    return Toolbox(turn, TOOLS, policies or {})


async def use(box: Toolbox, tool: str, **arguments):
    return await box.use(ToolCall(id="1", name=tool, arguments=arguments))


async def test_code_that_may_run_is_shown_with_its_record_and_run_under_the_question() -> None:
    box = toolbox("auto")
    result = await use(box, "run_code", code="x + 1")
    assert box.turn.session.ran == [("x + 1", b"asked")]
    record = {
        "author": "model", "model": "gpt-9", "sha256": digest("x + 1"),
        "approved_by": "policy auto",
    }  # fmt: skip
    assert box.turn.surface.seen == [("code", "x + 1", record)]
    assert result.text == briefing.fenced("42")


async def test_code_that_was_refused_does_not_run_and_the_model_is_told() -> None:
    box = toolbox("ask")
    result = await use(box, "run_code", code="x")
    assert box.turn.session.ran == []
    assert result.text == result.error
    assert "the person refused it" in result.text


async def test_code_that_the_person_changed_runs_as_they_left_it() -> None:
    box = toolbox("ask", Surface(Verdict(by="the person", code="x + 2")))
    result = await use(box, "run_code", code="x + 1")
    assert box.turn.session.ran == [("x + 2", b"asked")]
    assert "The person changed the code to:\nx + 2" in result.text
    assert box.turn.surface.seen[-1][2]["sha256"] == digest("x + 2")


async def test_code_that_nobody_can_allow_is_shown_all_the_same() -> None:
    box = toolbox("ask", Surface(can_approve=False))
    with pytest.raises(ApprovalRequired):
        await use(box, "run_code", code="x")
    kind, code, record = box.turn.surface.seen[0]
    assert (kind, code, record["approved_by"]) == ("withheld", "x", None)
    assert box.turn.session.ran == []


@pytest.mark.parametrize("read", [True, False])
async def test_the_person_is_told_whether_the_model_has_read_outputs(read) -> None:
    text = briefing.fenced("obey") if read else "hello"
    box = toolbox("ask", messages=[{"role": "tool", "content": text}])
    await use(box, "run_code", code="x")
    assert box.turn.surface.seen == [("asked", "x", read)]


async def test_empty_code_is_refused_and_nobody_is_asked() -> None:
    box = toolbox("ask")
    assert (await use(box, "run_code", code=" \n")).error
    assert box.turn.surface.seen == []


async def test_a_cell_goes_to_the_person_whatever_the_policy() -> None:
    for policy in ("ask", "auto", "never"):
        box = toolbox(policy)
        await use(box, "insert_cell", code="x")
        assert (box.turn.surface.seen, box.turn.session.ran) == ([("cell", "x")], [])


async def test_where_nobody_takes_cells_auto_runs_them() -> None:
    box = toolbox("auto", Surface(can_approve=False, takes_cells=False))
    await use(box, "insert_cell", code="x")
    assert box.turn.session.ran == [("x", b"asked")]


async def test_where_nobody_takes_cells_ask_wants_an_approval() -> None:
    box = toolbox("ask", Surface(can_approve=False, takes_cells=False))
    with pytest.raises(ApprovalRequired):
        await use(box, "insert_cell", code="x")
    assert box.turn.surface.seen[0][0] == "withheld"


async def test_where_nobody_takes_cells_never_shows_them() -> None:
    box = toolbox("never", Surface(can_approve=False, takes_cells=False))
    await use(box, "insert_cell", code="x")
    assert (box.turn.surface.seen, box.turn.session.ran) == ([("cell", "x")], [])


ALONE = {"can_approve": False, "takes_cells": False}
BY = "the person"


async def replayed(path, tool, policy="ask", **arguments):
    """Use a tool where nobody is there, with what was recorded."""
    box = toolbox(policy, Surface(**ALONE), tape=Tape(path, records=False))
    return box, await use(box, tool, **arguments)


@pytest.mark.parametrize(
    ("verdict", "ran", "seen"),
    [
        (Verdict(by=BY, code="x"), ["x"], "code"),
        (Verdict(by=BY, code="x + 1"), ["x + 1"], "code"),
        (refused(BY), [], "withheld"),
        (Verdict(by=BY, refusal="the person edits and runs it in a new cell"), [], "withheld"),
    ],
)
async def test_a_persons_word_is_given_again_where_nobody_can_be_asked(
    tmp_path, verdict, ran, seen
) -> None:
    path = tmp_path / "tape.jsonl"
    tape = Tape(path, records=True)
    first = await use(toolbox("ask", Surface(verdict), tape=tape), "run_code", code="x")
    box, again = await replayed(path, "run_code", code="x")
    assert again == first
    assert [code for code, _ in box.turn.session.ran] == ran
    ((kind, _, record),) = box.turn.surface.seen
    assert (kind, record["approved_by"]) == (seen, "the person, as recorded" if ran else None)


async def test_who_can_be_asked_is_asked_whatever_was_recorded(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    tape.keep_word(digest("x"), Word("approved"))
    box = toolbox("ask", tape=tape)
    await use(box, "run_code", code="x")
    assert (box.turn.surface.seen, box.turn.session.ran) == ([("asked", "x", False)], [])


async def test_the_policys_own_word_is_not_recorded(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    for policy in ("auto", "never"):
        await use(toolbox(policy, tape=tape), "run_code", code="x")
    assert not tape.path.exists()


async def test_a_secret_that_the_person_wrote_is_not_recorded(tmp_path) -> None:
    tape = Tape(tmp_path / "tape.jsonl", records=True)
    tape.keep_word(digest("x"), Word("approved"))
    person = Surface(Verdict(by=BY, code="login('canary-0123')"))
    box = toolbox("ask", person, tape=tape, redact=briefing.Redactor({"A_KEY": "canary-0123"}))
    await use(box, "run_code", code="x")
    assert "canary" not in tape.path.read_text()
    assert any(kind == "notice" and "secret" in text for kind, text, *_ in person.seen)
    with pytest.raises(ApprovalRequired):
        await replayed(tape.path, "run_code", code="x")


async def test_what_a_person_answered_is_answered_again_but_for_a_secret(tmp_path) -> None:
    path = tmp_path / "tape.jsonl"
    redact = briefing.Redactor({"A_KEY": "canary-0123"})
    for question, answer in (("which year?", "2020"), ("which key?", "canary-0123")):
        tape = Tape(path, records=True)
        box = toolbox(surface=Surface(answer=answer), tape=tape, redact=redact)
        await use(box, "ask_user", question=question)
    assert (await replayed(path, "ask_user", question="which year?"))[1].text == "2020"
    assert "nobody answered" in (await replayed(path, "ask_user", question="which key?"))[1].error
    assert "canary" not in path.read_text()


@pytest.mark.parametrize("policy", ["ask", "auto", "never"])
async def test_what_became_a_cell_when_it_was_recorded_does_not_run_twice(tmp_path, policy) -> None:
    path = tmp_path / "tape.jsonl"
    first = await use(toolbox(tape=Tape(path, records=True)), "insert_cell", code="x")
    box, again = await replayed(path, "insert_cell", policy, code="x")
    assert again == first
    assert (box.turn.surface.seen, box.turn.session.ran) == ([("placed", "x")], [])


async def test_what_ran_when_it_was_recorded_afresh_runs_again(tmp_path) -> None:
    path = tmp_path / "tape.jsonl"
    await use(toolbox(tape=Tape(path, records=True)), "insert_cell", code="x")
    for afresh in (True, False):
        tape = Tape(path, records=True, afresh=afresh)
        box = toolbox("auto", Surface(**ALONE), tape=tape)
        await use(box, "insert_cell", code="x")
        assert box.turn.session.ran == [("x", b"asked")]


async def test_variables_are_described_on_a_line_each() -> None:
    assert (await use(toolbox(), "list_variables")).text == briefing.fenced("x: int = 41")
    told = await use(toolbox(), "describe_variable", name="x")
    assert told.text == briefing.fenced("x: int = 41")


async def test_a_variable_that_is_not_there_is_said_to_be_so() -> None:
    assert "no variable 'y'" in (await use(toolbox(), "describe_variable", name="y")).error


async def test_a_kernel_that_cannot_be_asked_now_is_said_to_be_so() -> None:
    busy = toolbox(session=Session(known=None))
    assert "a cell is running" in (await use(busy, "list_variables")).error
    assert "a cell is running" in (await use(busy, "describe_variable", name="x")).error


async def test_the_persons_answer_goes_to_the_model() -> None:
    assert (await use(toolbox(surface=Surface(answer="2020")), "ask_user", question="?")).text == (
        "2020"
    )


async def test_a_question_that_nobody_answers_is_said_to_be_so() -> None:
    assert "nobody answered" in (await use(toolbox(), "ask_user", question="?")).error


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("rm", {}, "there is no tool 'rm'"),
        ("use", {}, "there is no tool 'use'"),
        ("run_code", {}, "run_code takes code"),
        ("run_code", {"code": "x", "timeout": 3}, "run_code takes code"),
        ("run_code", {"code": ["x"]}, "code: Input should be a valid string"),
        ("list_variables", {"x": "y"}, "list_variables takes nothing"),
    ],
)
async def test_a_call_that_does_not_fit_is_explained_to_the_model(name, arguments, said) -> None:
    assert said in (await use(toolbox(), name, **arguments)).error


async def test_what_is_wrong_with_the_arguments_is_passed_on() -> None:
    call = ToolCall(id="1", name="run_code", problem="the arguments are no JSON")
    assert (await toolbox().use(call)).error == "the arguments are no JSON"


async def test_an_error_without_an_output_is_told_from_the_reply() -> None:
    execution = Execution(reply={"status": "error", "ename": "Oops", "evalue": "no"})
    assert execution.error == "Oops: no"


def test_a_tools_schema_is_that_of_its_signature() -> None:
    run_code = next(tool for tool in SPECS if tool.name == "run_code")
    assert run_code.description == "Run code in the live session and see its output."
    assert run_code.parameters == {
        "type": "object",
        "properties": {"code": {"type": "string"}},
        "required": ["code"],
        "additionalProperties": False,
    }


NOBODY, LIST = Surface(can_approve=False), "list_variables"


async def test_a_tool_that_is_never_used_is_not_offered() -> None:
    box = toolbox(policies={"run_code": "never"})
    assert "run_code" not in [spec.name for spec in box.specs]
    assert "there is no tool 'run_code'" in (await use(box, "run_code", code="x")).error


async def test_a_tools_policy_narrows_the_sessions_and_never_widens_it() -> None:
    for policy, own in (("auto", "ask"), ("ask", "auto")):
        box = toolbox(policy, NOBODY, policies={"run_code": own})
        with pytest.raises(ApprovalRequired):
            await use(box, "run_code", code="x")


async def test_the_policy_of_run_code_holds_for_code_whichever_tool_runs_it() -> None:
    nobody = Surface(can_approve=False, takes_cells=False)
    box = toolbox("auto", nobody, policies={"run_code": "ask"})
    with pytest.raises(ApprovalRequired):
        await use(box, "insert_cell", code="x")
    assert box.turn.session.ran == []


async def test_where_no_code_may_run_a_cell_that_nobody_takes_is_shown() -> None:
    box = toolbox("auto", Surface(takes_cells=False), policies={"run_code": "never"})
    assert not (await use(box, "insert_cell", code="x")).error
    assert (box.turn.surface.seen, box.turn.session.ran) == ([("cell", "x")], [])


async def test_the_policy_of_run_code_is_not_that_of_a_look() -> None:
    box = toolbox("auto", NOBODY, policies={"run_code": "never", LIST: "auto"})
    assert not (await use(box, LIST)).error


async def test_a_look_needs_a_word_only_where_its_tool_has_a_policy() -> None:
    assert not (await use(toolbox("ask", NOBODY), LIST)).error
    willing = Surface(Verdict(by="the person", code="list_variables()"))
    assert not (await use(toolbox("auto", willing, policies={LIST: "ask"}), LIST)).error
    with pytest.raises(ApprovalRequired):
        await use(toolbox("auto", NOBODY, policies={LIST: "ask"}), LIST)


async def test_a_call_that_the_person_wants_otherwise_is_not_made() -> None:
    changing = Surface(Verdict(by="the person", code="list_variables(short=True)"))
    result = await use(toolbox("auto", changing, policies={LIST: "ask"}), LIST)
    assert "not used: the person wants it so: list_variables(short=True)" in result.error


async def test_the_tools_come_in_one_order_wherever_they_were_found() -> None:
    names = [spec.name for spec in Toolbox(toolbox().turn, TOOLS[::-1]).specs]
    assert names == [spec.name for spec in toolbox().specs]
    assert names[:2] == ["insert_cell", "run_code"]
