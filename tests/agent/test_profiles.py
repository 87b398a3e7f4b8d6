"""Models by names of the person's own, whose keys stay where they are."""

from __future__ import annotations

import json

import pytest

from beaker_kernel.agent.assistant import Assistant
from beaker_kernel.agent.provider.profiles import Profile
from beaker_kernel.errors import ConfigurationError
from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio

OTHER = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-of-the-settings"}
KEY = "canary-0123456"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def model():
    with ScriptedModel() as model:
        yield model


def assistant_with(**profiles) -> Assistant:
    return Assistant(object(), OTHER | {"BEAKER_MODELS": str(profiles)})


async def test_a_profile_says_where_its_model_is_and_what_it_can_do(key_file) -> None:
    fast = {
        "model": "qwen",
        "endpoint": "http://models.example/v1",
        "key_file": str(key_file),
        "context": 4096,
        "prices": [1, 2.5],
        "images": False,
        "tools": "json",
    }
    assistant = assistant_with(fast=fast)
    await assistant.models.choose("fast")
    endpoint = await assistant.models.endpoint()
    assert (endpoint.base_url, endpoint.model) == ("http://models.example/v1", "qwen")
    assert (endpoint.api_key, endpoint.context, endpoint.images) == (KEY, 4096, False)
    assert assistant.models.budget(endpoint).price == (1, 2.5)
    assert assistant.redact(f"it is {KEY}") == "it is [redacted]"


async def test_a_profiles_endpoint_never_gets_the_settings_key(model) -> None:
    assistant = assistant_with(near={"model": "m", "endpoint": model.base_url})
    assert (await assistant.models.find("near")).api_key == "none"


async def test_a_profile_without_an_endpoint_is_at_that_of_the_settings() -> None:
    endpoint = await assistant_with(other={"model": "m"}).models.find("other")
    assert endpoint.base_url == OTHER["OPENAI_BASE_URL"]
    assert endpoint.api_key == OTHER["OPENAI_API_KEY"]


async def test_the_model_of_the_settings_may_be_a_profile() -> None:
    settings = OTHER | {"BEAKER_MODEL": "mine", "BEAKER_MODELS": "{'mine': {'model': 'm'}}"}
    assert (await Assistant(object(), settings).models.endpoint()).model == "m"


async def test_a_name_that_is_no_profile_is_a_model_of_the_same_endpoint() -> None:
    endpoint = await assistant_with(fast={"model": "m"}).models.find("gpt-9")
    assert (endpoint.base_url, endpoint.model) == (OTHER["OPENAI_BASE_URL"], "gpt-9")


async def test_local_only_holds_for_profiles() -> None:
    far = {"far": {"model": "m", "endpoint": "https://models.example/v1"}}
    settings = OTHER | {"BEAKER_MODELS": str(far), "BEAKER_LOCAL_ONLY": "1"}
    with pytest.raises(ConfigurationError, match="local_only"):
        await Assistant(object(), settings).models.find("far")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "models: fast: model: Field required"),
        ({"model": 5}, "models: fast: model: Input should be a valid string"),
        ({"model": "m", "key": "sk-secret"}, "models: fast: key: Unexpected keyword argument"),
        ("gpt", "models: fast"),
    ],
)
def test_a_profile_that_is_none_is_named(said, why) -> None:
    with pytest.raises(ConfigurationError, match=why) as raised:
        Profile.read("fast", said)
    assert "sk-secret" not in str(raised.value)


def test_a_key_file_that_others_can_read_is_refused(key_file) -> None:
    key_file.chmod(0o644)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {key_file}"):
        Profile(model="m", key_file=str(key_file)).settings({})


def test_a_key_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="the key can't be read"):
        Profile(model="m", key_file=str(tmp_path / "none")).settings({})


def test_a_variable_that_cells_could_read_is_refused() -> None:
    profile = Profile(model="m", key_variable="GROQ_API_KEY")
    with pytest.raises(ConfigurationError, match="cells could read it"):
        profile.settings({"GROQ_API_KEY": KEY})
    hidden = Profile(model="m", key_variable="BEAKER_GROQ_KEY")
    assert hidden.settings({"BEAKER_GROQ_KEY": KEY})["OPENAI_API_KEY"] == KEY


def test_profiles_stand_in_a_file(tmp_path, monkeypatch) -> None:
    (tmp_path / "beaker_config.json").write_text(
        json.dumps({"Beaker": {"models": {"fast": {"model": "m"}}}})
    )
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    assert Assistant(object(), {}).models.profile("fast") == Profile(model="m")
