"""Settings: files first, the environment before them, mistakes by name."""

from __future__ import annotations

import json

import pytest

from beaker_kernel.agent import settings
from beaker_kernel.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for kind in ("CONFIG_DIR", "CONFIG_PATH", "DATA_DIR"):
        monkeypatch.setenv(f"JUPYTER_{kind}", str(tmp_path))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "")
    return tmp_path


def test_a_person_is_asked_by_default(folder) -> None:
    assert settings.load({}).policy == "ask"


def test_a_file_configures(folder) -> None:
    (folder / "beaker_config.py").write_text("c.Beaker.policy = 'never'\nc.Beaker.max_steps = 3")
    loaded = settings.load({})
    assert (loaded.policy, loaded.limits.steps) == ("never", 3)


def test_a_json_file_configures(folder) -> None:
    (folder / "beaker_config.json").write_text('{"Beaker": {"model": "gpt-9"}}')
    assert settings.load({}).model == "gpt-9"


def test_the_environment_goes_before_the_file(folder) -> None:
    (folder / "beaker_config.py").write_text("c.Beaker.policy = 'never'")
    loaded = settings.load({"BEAKER_POLICY": "auto", "BEAKER_IMAGES": "false"})
    assert (loaded.policy, loaded.images) == ("auto", False)


@pytest.mark.parametrize(
    ("administrator", "person", "held"),
    [("guarded", "auto", "guarded"), ("auto", "never", "never"), ("ask", "", "ask")],
)
def test_the_narrowest_bound_on_the_policy_counts(
    folder, tmp_path, monkeypatch, administrator, person, held
) -> None:
    system = tmp_path / "etc"
    system.mkdir()
    monkeypatch.setattr(settings, "SYSTEM_CONFIG_PATH", [str(system)])
    (system / "beaker_config.json").write_text(
        json.dumps({"Beaker": {"policy_at_most": administrator, "local_only": True}})
    )
    said = {"BEAKER_POLICY_AT_MOST": person, "BEAKER_LOCAL_ONLY": "false"}
    loaded = settings.load(said)
    assert (loaded.policy_at_most, loaded.local_only) == (held, True)


def test_an_empty_variable_counts_as_unset(folder) -> None:
    assert settings.load({"BEAKER_POLICY": ""}).policy == "ask"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("BEAKER_POLICY", "sometimes"), ("BEAKER_MAX_STEPS", "many"), ("BEAKER_MAX_STEPS", "0")],
)
def test_a_wrong_variable_is_named(folder, variable, value) -> None:
    with pytest.raises(ConfigurationError, match=f"{variable}={value}"):
        settings.load({variable: value})


@pytest.mark.parametrize("text", ["c.Beaker.policy = 'x'", "c.Beaker.policy = ", "raise OSError"])
def test_a_wrong_file_is_named(folder, text) -> None:
    (folder / "beaker_config.py").write_text(text)
    with pytest.raises(ConfigurationError, match="beaker_config"):
        settings.load({})


def test_a_tools_policy_is_the_narrowest_that_any_file_says(folder, tmp_path, monkeypatch) -> None:
    system = tmp_path / "etc"
    system.mkdir()
    monkeypatch.setattr(settings, "SYSTEM_CONFIG_PATH", [str(system)])
    held = {"Beaker": {"tool_policies": {"run_code": "ask", "fetch": "never"}}}
    (system / "beaker_config.json").write_text(json.dumps(held))
    loaded = settings.load({"BEAKER_TOOL_POLICIES": "{'run_code': 'auto', 'look': 'ask'}"})
    assert loaded.tool_policies == {"run_code": "ask", "fetch": "never", "look": "ask"}
    with pytest.raises(ConfigurationError, match="BEAKER_TOOL_POLICIES"):
        settings.load({"BEAKER_TOOL_POLICIES": "{'run_code': 'sometimes'}"})
