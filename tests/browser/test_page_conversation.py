"""The conversation on the page: answers stream, code lives, the person decides."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conversation import Conversation, conversing
from tests.browser.page_notebook import PageNotebook
from tests.support.replies import call, chunk, hang
from tests.support.replies import text as say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.page import Site
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser
BLOCK = "Look:\n\n```python\nprint(6 * 7)\n```\n\nThat is all."


@pytest.fixture
def chat(site: Site, request: pytest.FixtureRequest) -> Iterator[Conversation]:
    with conversing(site, f"{request.node.name[:60]}.ipynb") as conversation:
        yield conversation


def test_an_answer_streams_and_its_code_runs_where_it_stands(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("show me", say(BLOCK, thought="Let me think."))
    turn = chat.ask("show me")
    expect(turn.get_by_text("That is all.")).to_be_visible()
    turn.get_by_role("button", name="thought").click()
    expect(turn.get_by_text("Let me think.")).to_be_visible()
    turn.get_by_role("button", name="run block 2").first.click()
    expect(chat.output("block 2")).to_have_text("42")


def test_what_is_waited_for_is_said_until_words_come(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("slowly", replace(say("Here I am."), before=(3.0,)))
    turn = chat.ask("slowly")
    expect(turn.get_by_text(re.compile(r"^waiting for scripted.* · \d s$"))).to_be_visible()
    expect(turn.get_by_text("Here I am.")).to_be_visible()
    expect(turn.get_by_text("waiting for")).to_have_count(0)


def test_results_go_to_the_model_when_the_person_says_so(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("show me", say(BLOCK))
    model.when("Go on", say("So it is 42."))
    turn = chat.ask("show me")
    turn.get_by_role("button", name="run block 2").first.click()
    chat.column.get_by_role("button", name="tell it").click()
    expect(chat.column.get_by_text("So it is 42.")).to_be_visible()
    assert "\n42\nsession⟧" in model.requests[-1].question


def test_results_go_to_the_model_by_themselves_where_the_person_wants_that_and_not_for_ever(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("show me", say(BLOCK))
    model.when("Go on", say(BLOCK))
    turn = chat.ask("show me")
    turn.get_by_role("button", name="run block 2").first.click()
    chat.column.get_by_label("always tell it").check()
    for rounds in range(1, 4):
        chat.column.get_by_role("button", name="run block 2").last.click()
        expect(chat.column.get_by_text("Go on.")).to_have_count(rounds)
        expect(chat.column.get_by_text("That is all.")).to_have_count(rounds + 1)
    chat.column.get_by_role("button", name="run block 2").last.click()
    expect(chat.column.get_by_text("1 result is new")).to_be_visible()
    expect(chat.column.get_by_text("Go on.")).to_have_count(3)


def test_a_late_result_is_offered_after_what_was_said_meanwhile(
    chat: Conversation, model: ScriptedModel, site: Site
) -> None:
    code = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.05)\nprint('late')"
    model.when("slowly", say(f"```python\n{code}\n```"))
    model.when("meanwhile", say("Meanwhile."))
    model.when("Go on", say("At last."))
    chat.ask("slowly").get_by_role("button", name="run block 1").first.click()
    expect(chat.ask("and meanwhile").get_by_text("Meanwhile.")).to_be_visible()
    (site.folder / "go").touch()
    expect(chat.output("block 1")).to_have_text("late")
    chat.column.get_by_role("button", name="tell it").click()
    expect(chat.column.get_by_text("At last.")).to_be_visible()
    assert "late" in model.requests[-1].question


def test_code_of_the_model_runs_when_the_person_allows_it_by_the_keyboard(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("compute", call("run_code", code="print(6 * 7)"), say("It is 42."))
    turn = chat.ask("compute")
    expect(chat.approval).to_be_focused()
    expect(chat.approval).to_contain_text("print(6 * 7)")
    chat.page.keyboard.press("Enter")
    expect(turn.get_by_text("It is 42.")).to_be_visible()
    expect(chat.output("code of the model")).to_have_text("42")
    expect(chat.approval).to_have_count(0)
    expect(chat.question).to_be_focused()


def test_the_person_changes_code_before_it_runs(chat: Conversation, model: ScriptedModel) -> None:
    model.when("compute", call("run_code", code="print(1)"), say("Done."))
    turn = chat.ask("compute")
    expect(chat.approval).to_be_focused()
    chat.page.keyboard.press("e")
    editor = chat.approval.get_by_role("textbox", name="code to run instead")
    expect(editor).to_be_focused()
    editor.fill("print(40 + 2)")
    chat.page.keyboard.press("Shift+Enter")
    expect(turn.get_by_text("Done.")).to_be_visible()
    expect(chat.output("code of the model")).to_have_text("42")
    assert "print(40 + 2)" in str(model.requests[-1].body["messages"])


def test_what_the_person_rejects_does_not_run(chat: Conversation, model: ScriptedModel) -> None:
    model.when("compute", call("run_code", code="print(1)"), say("Then not."))
    turn = chat.ask("compute")
    expect(chat.approval).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(turn.get_by_text("Then not.")).to_be_visible()
    expect(chat.output("code of the model")).to_have_count(0)


def test_hidden_characters_in_code_are_written_out_before_it_runs(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("compute", call("run_code", code="x = 1 # \u202e evil"), say("Done."))
    chat.ask("compute")
    expect(chat.approval.get_by_text("⟨U+202E⟩")).to_be_visible()


def test_code_that_is_still_written_can_be_neither_run_nor_edited(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("unfinished", hang(chunk({"content": "```python\nprint(6 * 7)\n``"})))
    turn = chat.ask("unfinished")
    code = turn.get_by_role("textbox", name="code of block 1")
    expect(code).to_have_text("print(6 * 7)")
    code.press("x")
    code.press("Shift+Enter")
    run = turn.get_by_role("button", name="run block 1").first
    expect(run).to_be_disabled()
    chat.column.get_by_role("button", name="stop", exact=True).click()
    run.click()
    expect(chat.output("block 1")).to_have_text("42")


def test_a_slider_in_an_answer_moves_what_it_shows_as_the_conversation_goes_on_and_after_a_reload(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("slide", say(f"```python\n{INTERACT}\n```"))
    model.when("go on", say("On we go."))
    chat.ask("slide").get_by_role("button", name="run block 1").first.click()
    output = chat.output("block 1")
    expect(output.get_by_text("twice 3 is 6")).to_be_visible()
    expect(chat.column.get_by_text("1 result is new")).to_be_visible()
    expect(chat.ask("go on").get_by_text("On we go.")).to_be_visible()
    output.get_by_role("slider").press("ArrowRight")
    expect(output.get_by_text("twice 4 is 8")).to_be_visible()
    chat.page.reload()
    output.get_by_role("slider").press("ArrowRight")
    expect(output.get_by_text("twice 5 is 10")).to_be_visible()


INTERACT = """from ipywidgets import interact
@interact(x=(0, 10))
def double(x=3):
    print("twice", x, "is", 2 * x)"""


def test_an_approval_survives_a_reload(chat: Conversation, model: ScriptedModel) -> None:
    model.when("compute", call("run_code", code="print(6 * 7)"), say("It is 42."))
    chat.ask("compute")
    chat.approval.wait_for()
    chat.page.reload()
    chat.approval.get_by_role("button", name="run").click()
    expect(chat.turn("compute").get_by_text("It is 42.")).to_be_visible()
    expect(chat.output("code of the model")).to_have_text("42")


def test_a_reload_in_mid_answer_loses_nothing_and_shows_nothing_twice(
    chat: Conversation, model: ScriptedModel
) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    model.when("at length", say(words, size=20, pause=0.05))
    expect(chat.ask("at length")).to_contain_text("word3 ")
    chat.page.reload()
    turn = chat.turn("at length")
    expect(turn).to_contain_text("word59")
    assert turn.inner_text().split("\n")[-1] == words


def test_what_cells_put_out_is_there_after_a_reload_and_runs_nothing_again(
    chat: Conversation, model: ScriptedModel
) -> None:
    once = "n = globals().get('n', 0) + 1\nprint('run', n)"
    model.when("count", say(f"```python\n{once}\n```"))
    chat.ask("count").get_by_role("button", name="run block 1").first.click()
    expect(chat.output("block 1")).to_have_text("run 1")
    expect(chat.column.get_by_text("1 result is new")).to_be_visible()
    chat.page.reload()
    expect(chat.output("block 1")).to_have_text("run 1")
    chat.turn("count").get_by_role("button", name="run block 1").first.click()
    expect(chat.output("block 1")).to_have_text("run 2")


def test_a_stop_ends_the_answer_and_the_code_that_runs(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("forever", call("run_code", code="print('on')\nwhile True: pass"), say("Never."))
    model.when("again", call("run_code", code="print('alive')"), say("Still here."))
    turn = chat.ask("forever")
    expect(chat.approval).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.output("code of the model")).to_contain_text("on")
    chat.column.get_by_role("button", name="stop", exact=True).click()
    expect(turn.get_by_text("stopped")).to_be_visible()
    turn = chat.ask("again")
    chat.approval.get_by_role("button", name="run").click()
    expect(turn.get_by_text("Still here.")).to_be_visible()


def test_escape_stops_an_answer_that_never_ends(chat: Conversation, model: ScriptedModel) -> None:
    model.when("endlessly", hang(chunk({"content": "Well"})))
    turn = chat.ask("endlessly")
    expect(turn.get_by_text("Well")).to_be_visible()
    chat.question.press("Escape")
    expect(turn.get_by_text("stopped")).to_be_visible()


def test_a_long_answer_keeps_what_is_finished_and_stays_at_its_end(
    chat: Conversation, model: ScriptedModel
) -> None:
    paragraphs = [f"Paragraph {number} says **this** and that." for number in range(1_000)]
    model.when("everything", say("\n\n".join(paragraphs), size=16))
    turn = chat.ask("everything")
    first = turn.get_by_text("Paragraph 0 says")
    first.wait_for()
    first.evaluate("node => { node.isTheSame = true }")
    expect(turn.get_by_text("Paragraph 999 says")).to_be_in_viewport()
    assert first.evaluate("node => node.isTheSame")


def test_who_reads_above_is_left_there_and_can_go_back_to_the_end(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("much", say("\n\n".join(f"Line {number}." for number in range(200)), pause=0.01))
    turn = chat.ask("much")
    expect(turn.get_by_text("Line 60.", exact=True)).to_be_in_viewport()
    turn.get_by_text("Line 0.", exact=True).hover()
    chat.page.mouse.wheel(0, -5000)
    first = turn.get_by_text("Line 0.", exact=True)
    expect(turn.get_by_text("Line 199.", exact=True)).to_be_attached()
    expect(first).to_be_in_viewport()
    chat.column.get_by_role("button", name="to the end").click()
    expect(turn.get_by_text("Line 199.", exact=True)).to_be_in_viewport()


def test_what_the_model_will_see_is_one_click_away_and_can_be_left_out(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("anything", say("Yes."))
    chat.column.get_by_role("button", name="what the model will see").click()
    sheet = chat.column.get_by_role("region", name="what the model will see")
    expect(sheet.get_by_text("instructions")).to_be_visible()
    sheet.get_by_label("conversation").uncheck()
    expect(chat.ask("anything").get_by_text("Yes.")).to_be_visible()
    chat.ask("anything else")
    sent = model.wait_for_requests(len(model.requests))[-1].body["messages"]
    assert [message["role"] for message in sent] == ["system", "user"]


def test_model_and_policy_are_in_the_header_and_can_be_changed(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("compute", call("run_code", code="print(6 * 7)"), say("It is 42."))
    policy = chat.page.get_by_role("combobox", name="policy")
    expect(policy).to_have_value("ask")
    policy.select_option("auto")
    expect(policy).to_have_value("auto")
    turn = chat.ask("compute")
    expect(turn.get_by_text("It is 42.")).to_be_visible()
    expect(chat.column.get_by_text("240 tokens")).to_be_visible()


def test_earlier_conversations_are_searched_and_read_again(
    chat: Conversation, model: ScriptedModel
) -> None:
    model.when("capital", say("It is **Paris**."))
    expect(chat.ask("capital of France").get_by_text("Paris")).to_be_visible()
    chat.column.get_by_role("button", name="new conversation").click()
    expect(chat.column.get_by_role("article")).to_have_count(0)
    chat.column.get_by_role("button", name="earlier conversations").click()
    past = chat.column.get_by_role("region", name="earlier conversations")
    past.get_by_role("searchbox").fill("london")
    expect(past.get_by_text("nothing found")).to_be_visible()
    past.get_by_role("searchbox").fill("paris")
    past.get_by_role("button", name="capital of France").click()
    expect(past.get_by_text("It is Paris.")).to_be_visible()


@pytest.mark.parametrize("word", ["%beaker forget", "%beaker reset", "new conversation"])
def test_of_a_conversation_that_was_left_the_browser_keeps_nothing(
    chat: Conversation, model: ScriptedModel, site: Site, word: str
) -> None:
    shown_and_kept(chat, model)
    if word.startswith("%"):
        PageNotebook(chat.page, site.folder).run(1, word)
    else:
        chat.column.get_by_role("button", name=word).click()
    expect(chat.column.get_by_role("article")).to_have_count(0)
    chat.page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")
    shown_and_kept(chat, model)  # the next one's cells are kept again
    assert len(chat.page.evaluate(KEPT)) == 1


def test_of_a_conversation_that_ended_with_its_kernel_the_browser_keeps_nothing(
    chat: Conversation, model: ScriptedModel, site: Site
) -> None:
    shown_and_kept(chat, model)
    site.end_kernels()
    chat.page.reload()
    chat.page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")


def shown_and_kept(chat: Conversation, model: ScriptedModel) -> None:
    """Have a cell of an answer put something out, and wait until the browser keeps it."""
    model.when("show me", say(BLOCK))
    chat.ask("show me").get_by_role("button", name="run block 2").first.click()
    expect(chat.output("block 2")).to_have_text("42")
    chat.page.wait_for_function(f"async () => (await ({KEPT})()).join().includes('42')")


KEPT = """async () => {
  const done = request => new Promise(resolve => {
    request.onsuccess = () => resolve(request.result);
  });
  const database = await done(indexedDB.open("beaker-answers"));
  const rows = await done(database.transaction("cells").objectStore("cells").getAll());
  database.close();
  return rows.map(row => JSON.stringify(row.result.outputs));
}"""


def test_hostile_markdown_runs_nothing_and_fetches_nothing(
    chat: Conversation, model: ScriptedModel
) -> None:
    fetched: list[str] = []
    chat.page.on("request", lambda request: fetched.append(request.url))
    model.when("hostile", say(HOSTILE))
    turn = chat.ask("hostile")
    expect(turn.get_by_text("The end.")).to_be_visible()
    assert not chat.page.evaluate("'evil' in window")
    assert [url for url in fetched if "example" in url] == []
    links = turn.get_by_role("link").evaluate_all("all => all.map(link => link.protocol)")
    assert set(links) <= {"https:"}


HOSTILE = """<img src=x onerror="window.evil = 1"><script>window.evil = 1</script>

![a picture](https://tracker.example/pixel.png) [click](javascript:window.evil=1)
[data](data:text/html,<script>alert(1)</script>)

<svg><style><img src=x onerror=window.evil=1></style></svg>

<button data-commandlinker-command="apputils:run-all">run</button>

$\\href{javascript:window.evil=1}{x}$ $\\includegraphics{https://tracker.example/a.png}$

The end."""
