"""A question that comes before the subkernel is up: its code waits for that."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tests.kernel.test_faults import write_kernelspec
from tests.support.kernels import running, text
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from pathlib import Path

LATE = """
import sys
open(sys.argv[2]).read()
from ipykernel.kernelapp import launch_new_instance
launch_new_instance(["-f", sys.argv[1]])
"""
"""A kernel that starts when somebody opens its gate."""


def test_code_that_a_model_runs_waits_until_the_kernel_is_up(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    argv = [sys.executable, "-c", LATE, "{connection_file}", str(gate)]
    write_kernelspec(tmp_path, "late", argv)
    env = {"JUPYTER_PATH": str(tmp_path), "BEAKER_SUBKERNEL": "late"}
    with ScriptedModel() as model:
        model.when("run it", call("run_code", code="print('late, but run')"), say("It ran."))
        with running(ready=False, OPENAI_BASE_URL=model.base_url, **env) as kernel:
            msg_id = kernel.client.execute("%ask --auto run it")
            kernel.client.published(lambda m: "late, but run" in str(m["content"]))
            gate.write_text("open")
            assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
            assert "late, but run\n" in text(kernel.client.outputs(msg_id))
