"""A client of Beaker's execution API: sessions, streaming, files, with the names of E2B's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel

from beaker_kernel import errors
from beaker_kernel.execution.requests import (
    CommandResult,
    ExecutionPage,
    FileList,
    SessionInfo,
    SessionList,
)
from beaker_kernel.execution.results import Execution, ExecutionError, Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from beaker_kernel.execution.results import File

ROOT = "/beaker/api/v1"
CONNECT = 10.0
"""Seconds to reach the server; what the code then takes is bounded by its own timeout."""
ERRORS: dict[int, type[errors.BeakerError]] = {
    400: errors.InvalidRequest,
    401: errors.NotAllowed,
    403: errors.NotAllowed,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.InvalidRequest,
    422: errors.InvalidRequest,
}
Model = TypeVar("Model", bound=BaseModel)


class Event(NamedTuple):
    """What happens in an execution: ``started``, ``stdout``, ``result``, … and one ``done``."""

    id: int
    type: str
    data: dict[str, Any]


class BeakerClient:
    """Runs code on a Beaker server.

    >>> async def main(base_url: str, token: str) -> None:
    ...     async with BeakerClient(base_url, token) as client:
    ...         session = await client.create_session()
    ...         await client.run_code("x = 6 * 7", session.id)
    ...         execution = await client.run_code("x", session.id)
    ...         print(execution.results[0].text)
    ...         await client.delete_session(session.id)
    >>> asyncio.run(main(BASE_URL, TOKEN))
    42

    Raises, from every method:
        NotAllowed: the token is wrong, or may not do that.
        NotFound, Conflict, InvalidRequest, TooLarge, TooMany: as the API says.
        httpx2.HTTPError: the server can't be reached.
    """

    def __init__(self, base_url: str, token: str) -> None:
        """Prepare to talk to the server at `base_url`; nothing is asked of it yet."""
        self._http = httpx2.AsyncClient(
            base_url=base_url.rstrip("/") + ROOT,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(None, connect=CONNECT),
        )

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection; sessions live on."""
        await self._http.aclose()

    async def run_code(
        self,
        code: str,
        session: str | None = None,
        *,
        language: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (the server keeps it)
        stdin: Sequence[str] | None = None,
        on_stdout: Callable[[str], object] | None = None,
        on_stderr: Callable[[str], object] | None = None,
        on_result: Callable[[Result], object] | None = None,
        on_error: Callable[[ExecutionError], object] | None = None,
    ) -> Execution:
        """Run code to its end, and tell the callbacks as it goes; leaving early interrupts it."""
        done: dict[str, Any] = {}
        asked = _given(session=session, language=language, timeout=timeout, stdin=stdin)
        async for event in self._follow("POST", "/executions", {"code": code, **asked}):
            match event.type:
                case "stdout" if on_stdout:
                    on_stdout(event.data["text"])
                case "stderr" if on_stderr:
                    on_stderr(event.data["text"])
                case "result" if on_result:
                    on_result(Result.model_validate(event.data))
                case "error" if on_error:
                    on_error(ExecutionError.model_validate(event.data))
                case "done":
                    done = event.data
        return Execution.model_validate(done)

    async def start_code(self, code: str, session: str, **more: Any) -> Execution:  # noqa: ANN401
        """Run code in the background, and return its execution as it is now."""
        asked = {"code": code, "session": session, "background": True, **more}
        return await self._ask("POST", "/executions", Execution, json=asked)

    def events(self, execution: str, since: int = 0) -> AsyncIterator[Event]:
        """Follow an execution's events after number `since`, up to ``done``."""
        return self._follow("GET", f"/executions/{execution}", since=since)

    async def execution(self, execution: str) -> Execution:
        """Return an execution as it is now."""
        return await self._ask("GET", f"/executions/{execution}", Execution)

    async def history(self, **wanted: Any) -> ExecutionPage:  # noqa: ANN401 (a Filter's fields)
        """Return past executions, newest first: by ``session, status, language, q, since``."""
        return await self._ask("GET", "/executions", ExecutionPage, params=_given(**wanted))

    async def output(self, execution: str, number: int) -> bytes:
        """Return the whole of a truncated output."""
        return (await self._send("GET", f"/executions/{execution}/outputs/{number}")).content

    async def interrupt_execution(self, execution: str) -> Execution:
        """Interrupt an execution; one that waits is over at once."""
        return await self._ask("POST", f"/executions/{execution}/interrupt", Execution)

    async def run_command(
        self,
        command: str,
        session: str | None = None,
        *,
        cwd: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (the server keeps it)
    ) -> CommandResult:
        """Run a command in a shell, in a session's folder, where the server allows commands."""
        asked = _given(session=session, cwd=cwd, timeout=timeout)
        return await self._ask(
            "POST", "/commands", CommandResult, json={"command": command, **asked}
        )

    async def create_session(self, **wanted: Any) -> SessionInfo:  # noqa: ANN401
        """Start a live kernel: by ``id, language, kernel, cwd, env, idle_timeout, memory_mb``."""
        return await self._ask("POST", "/sessions", SessionInfo, json=_given(**wanted))

    async def sessions(self) -> list[SessionInfo]:
        """Return the live kernels."""
        return (await self._ask("GET", "/sessions", SessionList)).sessions

    async def restart_session(self, session: str) -> SessionInfo:
        """Start a session's kernel anew; its variables are gone."""
        return await self._ask("POST", f"/sessions/{session}/restart", SessionInfo)

    async def interrupt_session(self, session: str) -> SessionInfo:
        """Interrupt what runs in a session."""
        return await self._ask("POST", f"/sessions/{session}/interrupt", SessionInfo)

    async def delete_session(self, session: str) -> None:
        """End a session."""
        await self._send("DELETE", f"/sessions/{session}")

    async def list_files(self, session: str, path: str = "") -> list[File]:
        """Return the files in a folder of a session."""
        url = f"/sessions/{session}/files"
        return (await self._ask("GET", url, FileList, params=_given(path=path or None))).files

    async def read_file(self, session: str, path: str) -> bytes:
        """Return a file of a session."""
        return (await self._send("GET", _file(session, path))).content

    async def write_file(
        self, session: str, path: str, data: bytes | str, *, overwrite: bool = False
    ) -> None:
        """Write a file of a session."""
        content = data.encode() if isinstance(data, str) else data
        params = {"overwrite": "1" if overwrite else "0"}
        await self._send("PUT", _file(session, path), content=content, params=params)

    async def delete_file(self, session: str, path: str) -> None:
        """Delete a file of a session."""
        await self._send("DELETE", _file(session, path))

    async def _ask(self, method: str, path: str, model: type[Model], **more: Any) -> Model:  # noqa: ANN401
        answer = await self._send(method, path, **more)
        return model.model_validate_json(answer.content)

    async def _send(self, method: str, path: str, **more: Any) -> httpx2.Response:  # noqa: ANN401
        answer = await self._http.request(method, path, **more)
        if answer.is_error:
            raise _error(answer.status_code, answer.content, answer.headers.get("Retry-After"))
        return answer

    async def _follow(
        self, method: str, path: str, body: dict[str, Any] | None = None, since: int = 0
    ) -> AsyncIterator[Event]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(since)}
        async with self._http.stream(method, path, json=body, headers=headers) as answer:
            if answer.is_error:
                said = await answer.aread()
                raise _error(answer.status_code, said, answer.headers.get("Retry-After"))
            async for event in _parsed(answer.aiter_lines()):
                yield event


async def _parsed(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """Yield server-sent events; ours have one line of data each."""
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif fields:
            yield Event(int(fields.get("id", 0)), fields["event"], json.loads(fields["data"]))
            fields = {}


def _given(**named: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON)
    return {name: value for name, value in named.items() if value is not None}


def _file(session: str, path: str) -> str:
    return f"/sessions/{session}/files/{quote(path)}"


def _error(status: int, body: bytes, retry_after: str | None) -> errors.BeakerError:
    """Return the error that the server has answered with."""
    try:
        message = "; ".join(problem["msg"] for problem in json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {status}"
    if status == 429:
        return errors.TooMany(message, retry_after=float(retry_after or 1))
    return ERRORS.get(status, errors.BeakerError)(message)
