"""What Prometheus is told of the execution service, beside what Jupyter Server tells of itself."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from beaker_kernel.execution.results import FINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from beaker_kernel.execution.service import ExecutionService

LIVE = ("queued", "running")
STATES = ("starting", "idle", "busy", "dead")


class ExecutionMetrics(Collector):
    """Reads the service when it is asked; nothing is kept twice."""

    def __init__(self, service: ExecutionService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Yield how things stand, and what was done since the start."""
        yield self._now("executions", "Executions that wait and run.", LIVE, self._service.live())
        sessions = Counter[str](session.state for session in self._service.sessions.all())
        yield self._now("sessions", "Live sessions.", STATES, sessions)
        yield from self._done()

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: the names are known once it is asked."""
        yield from ()

    @staticmethod
    def _now(name: str, said: str, states: tuple[str, ...], found: Counter[str]) -> Metric:
        gauge = GaugeMetricFamily(f"beaker_{name}", said, labels=["state"])
        for state in states:
            gauge.add_metric([state], found[state])
        return gauge

    def _done(self) -> Iterator[Metric]:
        tally = self._service.tally
        ended = CounterMetricFamily("beaker_executions_ended", "Over.", labels=["status"])
        for status in sorted(FINAL):
            ended.add_metric([status], tally.ended[status])
        yield ended
        yield CounterMetricFamily(
            "beaker_execution_seconds", "For which they ran, together.", value=tally.seconds
        )
        yield CounterMetricFamily(
            "beaker_execution_written", "Characters of their streams.", value=tally.written
        )
