"""Other languages behind the relay: the person, the model and a crash, in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.kernels import Kernel, running, text
from tests.support.kernelspec_folders import write_kernelspec
from tests.support.other_languages import argv
from tests.support.replies import call
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """What the tests say in a language."""

    language: str
    assign: str
    add: str
    fail: str
    die: str
    wait: str
    slow: str
    told: str
    fence: str


SAMPLES = [
    Sample(
        language="bash",
        assign="answer=41",
        add="echo $((answer + 1))",
        fail="false",
        die="kill -9 $PPID",
        wait="echo on; while :; do :; done",
        slow="echo on; sleep 1; echo off",
        told="answer: string",
        fence="bash",
    ),
    Sample(
        language="typescript",
        assign="let answer: number = 41",
        add="answer + 1",
        fail="throw new Error('no such thing')",
        die="Deno.kill(Deno.pid, 'SIGKILL')",
        wait="console.log('on'); for (;;) {}",
        slow="console.log('on'); await new Promise((f) => setTimeout(f, 999)); console.log('off')",
        told="answer: number = 41",
        fence="typescript",
    ),
    Sample(
        language="R",
        assign="answer <- 41",
        add="answer + 1",
        fail="stop('no such thing')",
        die="tools::pskill(Sys.getpid(), 9)",
        wait="cat('on\\n'); flush.console(); repeat Sys.sleep(0.1)",
        slow="cat('on\\n'); flush.console(); Sys.sleep(1); cat('off\\n')",
        told="answer: numeric 1 = num 41",
        fence="r",
    ),
]
KERNELSPECS: dict[str, dict[str, object]] = {
    "bash": {"env": {"PS1": "$"}},
    "typescript": {"interrupt_mode": "message"},  # a signal ends it, whatever its own one says
    "R": {},
}


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda sample: sample.language)
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    return found


@pytest.fixture(scope="module")
def kernel(
    sample: Sample, model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    folder: Path = tmp_path_factory.mktemp("jupyter")
    command, more = argv(sample.language), KERNELSPECS[sample.language]
    write_kernelspec(folder, "other", command, language=sample.language, **more)
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-canary"}
    with running(JUPYTER_PATH=str(folder), BEAKER_SUBKERNEL="other", **settings) as kernel:
        kernel.client.run(sample.assign)
        yield kernel


def says(kernel: Kernel, code: str, expected: str) -> None:
    """Run a cell, and wait for what it shows; Deno shows it after the idle now and then."""
    msg_id = kernel.client.execute(code)
    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    kernel.client.published(lambda m: expected in text([m]))


def test_a_cell_runs_and_the_next_one_finds_its_variables(kernel: Kernel, sample: Sample) -> None:
    says(kernel, sample.add, "42")


def test_the_frontend_is_told_which_language_it_is(kernel: Kernel, sample: Sample) -> None:
    info = kernel.client.reply(kernel.client.send("kernel_info_request"))["content"]
    assert info["language_info"]["name"] == sample.language
    assert info["beaker"]["subkernel"] == "other"


def test_the_model_is_told_of_the_language_the_cells_and_the_variables(
    kernel: Kernel, model: ScriptedModel, sample: Sample
) -> None:
    says(kernel, sample.add, "42")
    reply, _ = kernel.client.run("%ask what is answer?")
    assert reply["status"] == "ok"
    messages = model.requests[-1].body["messages"]
    assert sample.fence in messages[0]["content"].lower()
    assert sample.told in messages[-1]["content"]
    assert f"```{sample.fence}\n{sample.add}" in messages[-1]["content"]


def test_the_models_code_runs_in_the_session(
    kernel: Kernel, model: ScriptedModel, sample: Sample
) -> None:
    model.when("one more", call("run_code", code=sample.add), say("It is 42."))
    msg_id = kernel.client.execute("%ask --auto one more")
    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    assert model.requests[-1].body["messages"][-1]["role"] == "tool"
    kernel.client.published(lambda m: "42" in text([m]) and "It is" not in text([m]))


def test_a_frontend_is_told_of_the_variables(kernel: Kernel) -> None:
    content = kernel.client.reply(kernel.client.send("variables_request"))["content"]
    assert "answer" in [variable["name"] for variable in content["variables"]]


def test_a_look_at_the_variables_leaves_a_cell_that_runs_alone(
    kernel: Kernel, sample: Sample
) -> None:
    """A wrapper kernel inherits ipykernel's word that it has subshells; its interpreter hasn't."""
    msg_id = kernel.client.execute(sample.slow)
    kernel.client.published(lambda m: text([m]) == "on\n")
    asked = kernel.client.send("variables_request")
    assert kernel.client.reply(msg_id)["content"]["status"] == "ok"
    assert text(kernel.client.outputs(msg_id)) == "off\n"
    told = kernel.client.reply(asked)["content"]["variables"]
    assert "answer" in [variable["name"] for variable in told]


def test_an_error_is_the_languages_own(kernel: Kernel, sample: Sample) -> None:
    assert kernel.client.run(sample.fail)[0]["status"] == "error"
    assert kernel.client.run(sample.add)[0]["status"] == "ok"


def test_a_kernel_that_dies_is_said_so_and_the_next_cell_runs(
    kernel: Kernel, sample: Sample
) -> None:
    reply, _ = kernel.client.run(sample.die)
    assert (reply["ename"], "signal 9" in reply["evalue"]) == ("KernelDied", True)
    assert kernel.client.run(sample.assign)[0]["status"] == "ok"
    says(kernel, sample.add, "42")


def test_a_cell_is_interrupted_as_its_kernelspec_says(kernel: Kernel, sample: Sample) -> None:
    """The last cell of each kernel: IRkernel loses the one after an interrupt now and then.

    The cells wait in loops: bash loses an interrupt that comes as it starts a program.
    """
    msg_id = kernel.client.execute(sample.wait)
    kernel.client.published(lambda m: m["msg_type"] == "stream")
    asked = kernel.client.send("interrupt_request", channel="control")
    assert kernel.client.reply(asked, "control")["content"]["status"] == "ok"
    assert kernel.client.reply(msg_id)["content"]["status"] != "ok"


@pytest.mark.parametrize("sample", SAMPLES[:1], ids=lambda s: s.language, scope="module")
def test_a_broken_pipe_ends_a_command_as_in_any_terminal(kernel: Kernel) -> None:
    assert "roken pipe" not in text(kernel.client.run("yes | head -1")[1])
