from importlib.metadata import EntryPoint

import pytest

from beaker_kernel.languages import Default, Probe, language, load
from beaker_kernel.languages.bash import Bash
from beaker_kernel.languages.python import Python


@pytest.mark.parametrize(
    ("name", "adapter"), [("python", Python), ("Python", Python), ("bash", Bash)]
)
def test_an_adapter_is_found_by_the_name_in_kernel_info(name, adapter):
    assert isinstance(load(name), adapter)


def test_a_language_without_an_adapter_gets_one_that_says_what_it_cannot_do():
    adapter = load("Brainfuck")
    assert adapter == Default("brainfuck")
    assert adapter.fence == "brainfuck"
    assert adapter.variables(10) is None
    assert adapter.describe(("x",)) is None
    assert "brainfuck" in adapter.install_hint("x")
    with pytest.raises(NotImplementedError, match="variables in brainfuck"):
        adapter.parse(Probe(), {}, "")


def test_an_adapter_that_does_not_load_is_logged_and_not_used(monkeypatch, caplog):
    broken = EntryPoint("python", "beaker_kernel.no_such_module:Python", language.GROUP)
    monkeypatch.setattr(language, "entry_points", lambda **_: [broken])
    assert load("python") == Default("python")
    assert "beaker_kernel.no_such_module:Python" in caplog.text


def test_a_probe_asks_for_no_history_and_no_input_and_aborts_nothing():
    content = Probe(code="x").content()
    assert content["store_history"] is content["allow_stdin"] is content["stop_on_error"] is False
