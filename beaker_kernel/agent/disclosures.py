"""What a person is told once: what isn't there, whose rules count, who elsewhere gets data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.agent.briefing import RULES_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beaker_kernel.agent.provider.endpoints import Endpoint
    from beaker_kernel.agent.surface import Surface


class Disclosures:
    """What was told already, of one session."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(
        self, surface: Surface, endpoint: Endpoint, rules: str, problems: Iterable[str]
    ) -> None:
        """Say what is new of the `problems`, the `rules` in the prompt and who gets data."""
        for problem in problems:
            self._once(surface, problem, problem)
        if rules:
            self._once(surface, rules, f"The rules in {RULES_FILE} of this folder are followed.")
        if not endpoint.local:
            notice = (
                "Questions, recent cells, outputs and variables of this session go to "
                f"{endpoint.base_url} ({endpoint.model})."
            )
            self._once(surface, endpoint.base_url, notice)

    def _once(self, surface: Surface, about: str, notice: str) -> None:
        if about not in self._told:
            self._told.add(about)
            surface.notice(notice)
