"""`BeakerClient` for code that does not await: each call waits for the other's in a thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from beaker_kernel.client.beaker_client import BeakerClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from beaker_kernel.execution.requests import CommandResult, ExecutionPage, SessionInfo
    from beaker_kernel.execution.results import Execution, File

P = ParamSpec("P")
T = TypeVar("T")


class SyncBeakerClient:
    """Runs code on a Beaker server; the methods are those of `BeakerClient`.

    >>> with SyncBeakerClient(BASE_URL, TOKEN) as client:
    ...     print(client.run_code("print(6 * 7)").stdout)
    42
    <BLANKLINE>
    """

    def __init__(self, base_url: str, token: str) -> None:
        """Prepare to talk to the server at `base_url`."""
        self._make = partial(BeakerClient, base_url, token)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread = start_blocking_portal()
        self._portal = self._thread.__enter__()
        self._client = self._portal.call(self._make)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection, and end the thread."""
        self._portal.call(self._client.__aexit__)
        self._thread.__exit__(None, None, None)

    def run_code(self, code: str, session: str | None = None, **more: Any) -> Execution:  # noqa: ANN401
        """Run code to its end; callbacks are called in the thread."""
        return self._call(self._client.run_code, code, session, **more)

    def run_command(self, command: str, session: str | None = None, **more: Any) -> CommandResult:  # noqa: ANN401
        """Run a command in a shell."""
        return self._call(self._client.run_command, command, session, **more)

    def history(self, **wanted: Any) -> ExecutionPage:  # noqa: ANN401
        """Return past executions, newest first."""
        return self._call(self._client.history, **wanted)

    def create_session(self, **wanted: Any) -> SessionInfo:  # noqa: ANN401
        """Start a live kernel."""
        return self._call(self._client.create_session, **wanted)

    def sessions(self) -> list[SessionInfo]:
        """Return the live kernels."""
        return self._call(self._client.sessions)

    def restart_session(self, session: str) -> SessionInfo:
        """Start a session's kernel anew."""
        return self._call(self._client.restart_session, session)

    def interrupt_session(self, session: str) -> SessionInfo:
        """Interrupt what runs in a session."""
        return self._call(self._client.interrupt_session, session)

    def delete_session(self, session: str) -> None:
        """End a session."""
        self._call(self._client.delete_session, session)

    def list_files(self, session: str, path: str = "") -> list[File]:
        """Return the files in a folder of a session."""
        return self._call(self._client.list_files, session, path)

    def read_file(self, session: str, path: str) -> bytes:
        """Return a file of a session."""
        return self._call(self._client.read_file, session, path)

    def write_file(
        self, session: str, path: str, data: bytes | str, *, overwrite: bool = False
    ) -> None:
        """Write a file of a session."""
        self._call(self._client.write_file, session, path, data, overwrite=overwrite)

    def delete_file(self, session: str, path: str) -> None:
        """Delete a file of a session."""
        self._call(self._client.delete_file, session, path)

    def _call(self, method: Callable[P, Awaitable[T]], *args: P.args, **named: P.kwargs) -> T:
        return self._portal.call(partial(method, *args, **named))
