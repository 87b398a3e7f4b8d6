"""One conversation: which endpoint, which model, who is told, what is kept."""

from __future__ import annotations

import json

import pytest

from beaker_kernel.agent import attachments
from beaker_kernel.agent.assistant import Assistant
from beaker_kernel.agent.disclosures import Disclosures
from beaker_kernel.agent.link import Incoming
from beaker_kernel.agent.notebook import Notebook, NotebookState
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.question import Question
from beaker_kernel.agent.session import Execution
from beaker_kernel.errors import ConfigurationError, ContextExceeded, ModelError
from beaker_kernel.languages import Default
from beaker_kernel.protocol.link import Verb
from beaker_kernel.protocol.replies import Variable, VariablesReply
from tests.support.replies import call, refusal
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio


def recorded(cell: str, msg_type: str, content: dict) -> Incoming:
    header, parent = ({"msg_id": "m", "msg_type": msg_type}, {"msg_id": cell})
    return Incoming(
        Verb.CELL, b"", *(json.dumps(p).encode() for p in (header, parent, {}, content))
    )


class Session:
    """A session with one variable, which holds the key."""

    language = Default("python")
    sandbox = ""
    generation = 1

    async def variables(self, limit=50, names=()):
        variable = Variable(name="key", type="str", preview="'canary-0123456'")
        return VariablesReply(variables=(variable,), total=1)


class Crowded(Session):
    """A session with more variables than are listed; remembers how it was looked at."""

    def __init__(self):
        self.looks = []
        self.known = dict.fromkeys(("sales", "costs", *(f"v{n}" for n in range(60))), "'it is'")
        self.known["costs"] = "x" * 2_000

    async def variables(self, limit=50, names=()):
        self.looks.append(names)
        names = [n for n in names if n in self.known] or list(self.known)[-limit:]
        found = tuple(Variable(name=n, type="str", preview=self.known[n]) for n in names)
        return VariablesReply(variables=found, total=len(self.known))


class Verbose(Session):
    """A session where each piece of code puts out much."""

    async def execute(self, code, shown_under, *, most):
        execution = Execution(reply={"status": "ok"})
        execution.outputs.write("much " * 900)
        return execution


class Quiet:
    """A surface that remembers its notices alone."""

    def __init__(self):
        self.notices = []

    def notice(self, text):
        self.notices.append(text)

    def __getattr__(self, name):
        return lambda *_, **__: None


@pytest.fixture
def model():
    with ScriptedModel() as model:
        yield model


@pytest.fixture
async def assistant(model):
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "canary-0123456"}
    assistant = Assistant(Session(), settings)
    yield assistant
    await assistant.close()


async def test_a_question_is_sent_with_the_variables_and_without_the_key(assistant, model) -> None:
    await assistant.answer(Quiet(), Question("why?"))
    assert model.requests[0].holds("key: str = '[redacted]'")
    assert not model.requests[0].holds("canary")
    assert model.requests[0].headers["authorization"] == "Bearer canary-0123456"


def described(request) -> list[str]:
    told = request.question.partition("# Variables\n")[2].partition("session⟧")[0]
    return [line.partition(":")[0] for line in told.splitlines() if ": str" in line]


@pytest.fixture
async def crowded(model):
    assistant = Assistant(Crowded(), {"OPENAI_BASE_URL": model.base_url})
    yield assistant
    await assistant.close()


async def test_what_the_question_names_is_described_first_however_old(crowded, model) -> None:
    await crowded.answer(Quiet(), Question("The mean of sales.price, by v59?"))
    assert described(model.requests[0])[:4] == ["sales", "v59", "v10", "v11"]
    assert model.requests[0].holds("(11 older ones are not shown)")


async def test_what_recent_cells_name_is_described_too_and_briefly(crowded, model) -> None:
    content = {"code": "total = costs + 1", "execution_count": 1}
    crowded.cells.add(recorded("cell 1", "execute_input", content))
    await crowded.answer(Quiet(), Question("Why v59?"))
    assert described(model.requests[0])[:3] == ["v59", "costs", "v10"]
    assert not model.requests[0].holds("x" * 601)


async def test_a_session_is_looked_at_once_where_all_variables_are_listed(crowded, model) -> None:
    crowded._session.known = {"sales": "1"}
    await crowded.answer(Quiet(), Question("The mean of costs?"))
    assert crowded._session.looks == [()]


