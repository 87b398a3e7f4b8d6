"""The headless server: Jupyter's REST API and kernel websockets; the page where it is asked for."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.serverapp import ServerApp
from jupyter_server.serverapp import flags as jupyter_flags
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyterlab_server import LabServerApp
from prometheus_client import REGISTRY
from traitlets import Bool, Integer, List, Unicode, default

from beaker_kernel import __version__
from beaker_kernel.errors import ConfigurationError
from beaker_kernel.malloc import give_large_blocks_back
from beaker_kernel.prctl import forbid_dumps
from beaker_kernel.server import environment, execution_api, safety
from beaker_kernel.server.audit import SETTING, Audit
from beaker_kernel.server.channels import KernelConnection
from beaker_kernel.server.gate import Gate
from beaker_kernel.server.identity import TokenIdentity
from beaker_kernel.server.metrics import ExecutionMetrics
from beaker_kernel.server.page import ROOT, PageSettings
from beaker_kernel.server.request_log import JsonFormatter
from beaker_kernel.server.warm_kernels import WarmKernels

if TYPE_CHECKING:
    from beaker_kernel.execution.service import ExecutionService

JSON_LINES = f"{JsonFormatter.__module__}.{JsonFormatter.__name__}"
FLAGS: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "no-url-token": (
        {"TokenIdentity": {"url_token": False}},
        "Take the token in no URL, not even for Jupyter's own API.",
    ),
    "loosened": (
        {"HeadlessServer": {"loosened": True}},
        "For a lab bench: let any page and any host name in.",
    ),
    "json-log": (
        {"Application": {"logging_config": {"formatters": {"console": {"class": JSON_LINES}}}}},
        "Write the log as a line of JSON for each record.",
    ),
    "ui": ({"PageSettings": {"enabled": True}}, "Serve the page, too, at /beaker/ui/."),
}


EXAMPLES = (  # lines without indentation, as traitlets indents all but the first
    "beaker serve                                    # port 8888 on 127.0.0.1, a new token",
    "beaker serve --token-file ~/.beaker-token       # the same token each time",
    "beaker serve --origin http://127.0.0.1:5173     # let a page of that origin in",
    "beaker serve --ui                               # the page at /beaker/ui/, too",
)


class HeadlessServer(ServerApp):
    """A Jupyter Server that is safe by default and serves no page."""

    default_services = safety.SERVICES  # type: ignore[assignment]
    flags = {**jupyter_flags, **FLAGS}  # noqa: RUF012 (a trait of traitlets)
    no_browser_open_file = Bool(True)

    port = Integer(
        ServerApp.port_default_value,
        help="""The port; where it is taken, one of those behind it. The environment variable
        JUPYTER_PORT sets another default.""",
    ).tag(config=True)

    allowed_origins = List(
        Unicode(),
        help="""The origins (scheme://host[:port]) whose pages may use this server; exact, no
        wildcards. Default: the environment variable BEAKER_ORIGINS, separated by commas.""",
    ).tag(config=True)

    host_names = List(
        Unicode(),
        help="""The names under which the server is asked for, beside localhost; a request for
        another name is refused (DNS rebinding). Default: the environment variable BEAKER_HOSTS,
        separated by commas.""",
    ).tag(config=True)

    loosened = Bool(
        default_value=False,
        help="""For a lab bench: let any page and any host name in, and start even where a setting
        lowers the guard.""",
    ).tag(config=True)

    @default("port")
    def _port_from_environment(self) -> int:
        return int(os.environ.get(self.port_env) or self.port_default_value)

    @default("allowed_origins")
    def _allowed_origins_from_environment(self) -> list[str]:
        return environment.listed("BEAKER_ORIGINS")

    @default("host_names")
    def _host_names_from_environment(self) -> list[str]:
        return environment.listed("BEAKER_HOSTS")

    @default("kernel_websocket_connection_class")
    def _default_kernel_websocket_connection_class(
        self,
    ) -> str | type[ZMQChannelsWebsocketConnection]:
        stock = super()._default_kernel_websocket_connection_class()
        return KernelConnection if stock is ZMQChannelsWebsocketConnection else stock

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str | type[AsyncMappingKernelManager]:
        stock = super()._default_kernel_manager_class()
        return WarmKernels if stock is AsyncMappingKernelManager else stock

    def init_webapp(self) -> None:
        """Refuse to be half safe, keep the token from every child, and build the application.

        Raises:
            ConfigurationError: a setting lowers the guard, or the page is not there.
        """
        safety.check(self)  # which reads the token
        self.page = PageSettings(parent=self)
        self.page.check()
        environment.forget_secrets()
        self._doors = safety.doors(self)
        self.local_hostnames = sorted(self._doors.host_names)
        if self.loosened:
            self.allow_origin, self.allow_remote_access = "*", True
        else:
            self.allow_origin_pat = safety.origin_pattern(self.allowed_origins)
        super().init_webapp()

    def load_server_extensions(self) -> None:
        """Add the extensions' routes, then put the gate in front of all there are."""
        super().load_server_extensions()
        closed = safety.closed_paths(self.base_url)
        gate = Gate(self.web_app, self._doors, closed)
        self.web_app.default_router = cast("Any", gate)

    def stop_by_loop(self) -> None:
        """Have SIGTERM handled by the loop, between two callbacks.

        Jupyter's handler logs wherever it strikes: within the log it fails, and the stop is lost.
        """
        with suppress(NotImplementedError):  # Windows
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self._signal_stop, signal.SIGTERM, None)

    def running_server_info(self, kernel_count: bool = True) -> str:
        """Say where the server listens and how one gets in."""
        kernels = f", {len(self.kernel_manager.list_kernel_ids())} kernels" if kernel_count else ""
        return (
            f"Beaker {__version__} serves {self.root_dir}{kernels}\n"
            f"{self._entrance()} (`jupyter server list` prints the token)"
        )

    def _entrance(self) -> str:
        if not self.page.enabled:
            return "The API alone, no page: show the token in the Authorization header"
        page = self.connection_url.removesuffix("/") + ROOT
        return f"The page: {page}#token=…"


