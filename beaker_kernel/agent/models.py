"""Which model answers, where, and what that may cost."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from beaker_kernel.agent.budget import Budget, Price, price_of
from beaker_kernel.agent.provider.replay import ReplayModel, Tape
from beaker_kernel.agent.room import Room
from beaker_kernel.errors import ConfigurationError, NoModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from beaker_kernel.agent.model import Model
    from beaker_kernel.agent.provider.endpoints import Endpoint
    from beaker_kernel.agent.provider.openai_model import OpenAIModel
    from beaker_kernel.agent.provider.profiles import Profile
    from beaker_kernel.agent.settings import Beaker


class Models:
    """The endpoint in use, and a model for each that was used.

    Args:
        settings: the agent's.
        environ: the endpoint's address, model and key, by OpenAI's names.
        learn_secret: told each key that is read from elsewhere.
        chosen: the model that the person has chosen, if they have.
        confined: asked whether the notebook's data stay on this machine, whatever the settings say.

    Attributes:
        chosen: the same, as it is now.

    """

    def __init__(
        self,
        settings: Beaker,
        environ: Mapping[str, str],
        learn_secret: Callable[[str], None] = lambda _: None,
        chosen: str = "",
        confined: Callable[[], bool] = lambda: False,
    ) -> None:
        self.chosen = chosen
        self._confined = confined
        self._settings = settings
        self._environ = dict(environ)
        self._learn_secret = learn_secret
        self._endpoint: Endpoint | None = None
        self._models: dict[Endpoint, Model] = {}
        self._rooms: dict[Endpoint, Room] = {}

    async def endpoint(self) -> Endpoint:
        """Return the endpoint in use; the first time, look for it.

        Raises:
            NoModel: none is set, and none was found on this machine.
            ConfigurationError: data may not leave this machine, and it is elsewhere.

        """
        if self._endpoint is None:
            self._endpoint = await self.find(self.chosen or self._settings.model)
        return self.permitted(self._endpoint)

    async def choose(self, name: str) -> None:
        """Use another model from now on: a profile, or one of the same endpoint; or look anew."""
        self._endpoint = await self.find(name) if name else None
        self.chosen = name

    async def find(self, name: str) -> Endpoint:
        """Look for an endpoint and what it says of a model, if one is named.

        Raises:
            NoModel: none is set, and none was found on this machine.
            ConfigurationError: data may not leave this machine, and it is elsewhere.

        """
        from beaker_kernel.agent.provider.endpoints import Endpoint  # noqa: PLC0415 (on demand)

        try:
            if self._settings.replay != "strict":
                return await self._find(name)
        except NoModel:
            if self._settings.replay != "replay":
                raise
        return Endpoint(base_url=self._tape.path.as_uri(), model=name or "recorded")

    async def _find(self, name: str) -> Endpoint:
        """Look for the endpoint of a profile, else of a model's own name."""
        from beaker_kernel.agent.provider.endpoints import find_endpoint  # noqa: PLC0415 (on demand)

        if name not in self._settings.models:
            named = {"BEAKER_MODEL": name} if name else {}
            asked_for = self._asked_for(self._environ | named)
            return await find_endpoint(asked_for, permitted=self.permitted)
        profile = self.profile(name)
        settings = profile.settings(self._environ)
        self._learn_secret(settings.get("OPENAI_API_KEY", ""))
        return replace(
            await find_endpoint(self._asked_for(settings), permitted=self.permitted),
            context=profile.context,
            prices=profile.prices,
            images=profile.images,
            tools=profile.tools,
        )

    def profile(self, name: str) -> Profile:
        """Return a model of the person's own list.

        Raises:
            ConfigurationError: it isn't written as one should be.

        """
        from beaker_kernel.agent.provider.profiles import Profile  # noqa: PLC0415 (on demand)

        return Profile.read(name, self._settings.models[name])

    def _asked_for(self, settings: dict[str, str]) -> dict[str, str]:
        if self._local_only and not settings.get("OPENAI_BASE_URL"):
            settings.pop("OPENAI_API_KEY", None)  # it is for a server elsewhere
        return settings

    @property
    def _local_only(self) -> bool:
        return self._settings.local_only or self._confined()

    def permitted(self, endpoint: Endpoint, *, confined: bool = False) -> Endpoint:
        """Return an endpoint to which data may be sent, those of a `confined` notebook too.

        Raises:
            ConfigurationError: they may not leave this machine, and it is elsewhere.

        """
        if (confined or self._local_only) and not endpoint.local:
            raise ConfigurationError(
                "local_only is set, here or in the notebook, so nothing may be sent to "
                f"{endpoint.base_url}; use a model server on this machine"
            )
        return endpoint

    def model(self, endpoint: Endpoint) -> Model:
        """Return the model at an endpoint: itself, or what was recorded of it."""
        if endpoint not in self._models:
            live = None if endpoint.recorded else self._live(endpoint)
            afresh = self._settings.replay == "record"
            recorded = ReplayModel(self._tape, live, afresh=afresh)
            self._models[endpoint] = recorded if self.tape or live is None else live
        return self._models[endpoint]

    def _live(self, endpoint: Endpoint) -> OpenAIModel:
        from beaker_kernel.agent.provider.openai_model import OpenAIModel  # noqa: PLC0415 (on demand)

        mode = self._settings.tools if endpoint.tools == "auto" else endpoint.tools
        return OpenAIModel(endpoint=endpoint, tool_mode=mode)

    @property
    def tape(self) -> Tape | None:
        """The file of recorded answers, if there is to be one."""
        return None if self._settings.replay == "off" else self._tape

    @cached_property
    def _tape(self) -> Tape:
        path = Path(self._settings.replay_file).expanduser().absolute()
        mode = self._settings.replay
        return Tape(path, records=mode in ("record", "replay"), afresh=mode == "record")

    def shows_images(self, endpoint: Endpoint) -> bool:
        """Tell whether the model at an endpoint may be shown images, and can look at them."""
        return self._settings.images and endpoint.images and not endpoint.small

    def room(self, endpoint: Endpoint) -> Room:
        """Return what fits into a request to an endpoint."""
        return self._rooms.setdefault(
            endpoint, Room(endpoint.context or self._settings.context_tokens)
        )

    def budget(self, endpoint: Endpoint) -> Budget:
        """Return a new account for a question.

        Raises:
            ConfigurationError: dollars are limited, and nobody has said what the model costs.

        """
        limits, price = self._settings.limits, self.price(endpoint)
        if price is None and limits.dollars != inf:
            raise ConfigurationError(
                f"BEAKER_MAX_DOLLARS is set, but nobody has said what {endpoint.model} costs: "
                f'c.Beaker.prices = {{"{endpoint.model}": [PROMPT, COMPLETION]}}, in dollars for '
                "a million tokens"
            )
        return Budget(limits=limits, price=price)

    def price(self, endpoint: Endpoint) -> Price | None:
        """Return what an endpoint's model costs; ``None`` where nobody has said."""
        if endpoint.prices:
            return Price(*endpoint.prices)
        return price_of(endpoint, self._settings.prices)

    async def close(self) -> None:
        """Close the connections."""
        for model in self._models.values():
            await model.close()