async def test_the_next_question_knows_the_last_answer(assistant, model) -> None:
    model.when("first", say("It was seven."))
    await assistant.answer(Quiet(), Question("first?"))
    await assistant.answer(Quiet(), Question("second?"))
    assert model.requests[1].holds("It was seven.")
    assert assistant.tokens == 240


async def test_a_failed_question_leaves_a_conversation_that_goes_on(assistant, model) -> None:
    model.when("first", refusal(400))
    with pytest.raises(ModelError):
        await assistant.answer(Quiet(), Question("first?"))
    await assistant.answer(Quiet(), Question("second?"))
    roles = [message["role"] for message in model.requests[1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


async def test_after_a_reset_nothing_is_known(assistant, model) -> None:
    await assistant.answer(Quiet(), Question("first?"))
    assistant.reset()
    await assistant.answer(Quiet(), Question("second?"))
    assert not model.requests[1].holds("first?")


async def test_a_model_is_chosen_for_a_question_or_from_now_on(assistant, model) -> None:
    await assistant.answer(Quiet(), Question("why?", model="one-off"))
    await assistant.models.choose("for-good")
    await assistant.answer(Quiet(), Question("why?"))
    await assistant.models.choose("")
    await assistant.answer(Quiet(), Question("why?"))
    models = [request.body["model"] for request in model.requests]
    assert models == ["one-off", "for-good", "scripted-1"]


async def test_a_chosen_models_own_size_counts(assistant) -> None:
    assert not (await assistant.models.endpoint()).small
    await assistant.models.choose("tiny-0.5b")
    assert (await assistant.models.endpoint()).small


def test_who_gets_the_sessions_data_is_said_once_where_it_is_another_machine() -> None:
    disclosures = Disclosures()
    far = Endpoint(base_url="https://models.example/v1", model="gpt-9", api_key="none")
    near = Endpoint(base_url="http://127.0.0.1:11434/v1", model="qwen", api_key="none")
    surface = Quiet()
    for endpoint in (near, far, far):
        disclosures.tell(surface, endpoint, "", [])
    assert len(surface.notices) == 1
    assert "go to https://models.example/v1 (gpt-9)" in surface.notices[0]


async def test_a_persons_policy_goes_before_the_settings() -> None:
    assistant = Assistant(Session(), {"BEAKER_POLICY": "never"})
    assert assistant.policy == "never"
    assistant.policy = "ask"
    assert assistant.policy == "ask"


async def test_more_than_the_most_is_refused_in_words() -> None:
    assistant = Assistant(Session(), {"BEAKER_POLICY": "auto", "BEAKER_POLICY_AT_MOST": "ask"})
    assert assistant.policy == "ask"
    with pytest.raises(ConfigurationError, match="at most `ask`"):
        assistant.policy = "guarded"
    assistant.policy = "never"
    assert assistant.policy == "never"


async def test_auto_for_a_question_is_refused_where_it_is_more_than_the_most(model) -> None:
    settings = {"OPENAI_BASE_URL": model.base_url, "BEAKER_POLICY_AT_MOST": "ask"}
    assistant = Assistant(Session(), settings)
    with pytest.raises(ConfigurationError, match="at most `ask`"):
        await assistant.answer(Quiet(), Question("why?", auto=True))
    assert model.requests == []


async def test_local_only_sends_nothing_to_another_machine(model) -> None:
    elsewhere = {"OPENAI_BASE_URL": "https://models.example/v1", "BEAKER_LOCAL_ONLY": "1"}
    with pytest.raises(ConfigurationError, match="local_only"):
        await Assistant(Session(), elsewhere).answer(Quiet(), Question("why?"))
    here = Assistant(Session(), {"OPENAI_BASE_URL": model.base_url, "BEAKER_LOCAL_ONLY": "1"})
    await here.answer(Quiet(), Question("why?"))
    await here.close()
    assert len(model.requests) == 1


async def test_dollars_can_only_be_limited_where_the_price_is_known(model) -> None:
    far = {"OPENAI_BASE_URL": "http://models.example/v1", "BEAKER_MODEL": "gpt-99"}
    assistant = Assistant(Session(), far | {"BEAKER_MAX_DOLLARS": "0.1"})
    with pytest.raises(ConfigurationError, match=r'c\.Beaker\.prices = {"gpt-99"'):
        await assistant.answer(Quiet(), Question("why?"))


async def test_old_results_of_tools_are_shortened_before_the_context_is_full(model) -> None:
    profiles = {"tight": {"model": "m", "endpoint": model.base_url, "context": 3_000}}
    settings = {"BEAKER_MODEL": "tight", "BEAKER_MODELS": str(profiles), "BEAKER_POLICY": "auto"}
    assistant, surface = Assistant(Verbose(), settings), Quiet()
    model.when("print", *[call("run_code", code="much")] * 6, say("Done."))
    await assistant.answer(surface, Question("print"))
    await assistant.close()
    assert surface.notices.count("The model's context is full: earlier results were shortened.")
    sizes = [len(json.dumps(request.body["messages"])) for request in model.requests]
    assert max(sizes) < 16_000
    assert "characters left out" in json.dumps(model.requests[-1].body)


def strict(model, most, said="context length exceeded"):
    """Have the endpoint refuse what is longer than so many characters."""
    model.when(lambda request: len(json.dumps(request.body)) > most, refusal(400, said))


@pytest.mark.parametrize("said", ["exceeds the available context size (6000 tokens)", "too long"])
async def test_a_context_whose_size_nobody_told_is_learned_when_it_is_full(model, said) -> None:
    assistant, surface = Assistant(Session(), {"OPENAI_BASE_URL": model.base_url}), Quiet()
    model.when("question", say("word " * 1_000, size=100))
    strict(model, 24_000, f"context length exceeded: {said}")
    for number in range(8):
        await assistant.answer(surface, Question(f"question {number}?"))
    await assistant.close()
    told = "That was too long for the model; it is asked again with less."
    assert 1 <= surface.notices.count(told) <= 2
    assert any("oldest turns are summed up" in notice for notice in surface.notices)
    assert model.requests[-1].holds("question 6?")


async def test_an_attached_text_is_shortened_where_it_was_too_long_and_the_question_is_not(
    model, tmp_path
) -> None:
    (tmp_path / "a.txt").write_text("word " * 5_000)
    attached = attachments.read(["a.txt"], tmp_path)
    assistant = Assistant(Session(), {"OPENAI_BASE_URL": model.base_url})
    strict(model, 12_000)
    question = "why? " * 600
    await assistant.answer(Quiet(), Question(question, attached=attached))
    await assistant.close()
    refused, taken = model.requests
    assert question in refused.question
    assert question in taken.question
    assert 100 < taken.question.count("word") < refused.question.count("word") < 2_000


async def test_results_of_this_question_are_shortened_where_they_were_too_long(model) -> None:
    settings = {"OPENAI_BASE_URL": model.base_url, "BEAKER_POLICY": "auto"}
    assistant, surface = Assistant(Verbose(), settings), Quiet()
    model.when("print", *[call("run_code", code="much")] * 5, say("Done."))
    strict(model, 20_000)
    await assistant.answer(surface, Question("print"))
    await assistant.close()
    assert "characters left out" in json.dumps(model.requests[-1].body)
    assert assistant.conversation.messages[-1]["content"] == "Done."


async def test_a_question_that_is_too_long_by_itself_ends_in_a_clear_error(model) -> None:
    assistant = Assistant(Session(), {"OPENAI_BASE_URL": model.base_url})
    strict(model, 100)
    with pytest.raises(ContextExceeded, match="ask about less"):
        await assistant.answer(Quiet(), Question("why?"))
    await assistant.close()
    assert len(model.requests) <= 2


async def test_a_size_that_is_set_counts_where_no_profile_says(model) -> None:
    settings = {"OPENAI_BASE_URL": model.base_url, "BEAKER_CONTEXT_TOKENS": "3000"}
    assistant, surface = Assistant(Session(), settings), Quiet()
    model.when("question", say("word " * 1_000, size=100))
    for number in range(5):
        await assistant.answer(surface, Question(f"question {number}?"))
    await assistant.close()
    assert any("oldest turns are summed up" in notice for notice in surface.notices)


@pytest.mark.parametrize("notebook", [None, Notebook(None, None)])
async def test_the_tools_that_are_sent_are_those_that_are_told_beforehand(
    assistant, model, notebook
) -> None:
    assistant.settings.tool_policies = {"describe_variable": "never"}
    question = Question("why?", notebook=notebook, state=NotebookState([]))
    sections = {section.name: section.text for section in await assistant.sections(question)}
    lines = sections["tools"].splitlines()
    await assistant.answer(Quiet(), question)
    sent = {tool["function"]["name"] for tool in model.requests[0].body["tools"]}
    names = {tool.name for tool in assistant.contexts.tools}
    assert {name for name in names if any(line.startswith(f"{name}: ") for line in lines)} == sent
    assert "describe_variable" not in sent
    assert ("replace_cell" in sent) == bool(notebook)
