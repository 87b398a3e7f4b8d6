"""Stock JupyterLab in Chromium: asking, approving, stopping, completing, as a person does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.scripted_model import call, calls, chunk, hang, text

if TYPE_CHECKING:
    from tests.browser.lab import Lab
    from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser

ANSWER = "It puts the numbers of `x` into ascending order, and leaves `x` as it is."


def test_an_answer_streams_and_its_code_becomes_a_cell_that_runs(
    lab: Lab, model: ScriptedModel
) -> None:
    model.when("Sort x", call("insert_cell", code="sorted(x)"), text(ANSWER, pause=0.03))
    with lab.notebook("x = [3, 1, 2]\nx", "%ask Sort x.", "") as notebook:
        notebook.ready()
        notebook.run(0)
        expect(notebook.outputs(0)).to_have_text("[3, 1, 2]")
        notebook.watch(1)
        notebook.run(1)
        expect(notebook.outputs(1).last).to_contain_text("leaves x as it is.")
        expect(notebook.source(2)).to_have_text("sorted(x)")
        notebook.run(2)
        expect(notebook.outputs(2)).to_have_text("[1, 2, 3]")

        words = [seen for seen in notebook.seen(1) if not seen.startswith("waiting for")]
        lengths = [len(seen) for seen in words]
        assert len(lengths) > 5, "it came at once"
        assert lengths == sorted(lengths), "it flickered"


def test_the_kernel_is_chosen_in_the_kernel_dialog(lab: Lab) -> None:
    with lab.notebook("%beaker help", kernel="") as notebook:
        dialog = notebook.page.locator(".jp-Dialog")
        dialog.locator("select").select_option(label="Beaker")
        dialog.get_by_role("button", name="Select").click()
        notebook.ready()
        expect(notebook.button("Beaker")).to_be_visible()
        notebook.run(0)
        expect(notebook.outputs(0)).to_contain_text("ask about the live session")
        expect(notebook.prompt(0)).not_to_have_text("[*]:")


@pytest.mark.long
def test_a_button_inserts_each_further_cell_below_the_ones_before(
    lab: Lab, model: ScriptedModel
) -> None:
    second = """print('<b>&"', "it's")"""
    sources = ["first = 1", second, "third = 3"]
    cells = [("insert_cell", {"code": source}) for source in sources]
    model.when("Three cells", calls(*cells), text("Three cells."))
    with lab.notebook("x = 1", "%ask Three cells, please.", "# the end") as notebook:
        notebook.ready()
        notebook.run(0)
        notebook.run(1)
        expect(notebook.source(2)).to_have_text("first = 1")
        notebook.outputs(1).locator("button").first.click()
        expect(notebook.cells).to_have_count(5)
        expect(notebook.active.locator(".cm-content")).to_have_text(second)
        notebook.press("Control+Enter")
        expect(notebook.active.locator(".jp-OutputArea-output")).to_have_text("<b>&\" it's")
        notebook.outputs(1).locator("button").last.click()
        expect(notebook.cells).to_have_count(6)
        for number, source in enumerate([*sources, "# the end"], start=2):
            expect(notebook.source(number)).to_have_text(source)


def test_code_that_the_model_wants_to_run_waits_for_a_yes(lab: Lab, model: ScriptedModel) -> None:
    model.when("Sum x", call("run_code", code="print(sum(x))"), text("The sum is 6."))
    with lab.notebook("x = [3, 1, 2]", "%ask Sum x.") as notebook:
        notebook.ready()
        notebook.run(0)
        notebook.run(1)
        expect(notebook.stdin).to_be_focused()
        expect(notebook.outputs(1).filter(has_text="print(sum(x))")).to_be_visible()
        expect(notebook.outputs(1).get_by_text("6", exact=True)).to_have_count(0)
        notebook.answer("y")
        expect(notebook.outputs(1).last).to_have_text("The sum is 6.")
        expect(notebook.outputs(1).get_by_text("6", exact=True)).to_be_visible()


@pytest.mark.long
def test_the_stop_button_ends_a_streaming_answer(lab: Lab, model: ScriptedModel) -> None:
    model.when("for ever", hang(chunk({"content": "It begins"})))
    with lab.notebook("x = 2", "%ask Talk for ever.", "x + 1") as notebook:
        notebook.ready()
        notebook.run(0)
        notebook.run(1)
        expect(notebook.outputs(1)).to_have_text("It begins")
        expect(notebook.prompt(1)).to_have_text("[*]:")
        notebook.button("Interrupt the kernel").click()
        assert model.requests[-1].gone.wait(10)
        expect(notebook.prompt(1)).not_to_have_text("[*]:")
        notebook.run(2)
        expect(notebook.outputs(2)).to_have_text("3")


@pytest.mark.long
def test_tab_completes_our_magics_and_their_words(lab: Lab) -> None:
    # The first completion of a Python kernel can take longer than JupyterLab waits for one.
    with lab.notebook("get_ipython().complete('pri')\n'warm'", "%beaker policy", "") as notebook:
        notebook.ready()
        notebook.run(0)
        notebook.run(1)
        expect(notebook.outputs(1)).to_contain_text("ask")
        notebook.type(2, "%be")
        notebook.complete("%beaker")
        expect(notebook.source(2)).to_have_text("%beaker")
        notebook.type(2, " sta")
        notebook.complete("status")
        expect(notebook.source(2)).to_have_text("%beaker status")


def test_a_restart_empties_the_session_and_the_next_question_is_answered(
    lab: Lab, model: ScriptedModel
) -> None:
    model.when("still here", text("I am."))
    with lab.notebook("x = 1", "x", "%ask Are you still here?") as notebook:
        notebook.ready()
        notebook.run(0)
        notebook.run(1)
        expect(notebook.outputs(1)).to_have_text("1")
        notebook.button("Restart the kernel").click()
        with notebook.page.expect_response(lambda response: "/restart" in response.url):
            notebook.button("Confirm Kernel Restart").click()
        notebook.ready()
        notebook.run(1)
        expect(notebook.outputs(1)).to_contain_text("NameError")
        notebook.run(2)
        expect(notebook.outputs(2)).to_have_text("I am.")
