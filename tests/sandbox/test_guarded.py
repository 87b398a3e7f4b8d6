"""The policy `guarded`: in a sandbox the model's code needs nobody's word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.kernels import running, text
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from tests.sandbox.conftest import Person


def test_code_runs_unasked_in_a_sandbox_and_elsewhere_until_the_model_has_read_outputs(
    person: Person,
) -> None:
    with ScriptedModel() as model:
        for question in ("inside", "outside, nothing read", "outside, something read"):
            model.when(question, call("run_code", code="print(6 * 7)"), say("Done."))
        guarded = {"OPENAI_BASE_URL": model.base_url, "BEAKER_POLICY": "guarded"}
        with replace(person, settings=person.settings | guarded).kernel() as kernel:
            kernel.client.run("print('what others wrote')")
            reply, outputs = kernel.client.run("%ask inside")
            assert (reply["status"], "42" in text(outputs)) == ("ok", True)
        with running(**guarded) as kernel:
            reply, outputs = kernel.client.run("%ask outside, nothing read")
            assert (reply["status"], "42" in text(outputs)) == ("ok", True)
            kernel.client.run("print('what others wrote')")
            reply, _ = kernel.client.run("%ask outside, something read")
            assert reply["ename"] == "ApprovalRequired"
