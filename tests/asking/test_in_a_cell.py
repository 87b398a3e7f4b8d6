"""A question in a cell: the answer, its code, and the cells around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, markdown, text
from tests.support.replies import call, calls, hang, refusal
from tests.support.replies import text as say

if TYPE_CHECKING:
    from tests.support.scripted_model import ScriptedModel


def test_an_answer_streams_as_markdown(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("stream this", say("one two three four five six", pause=0.04))
    reply, outputs = kernel.client.run("%ask stream this")
    assert reply["status"] == "ok"
    updates = [o for o in outputs if o["msg_type"] == "update_display_data"]
    assert len(updates) >= 2
    assert markdown(outputs) == ["one two three four five six"]


def test_in_a_terminal_an_answer_streams_as_text(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("stream there", say("one two three", pause=0.01))
    _, outputs = kernel.client.run("%ask stream there", metadata={}, allow_stdin=True)
    pieces = [o["content"]["text"] for o in outputs if o["msg_type"] == "stream"]
    assert len(pieces) >= 3
    assert "".join(pieces) == "one two three\n"


def test_code_lands_in_the_next_cell_and_further_code_behind_a_button(
    kernel: Kernel, model: ScriptedModel
) -> None:
    two = calls(("insert_cell", {"code": "x * 2"}), ("insert_cell", {"code": "x * 3"}))
    model.when("two cells", two, say("There."))
    reply, outputs = kernel.client.run("%%ask\ntwo cells", allow_stdin=True)
    assert reply["payload"] == [{"source": "set_next_input", "text": "x * 2", "replace": False}]
    button = next(o for o in outputs if "text/html" in o["content"].get("data", {}))
    assert "data-commandlinker-command" in button["content"]["data"]["text/html"]
    assert "x * 3" in button["content"]["data"]["text/html"]
    folded, shown, *_ = (o["content"]["data"] for o in outputs if "data" in o["content"])
    assert folded["text/markdown"].startswith("<details>")
    assert folded["text/plain"] == "x * 2"
    assert shown["text/markdown"] == "```python\nx * 3\n```"


def test_code_that_runs_shows_its_outputs_under_the_asking_cell(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("run it", call("run_code", code="print('see', end=''); x + 1"), say("It is 42."))
    msg_id = kernel.client.execute("%ask --auto run it")
    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    outputs = kernel.client.outputs(msg_id)
    kinds = [o["msg_type"] for o in outputs]
    assert kinds[:4] == ["execute_input", "display_data", "stream", "execute_result"]
    assert outputs[3]["content"]["data"]["text/plain"] == "42"
    record = outputs[1]["content"]["metadata"]["beaker"]
    assert (record["author"], record["approved_by"]) == ("model", "policy auto")
    told = model.requests[-1].body["messages"][-1]
    assert told["role"] == "tool"
    assert "42" in told["content"]


def test_the_model_is_told_of_the_cells_the_variables_and_the_errors(
    kernel: Kernel, model: ScriptedModel
) -> None:
    kernel.client.run("prices = {'Lyon': 3}; print('printed')")
    kernel.client.run("prices['Nice']", stop_on_error=False)
    kernel.client.run("%ask what happened?")
    question = model.requests[-1].question
    for expected in ("prices: dict", "printed", "KeyError: 'Nice'", "what happened?"):
        assert expected in question


def test_an_image_goes_to_the_model_as_an_image(kernel: Kernel, model: ScriptedModel) -> None:
    draw = (
        "from IPython.display import Image, display; display(Image(data=b'\\x89PNG', format='png'))"
    )
    model.when("draw", call("run_code", code=draw), say("Nice."))
    kernel.client.run("%ask --auto draw")
    shown = model.requests[-1].body["messages"][-1]["content"]
    assert shown[1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_a_question_changes_no_count_and_no_history(kernel: Kernel, model: ScriptedModel) -> None:
    before = kernel.client.run("1")[0]["execution_count"]
    model.when("count", call("run_code", code="5"), say("Five."))
    asked, _ = kernel.client.run("%ask --auto count")
    assert asked["execution_count"] == before
    reply, outputs = kernel.client.run("In[-2:], 'ask' in ''.join(In), sorted(Out)[-1:]")
    assert reply["execution_count"] == before + 1
    assert "%ask" not in text(outputs)


def test_a_question_takes_its_turn_among_the_cells(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("turn", call("run_code", code="order.append('model')"), say("Done."))
    kernel.client.run("order = []")
    ids = [
        kernel.client.execute(code)
        for code in (
            "import time; time.sleep(.3); order.append('before')",
            "%ask --auto turn",
            "order.append('after'); order",
        )
    ]
    assert [kernel.client.reply(i)["content"]["status"] for i in ids] == ["ok", "ok", "ok"]
    assert text(kernel.client.outputs(ids[-1])) == "['before', 'model', 'after']"


def test_a_failed_cell_aborts_the_question_behind_it(kernel: Kernel, model: ScriptedModel) -> None:
    asked = len(model.requests)
    ids = [kernel.client.execute(c) for c in ("import time; time.sleep(.2); 1/0", "%ask a", "2")]
    states = [kernel.client.reply(i)["content"]["status"] for i in ids]
    assert states == ["error", "aborted", "aborted"]
    assert len(model.requests) == asked


def test_a_failed_question_aborts_the_cells_behind_it(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("refused", refusal(400, "no such thing"))
    ids = [kernel.client.execute(c) for c in ("%ask refused", "2")]
    states = [kernel.client.reply(i)["content"]["status"] for i in ids]
    assert states == ["error", "aborted"]


def test_llm_request_holds_up_no_cell(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("hold up", hang())
    asked = kernel.client.send("llm_request", {"request": "hold up"})
    model.wait_for_requests(len(model.requests) + 1) if not model.requests else None
    assert kernel.client.run("1 + 1")[0]["status"] == "ok"
    stopped = kernel.client.send("llm_cancel_request", {}, channel="control")
    assert kernel.client.reply(stopped, "control")["content"]["cancelled"] == [asked]
    assert kernel.client.reply(asked)["content"]["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("answer", "seen"),
    [("y", "42"), ("n", "refused"), ("e", "in a new cell")],
    ids=["yes", "no", "edit"],
)
def test_under_policy_ask_the_persons_word_decides(
    answer: str, seen: str, kernel: Kernel, model: ScriptedModel
) -> None:
    model.when(f"may I {answer}", call("run_code", code="x + 1"), say("Well."))
    msg_id = kernel.client.execute(f"%ask may I {answer}", allow_stdin=True)
    assert "Run it?" in kernel.client.answer_input(answer)["content"]["prompt"]
    reply = kernel.client.reply(msg_id)["content"]
    assert seen in model.requests[-1].body["messages"][-1]["content"]
    ran = [o for o in kernel.client.outputs(msg_id) if o["msg_type"] == "execute_result"]
    assert bool(ran) == (answer == "y")
    assert bool(reply["payload"]) == (answer == "e")


def test_hidden_characters_are_visible_in_what_is_approved(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("trojan", call("run_code", code="x = 1 \u202e# \u200bok"), say("Well."))
    msg_id = kernel.client.execute("%ask trojan", allow_stdin=True)
    kernel.client.answer_input("n")
    shown = "".join(markdown(kernel.client.outputs(msg_id)))
    assert "⟨U+202E⟩" in shown
    assert "⟨U+200B⟩" in shown


def test_policy_never_runs_nothing(kernel: Kernel, model: ScriptedModel) -> None:
    model.when("never", call("run_code", code="x = 'changed'"), say("Well."))
    kernel.client.run("%beaker policy never")
    kernel.client.run("%ask --auto never")
    kernel.client.run("%beaker policy ask")
    assert text(kernel.client.run("x")[1]) == "41"


def test_code_taken_to_a_cell_for_editing_is_not_lost_behind_another(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when(
        "edit later",
        call("insert_cell", code="first"),
        call("run_code", code="second"),
        say("Well."),
    )
    msg_id = kernel.client.execute("%ask edit later", allow_stdin=True)
    kernel.client.answer_input("e")
    assert [p["text"] for p in kernel.client.reply(msg_id)["content"]["payload"]] == ["first"]
    html = [
        o["content"].get("data", {}).get("text/html", "") for o in kernel.client.outputs(msg_id)
    ]
    assert any("second" in button for button in html)


def test_a_look_at_the_variables_beside_a_running_cell_leaves_its_input_alone(
    kernel: Kernel, model: ScriptedModel
) -> None:
    slow = "print('on', flush=True); import time; time.sleep(.8); name = input('name? '); name"
    cell = kernel.client.execute(slow, allow_stdin=True)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    reply = kernel.client.reply(kernel.client.send("variables_request"))["content"]
    assert "x" in [variable["name"] for variable in reply["variables"]]
    kernel.client.answer_input("Ada")
    assert kernel.client.reply(cell)["content"]["status"] == "ok"
    assert text(kernel.client.outputs(cell)).endswith("'Ada'")


def test_code_of_the_models_outlives_a_failing_cell_before_it(
    kernel: Kernel, model: ScriptedModel
) -> None:
    model.when("meanwhile", call("run_code", code="'survived'"), say("Yes."))
    capable = {"beaker": {"capabilities": ["approval"]}}
    asked = kernel.client.send("llm_request", {"request": "meanwhile"}, metadata=capable)
    word = kernel.client.published(lambda m: m["msg_type"] == "approval_request")["content"]
    kernel.client.execute("import time; time.sleep(.3); 1 / 0")
    decision = {k: word[k] for k in ("approval_id", "sha256")} | {"decision": "run"}
    kernel.client.reply(kernel.client.send("approve_request", decision))
    assert kernel.client.reply(asked)["content"]["status"] == "ok"
    assert model.requests[-1].holds("survived")


def test_the_key_is_not_in_the_subkernels_environment(kernel: Kernel) -> None:
    code = "import os; open(f'/proc/{os.getpid()}/environ').read() + str(os.environ)"
    assert "canary" not in text(kernel.client.run(code)[1])


def test_status_names_what_is_behind_the_kernel(kernel: Kernel, model: ScriptedModel) -> None:
    shown = text(kernel.client.run("%beaker status")[1])
    for expected in ("python3 (python)", f"scripted-1 at {model.base_url}", "policy     ask"):
        assert expected in shown
    assert "```" not in text(kernel.client.run("%beaker help")[1])
