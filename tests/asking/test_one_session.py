"""All that a frontend hears is of one session; another would mean that the kernel was restarted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.support.kernels import Kernel, running

if TYPE_CHECKING:
    from tests.support.scripted_model import ScriptedModel


def sessions(kernel: Kernel) -> set[str]:
    """Return those of what cells, questions, and the relay's own answers bring about."""
    client = kernel.client
    ways = [
        *(partial(client.execute, code) for code in ("6 * 7", "%ask hello", "%beaker status")),
        partial(client.send, "llm_request", {"request": "hello"}),
        partial(client.send, "variables_request", {"limit": 5}),
        partial(client.send, "connect_request", {}),
    ]
    found = set()
    for ask in ways:
        asked = ask()
        told = [*client.told(asked), client.reply(asked)]
        found |= {message["header"]["session"] for message in told}
    return found


def test_cells_questions_and_the_relay_answer_in_the_subkernels_session(kernel: Kernel) -> None:
    told = kernel.client.run("import json; json.dumps(get_ipython().kernel.session.session)")[1]
    (own,) = sessions(kernel)
    assert own in str([message["content"] for message in told])


def test_after_the_subkernels_death_it_is_that_of_the_next(model: ScriptedModel) -> None:
    with running(OPENAI_BASE_URL=model.base_url) as kernel:
        before = sessions(kernel)
        kernel.client.run("import os; os._exit(1)")
        after = sessions(kernel)
    assert (len(before), len(after), before & after) == (1, 1, set())
