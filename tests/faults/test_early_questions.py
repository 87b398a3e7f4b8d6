"""A question that comes before the subkernel is up: its code waits for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.kernels import running, text
from tests.support.kernelspec_folders import open_gate, write_gated_kernel
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from pathlib import Path


def test_code_that_a_model_runs_waits_until_the_kernel_is_up(tmp_path: Path) -> None:
    write_gated_kernel(tmp_path, "late")
    env = {"JUPYTER_PATH": str(tmp_path), "BEAKER_SUBKERNEL": "late"}
    with ScriptedModel() as model:
        model.when("run it", call("run_code", code="print('late, but run')"), say("It ran."))
        with running(ready=False, OPENAI_BASE_URL=model.base_url, **env) as kernel:
            msg_id = kernel.client.execute("%ask --auto run it")
            kernel.client.published(lambda m: "late, but run" in str(m["content"]))
            open_gate(tmp_path)
            assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
            assert "late, but run\n" in text(kernel.client.outputs(msg_id))
