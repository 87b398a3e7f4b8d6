"""What running code asks of the person is asked below it: `input()`, `getpass()`, the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conversation import conversing
from tests.browser.page_notebook import noting
from tests.support.replies import call
from tests.support.replies import text as say

if TYPE_CHECKING:
    from tests.browser.page import Site
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser
ASK = "name = input('Who is it?')\nprint('hello', name)"


def test_a_cell_asks_below_itself_and_goes_on_with_the_answer(site: Site):
    with noting(site, "input", "", "") as notebook:
        output = notebook.run(1, ASK)
        field = notebook.cell(1).get_by_role("textbox", name="Who is it?")
        expect(field).to_be_focused()
        notebook.page.keyboard.type("Ada")
        notebook.press("Enter")
        expect(output).to_contain_text("Who is it? Ada\nhello Ada")
        expect(field).to_have_count(0)
        expect(notebook.cell(1)).to_be_focused()


def test_two_questions_are_asked_one_after_the_other_without_the_mouse(site: Site):
    with noting(site, "twice", "") as notebook:
        output = notebook.run(1, "print(int(input('x')) * int(input('y')))")
        expect(notebook.cell(1).get_by_role("textbox", name="x")).to_be_focused()
        notebook.press("6", "Enter")
        expect(notebook.cell(1).get_by_role("textbox", name="y")).to_be_focused()
        notebook.press("7", "Enter")
        expect(output).to_contain_text("42")


def test_a_question_that_is_open_or_comes_later_can_be_answered_after_a_reload(site: Site):
    with noting(site, "reload", "") as notebook:
        asks_twice = "a = input('x')\nb = input('y')\nprint(a, b)"
        output = notebook.run(1, asks_twice)
        expect(notebook.cell(1).get_by_role("textbox", name="x")).to_be_focused()
        notebook.saved()
        notebook.page.reload()
        for name, value in (("x", "one"), ("y", "two")):
            field = notebook.cell(1).get_by_role("textbox", name=name)
            field.fill(value)
            field.press("Enter")
        expect(output).to_contain_text("x one\ny two\none two")


def test_a_password_is_masked_where_it_is_typed_and_in_the_file(site: Site):
    with noting(site, "getpass", "") as notebook:
        output = notebook.run(1, "import getpass\nprint(len(getpass.getpass('key')))")
        field = notebook.cell(1).get_by_label("key")
        expect(field).to_have_attribute("type", "password")
        field.fill("s3cret")
        field.press("Enter")
        expect(output).to_contain_text("········\n6")
        notebook.press("Control+s")
        notebook.saved()
        assert "s3cret" not in notebook.path.read_text()


def test_escape_interrupts_a_cell_that_asks(site: Site):
    with noting(site, "escape", "") as notebook:
        output = notebook.run(1, ASK)
        expect(notebook.cell(1).get_by_role("textbox", name="Who is it?")).to_be_focused()
        notebook.press("Escape")
        expect(output).to_contain_text("Interrupted by user")
        expect(notebook.cell(1).get_by_role("textbox", name="Who is it?")).to_have_count(0)


def test_what_the_person_writes_elsewhere_doesnt_go_to_a_cell_that_begins_to_ask(site: Site):
    with noting(site, "elsewhere", "", "y = 1") as notebook:
        notebook.run(
            1, f"import os, time\nwhile not os.path.exists('asks'): time.sleep(.05)\n{ASK}"
        )
        notebook.editor(2).click()
        (site.folder / "asks").touch()
        field = notebook.cell(1).get_by_role("textbox", name="Who is it?")
        expect(field).to_be_visible()
        expect(notebook.editor(2)).to_be_focused()
        field.fill("Ada")
        field.press("Enter")
        expect(notebook.output(1)).to_contain_text("hello Ada")


def test_code_of_an_answer_asks_below_itself(site: Site, model: ScriptedModel):
    model.when("who", say(f"```python\n{ASK}\n```"))
    with conversing(site, "ask-in-answer.ipynb") as chat:
        turn = chat.ask("who")
        turn.get_by_role("button", name="run block 1").first.click()
        field = turn.get_by_role("textbox", name="Who is it?")
        expect(field).to_be_focused()
        field.fill("Ada")
        field.press("Enter")
        expect(chat.output("block 1")).to_contain_text("hello Ada")
        turn.get_by_role("button", name="run block 1").first.click()
        expect(field).to_be_focused()
        field.press("Escape")
        expect(chat.output("block 1")).to_contain_text("Interrupted by user")


def test_the_model_asks_the_person_in_the_conversation(site: Site, model: ScriptedModel):
    model.when("plot", call("ask_user", question="Which colour?"), say("Blue it is."))
    with conversing(site, "ask-user.ipynb") as chat:
        turn = chat.ask("plot")
        field = turn.get_by_role("textbox", name="Which colour?")
        expect(field).to_be_focused()
        field.fill("blue")
        field.press("Enter")
        expect(turn.get_by_text("Blue it is.")).to_be_visible()
        assert "blue" in str(model.requests[-1].body["messages"])


def test_escape_stops_a_model_that_asks(site: Site, model: ScriptedModel):
    model.when("plot", call("ask_user", question="Which colour?"), say("Blue it is."))
    with conversing(site, "ask-user-stop.ipynb") as chat:
        turn = chat.ask("plot")
        field = turn.get_by_role("textbox", name="Which colour?")
        expect(field).to_be_focused()
        field.press("Escape")
        expect(turn.get_by_text("stopped")).to_be_visible()
        expect(field).to_have_count(0)