class BeakerServer(LabServerApp):
    """Beaker's headless server: kernels over REST and websockets, for frontends of your own."""

    name = "beaker_server"
    app_name = "Beaker"
    version = __version__
    description = __doc__
    examples = "\n".join(EXAMPLES)
    load_other_extensions = False
    execution: ExecutionService | None = None
    serverapp_class = HeadlessServer
    classes = [  # noqa: RUF012 (a trait of traitlets)
        HeadlessServer,
        TokenIdentity,
        execution_api.ExecutionSettings,
        PageSettings,
        WarmKernels,
    ]
    subcommands = {}  # noqa: RUF012 (Jupyter looks for the first word in the class itself)
    default_url = Unicode("/api")
    aliases = {  # noqa: RUF012 (a trait of traitlets)
        "ip": "ServerApp.ip",
        "port": "HeadlessServer.port",
        "token-file": "TokenIdentity.token_file",
        "origin": "HeadlessServer.allowed_origins",
        "root": "ServerApp.root_dir",
        "host": "HeadlessServer.host_names",
        "ui-server": "PageSettings.servers",
    }
    flags = FLAGS

    @classmethod
    def get_extension_package(cls) -> str:
        """Name the package whose extension points name us."""
        return "beaker_kernel.server"

    @classmethod
    def make_serverapp(cls, **settings: Any) -> ServerApp:  # noqa: ANN401 (Jupyter's signature)
        """Make the server on safe defaults; whatever is configured comes on top."""
        return super().make_serverapp(config=safety.defaults(), **settings)

    audit_file = Unicode(
        help="""Where each execution that enters through the server is noted.
        Default: beaker/audit.jsonl in Jupyter's data folder.""",
    ).tag(config=True)

    @default("audit_file")
    def _audit_file_in_the_data_folder(self) -> str:
        return str(Path(jupyter_data_dir()) / "beaker" / "audit.jsonl")

    def initialize_settings(self) -> None:
        """Leave Jupyter's settings alone, which a page would need; give handlers the audit log."""
        self.settings[SETTING] = Audit(Path(self.audit_file))

    def initialize_templates(self) -> None:
        """Serve no template."""

    def initialize_handlers(self) -> None:
        """Serve the execution API and the page, and none of JupyterLab's routes."""
        settings = execution_api.ExecutionSettings(parent=self)
        server: Any = self.serverapp
        self.handlers.extend(PageSettings(parent=self).handlers())
        if settings.enabled:
            self.execution = settings.service(server.kernel_manager, Path(server.root_dir))
            self.handlers.extend(execution_api.handlers(self.execution))
            self._metrics = ExecutionMetrics(self.execution)
            REGISTRY.register(self._metrics)

    async def stop_extension(self) -> None:
        """End what runs."""
        if self.execution:
            with suppress(KeyError):  # it was told to stop before
                REGISTRY.unregister(self._metrics)
            await self.execution.close()

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Say that requests are taken now: Jupyter's own lines come before the port is bound."""
        if isinstance(serverapp, HeadlessServer):
            serverapp.stop_by_loop()
            serverapp.log.info("Listening on %s", serverapp.connection_url)


def serve(argv: list[str]) -> None:
    """Serve until told to stop.

    Raises:
        ConfigurationError: the command line is wrong, or the server would be half safe.

    """
    if argv and not argv[0].startswith("-") and not Path(argv[0]).exists():
        message = f"there is no file or folder {argv[0]!r}, nor does `serve` have subcommands; "
        raise ConfigurationError(message + "`beaker serve --help` lists its options")
    forbid_dumps()
    give_large_blocks_back()
    environment.read_dotenv()
    BeakerServer.launch_instance(argv)  # type: ignore[no-untyped-call]


def main(argv: list[str] | None = None) -> None:
    """Run the server until it is told to stop."""
    try:
        serve(sys.argv[1:] if argv is None else argv)
    except ConfigurationError as error:
        sys.exit(f"beaker: {error}")
