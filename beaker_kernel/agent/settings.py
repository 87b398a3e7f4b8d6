"""The agent's settings: traits, from Jupyter's configuration files and from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_core.paths import SYSTEM_CONFIG_PATH, jupyter_config_path
from traitlets import Bool, Dict, Enum, Float, Int, TraitError, Unicode
from traitlets.config.configurable import Configurable
from traitlets.config.loader import (
    Config,
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from beaker_kernel.agent.budget import Limits
from beaker_kernel.agent.policy import narrowest
from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from beaker_kernel.agent.provider.openai_model import ToolMode
    from beaker_kernel.agent.provider.replay import ReplayMode
    from beaker_kernel.protocol.replies import Policy

LOADERS = {"beaker_config.py": PyFileConfigLoader, "beaker_config.json": JSONFileConfigLoader}


class Beaker(Configurable):
    """What the agent is configured by; the environment goes before the files.

    ``c.Beaker.policy = "ask"`` in ``beaker_config.py``, or ``BEAKER_POLICY=ask``: each trait has a
    variable of its name. The key is no trait, so it reaches no file and no log.
    """

    policy: Enum[Policy] = Enum(
        ("ask", "guarded", "auto", "never"), "ask", config=True, help="Whose word model code needs."
    )
    policy_at_most: Enum[Policy] = Enum(
        ("ask", "guarded", "auto", "never"),
        "auto",
        config=True,
        help="The most that may be allowed; the narrowest one counts.",
    )
    tool_policies: Dict[str, Policy] = Dict(
        value_trait=Enum(("ask", "guarded", "auto", "never")),
        config=True,
        help="Policies of single tools; the narrower of a tool's and the session's counts.",
    )
    local_only = Bool(
        False, config=True, help="Whether data stay on this machine; one file's yes is enough."
    )
    model = Unicode(config=True, help="The model's name; by default the endpoint's first.")
    context = Unicode(
        "default", config=True, help="What the agent is good at, by the name of an entry point."
    )
    context_tokens = Int(
        0,
        min=0,
        config=True,
        help="Tokens that fit into a request with its answer, where no profile says; 0: unknown.",
    )
    models: Dict[str, dict[str, Any]] = Dict(
        config=True, help="Models by names of your own: endpoint, model, key_file, context, …"
    )
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
    keep_in_notebook = Bool(
        False,
        config=True,
        help="Whether questions and answers are kept in the notebook too, for all who get it.",
    )
    max_steps = Int(20, min=1, config=True, help="Completions per question.")
    max_tokens = Int(
        200_000,
        min=1,
        config=True,
        help="Tokens per question, as the endpoint counts; estimated where it doesn't.",
    )
    max_seconds = Float(600.0, min=0.1, config=True, help="Seconds of model time per question.")

    max_dollars = Float(
        float("inf"), min=0.0, config=True, help="US dollars per question, by the price table."
    )
    max_output = Int(
        20_000_000, min=1, config=True, help="Bytes that the model's code may put out per question."
    )
    prices: Dict[str, list[float]] = Dict(
        config=True, help="Dollars for a million tokens of prompt and of completion, by model."
    )

    @property
    def limits(self) -> Limits:
        """The budget of one question."""
        return Limits(
            steps=self.max_steps,
            tokens=self.max_tokens,
            seconds=self.max_seconds,
            dollars=self.max_dollars,
            output=self.max_output,
        )


def load(environ: Mapping[str, str]) -> Beaker:
    """Read the settings.

    Raises:
        ConfigurationError: a value doesn't fit; the text names its variable or file.

    """
    files = [config for folder in reversed(_folders()) for config in _read(folder)]
    try:
        settings = Beaker(config=_merged(files))
    except TraitError as error:
        raise ConfigurationError(f"in beaker_config: {error}") from error
    for name, trait in settings.traits(config=True).items():
        variable = f"BEAKER_{name.upper()}"
        if value := environ.get(variable):
            try:
                setattr(settings, name, _from_string(trait, value))
            except (TraitError, ValueError) as error:
                raise ConfigurationError(f"{variable}={value}: {error}") from error
    _narrow(settings, files)
    return settings


def _folders() -> list[str]:
    """Return where files are looked for, the person's first; the administrator's in any case."""
    folders = jupyter_config_path()
    return [*folders, *(folder for folder in SYSTEM_CONFIG_PATH if folder not in folders)]


def _read(folder: str) -> Iterator[Config]:
    for name, loader in LOADERS.items():
        try:
            yield loader(name, path=folder).load_config()
        except ConfigFileNotFound:
            continue
        except Exception as error:  # the edge: the file is a program of somebody's
            raise ConfigurationError(f"{folder}/{name}: {error}") from error


def _merged(files: Iterable[Config]) -> Config:
    merged = Config()
    for config in files:
        merged.merge(config)
    return merged


def _narrow(settings: Beaker, files: Iterable[Config]) -> None:
    """Take the narrowest of what all files say where one may only narrow another."""
    for config in files:
        said = config.get("Beaker", {})
        settings.local_only |= bool(said.get("local_only", False))
        at_most = said.get("policy_at_most", settings.policy_at_most)
        settings.policy_at_most = narrowest(settings.policy_at_most, at_most)
        for tool, policy in said.get("tool_policies", {}).items():
            known = settings.tool_policies.get(tool, policy)
            settings.tool_policies[tool] = narrowest(known, policy)


def _from_string(trait: Any, value: str) -> Any:  # noqa: ANN401 (traitlets has no narrower type)
    return trait.from_string(value)
