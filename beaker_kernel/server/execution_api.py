"""The execution API within the server: its settings, its service, and its handlers."""

from __future__ import annotations

import mimetypes
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from tornado.web import authenticated
from traitlets import Bool, Float, Integer, TraitError, Unicode, default, validate
from traitlets.config import Configurable

from beaker_kernel import __version__
from beaker_kernel.execution.history import History, Retention, default_url
from beaker_kernel.execution.limits import LEAST_MEMORY_MB, Limits, Rate
from beaker_kernel.execution.service import ExecutionService
from beaker_kernel.server.endpoint import Endpoint
from beaker_kernel.server.execution_routes import OPERATIONS
from beaker_kernel.server.openapi import document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from traitlets import Bunch

    from beaker_kernel.server.operations import Operation

ROOT = "/beaker/api/v1"
PAGE = Path(__file__).parents[1] / "static" / "api"
DEFAULT = Limits()
Handler = tuple[str, type[APIHandler], dict[str, Any]]


class ExecutionSettings(Configurable):
    """How much executions and sessions may take; a request can only lower it.

    Each also by the environment, as in ``BEAKER_EXECUTION_TIMEOUT``.
    """

    timeout = Float(DEFAULT.timeout, help="Seconds that an execution has.").tag(config=True)
    max_timeout = Float(
        DEFAULT.max_timeout, help="The most seconds that a request can ask for."
    ).tag(config=True)
    max_output_bytes = Integer(
        DEFAULT.max_output_bytes,
        help="Bytes of a stream, and of an execution's results, beyond which they are cut.",
    ).tag(config=True)
    max_code_bytes = Integer(DEFAULT.max_code_bytes, help="Bytes of one piece of code.").tag(
        config=True
    )
    memory_mb = Integer(
        DEFAULT.memory_mb, help="Megabytes of each process of a kernel; 0 for no limit."
    ).tag(config=True)
    max_sessions = Integer(DEFAULT.max_sessions, help="Sessions at once.").tag(config=True)
    max_concurrency = Integer(DEFAULT.max_concurrency, help="Executions that run at once.").tag(
        config=True
    )
    max_queue = Integer(DEFAULT.max_queue, help="Executions that wait in one session.").tag(
        config=True
    )
    idle_timeout = Float(
        DEFAULT.idle_timeout, help="Seconds after which an unused session is ended."
    ).tag(config=True)
    rate = Integer(DEFAULT.rate, help="Requests a minute from one identity.").tag(config=True)
    pool = Integer(DEFAULT.pool, help="Kernels kept warm for the next session.").tag(config=True)
    commands = Bool(DEFAULT.commands, help="Whether POST /commands runs commands in a shell.").tag(
        config=True
    )
    history = Unicode(
        help="""The database of past executions, as SQLAlchemy names it: sqlite:///path, or
        postgresql://user:password@host/name. Default: the environment variable BEAKER_HISTORY,
        else a file in Jupyter's data folder.""",
    ).tag(config=True)
    history_most = Integer(Retention().most, help="Executions that are kept; 0 for all.").tag(
        config=True
    )
    history_days = Float(Retention().days, help="Days that they are kept; 0 for ever.").tag(
        config=True
    )
    enabled = Bool(True, help="Whether there is an execution API.").tag(config=True)

    @default("history")
    def _history_in_the_data_folder(self) -> str:
        return default_url()

    def service(self, kernels: Any, root: Path) -> ExecutionService:  # noqa: ANN401
        """Make the service on a server's kernels, for the files below its root."""
        retention = Retention(self.history_most, self.history_days)
        return ExecutionService(
            kernels,
            self.limits(),
            History(self.history, retention),
            root=root,
            folder=Path(jupyter_runtime_dir()) / f"beaker-{os.getpid()}",
            outputs=Path(jupyter_data_dir()) / "beaker" / "outputs",
        )

    @validate("memory_mb")
    def _no_limit_or_enough(self, proposal: Bunch) -> int:
        if 0 < proposal.value < LEAST_MEMORY_MB:
            message = f"memory_mb: {proposal.value} is too little; from {LEAST_MEMORY_MB} on, or 0"
            raise TraitError(message)
        return int(proposal.value)

    def limits(self) -> Limits:
        """Return what is configured, else what the environment says, else the default.

        Raises:
            TraitError: a value in the environment is none of its kind.

        """
        configured = self.config.get(type(self).__name__, {})
        for name in Limits._fields:
            given = os.environ.get(f"BEAKER_EXECUTION_{name.upper()}")
            if given and name not in configured:
                self.set_trait(name, self.traits()[name].from_string(given))
        return Limits(**{name: getattr(self, name) for name in Limits._fields})


class Health(APIHandler):
    """Whether the server is up: the one thing that anybody may ask."""

    @allow_unauthenticated
    def get(self) -> None:
        """Answer."""
        self.finish({"status": "ok", "version": __version__})


class Description(APIHandler):
    """The OpenAPI document."""

    heeds_scopes = True  # it says the same to all

    @authenticated
    def get(self) -> None:
        """Answer."""
        self.finish(document(OPERATIONS, self.base_url.rstrip("/") + ROOT))


class Page(APIHandler):
    """The page that shows the document and tries it; it holds nothing that anybody may not see."""

    POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"

    @property
    def content_security_policy(self) -> str:
        """Let the page load its own two files, and ask this server."""
        return f"{self.POLICY}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    def initialize(self, name: str) -> None:
        """Take which of the page's files is served here."""
        self._file = PAGE / name

    @allow_unauthenticated
    def get(self) -> None:
        """Answer."""
        kind = mimetypes.guess_type(self._file.name)[0]
        self.finish(self._file.read_bytes(), set_content_type=f"{kind}; charset=utf-8")


def handlers(service: ExecutionService) -> list[Handler]:
    """Return the handlers of the API, with patterns below the server's base URL."""
    rate = Rate(service.limits.rate)
    found: list[Handler] = [
        (ROOT + "/health", Health, {}),
        (ROOT + "/openapi.json", Description, {}),
        (ROOT + "/docs", Page, {"name": "index.html"}),
        (ROOT + r"/docs/page\.js", Page, {"name": "page.js"}),
        (ROOT + r"/docs/page\.css", Page, {"name": "page.css"}),
    ]
    for path, methods in _by_path(OPERATIONS).items():
        served = {"operations": methods, "service": service, "rate": rate}
        found.append((ROOT + _pattern(path), Endpoint, served))
    return found


def _by_path(operations: Iterable[Operation]) -> dict[str, dict[str, Operation]]:
    found: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        found.setdefault(operation.path, {})[operation.method] = operation
    return found


def _pattern(path: str) -> str:
    """Return a path's ``{names}`` as groups of a pattern; ``{path}`` holds slashes."""
    inner = {"path": ".+"}
    return re.sub(
        r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{inner.get(found[1], '[^/]+')})", path
    )
