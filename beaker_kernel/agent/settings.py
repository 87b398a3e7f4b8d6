"""The agent's settings: traits, from Jupyter's configuration files and from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_config_path
from traitlets import Bool, Enum, Float, Int, TraitError, Unicode
from traitlets.config.configurable import Configurable
from traitlets.config.loader import (
    Config,
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from beaker_kernel.agent.agent import Limits
from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beaker_kernel.agent.openai_model import ToolMode
    from beaker_kernel.agent.replay import ReplayMode
    from beaker_kernel.protocol.replies import Policy

LOADERS = {"beaker_config.py": PyFileConfigLoader, "beaker_config.json": JSONFileConfigLoader}


class Beaker(Configurable):
    """What the agent is configured by; the environment goes before the files.

    ``c.Beaker.policy = "ask"`` in ``beaker_config.py``, or ``BEAKER_POLICY=ask``: each trait has a
    variable of its name. The key is no trait, so it reaches no file and no log.
    """

    policy: Enum[Policy] = Enum(
        ("ask", "auto", "never"), "ask", config=True, help="Whose word model code needs."
    )
    model = Unicode(config=True, help="The model's name; by default the endpoint's first.")
    tools: Enum[ToolMode] = Enum(
        ("auto", "native", "json"), "auto", config=True, help="How the endpoint is told of tools."
    )
    images = Bool(True, config=True, help="Whether the model may be shown images.")
    replay: Enum[ReplayMode] = Enum(
        ("off", "record", "replay", "strict"),
        "off",
        config=True,
        help="Whether answers come from the model or from a file: ask and keep them; ask for "
        "what the file doesn't know, and keep it; never ask.",
    )
    replay_file = Unicode(
        "beaker-replay.jsonl", config=True, help="The file, seen from the kernel's folder."
    )
    journal = Bool(
        True, config=True, help="Whether conversations are kept in the person's data folder."
    )
    max_steps = Int(20, min=1, config=True, help="Completions per question.")
    max_tokens = Int(
        200_000, min=1, config=True, help="Tokens per question, as the endpoint counts."
    )
    max_seconds = Float(600.0, min=0.1, config=True, help="Seconds of model time per question.")

    @property
    def limits(self) -> Limits:
        """The budget of one question."""
        return Limits(steps=self.max_steps, tokens=self.max_tokens, seconds=self.max_seconds)


def load(environ: Mapping[str, str]) -> Beaker:
    """Read the settings.

    Raises:
        ConfigurationError: a value doesn't fit; the text names its variable or file.

    """
    try:
        settings = Beaker(config=_files())
    except TraitError as error:
        raise ConfigurationError(f"in beaker_config: {error}") from error
    for name, trait in settings.traits(config=True).items():
        variable = f"BEAKER_{name.upper()}"
        if value := environ.get(variable):
            try:
                setattr(settings, name, _from_string(trait, value))
            except (TraitError, ValueError) as error:
                raise ConfigurationError(f"{variable}={value}: {error}") from error
    return settings


def _files() -> Config:
    """Read the files in Jupyter's configuration folders; the person's go before the system's."""
    config = Config()
    for folder in reversed(jupyter_config_path()):
        for name, loader in LOADERS.items():
            try:
                config.merge(loader(name, path=folder).load_config())
            except ConfigFileNotFound:
                continue
            except Exception as error:  # the edge: the file is a program of somebody's
                raise ConfigurationError(f"{folder}/{name}: {error}") from error
    return config


def _from_string(trait: Any, value: str) -> Any:  # noqa: ANN401 (traitlets has no narrower type)
    return trait.from_string(value)
