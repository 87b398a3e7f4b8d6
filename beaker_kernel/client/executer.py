"""Code in a kernel of its own: started for it, and deleted after it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from beaker_kernel.client.folding import ALIVE, Folding, Result, state_in
from beaker_kernel.client.jupyter import FAILURES, GRACE, RemoteKernel, read
from beaker_kernel.execution.background import to_its_end
from beaker_kernel.protocol.execute import execute_content

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


class JupyterCodeExecuter:
    """Runs code once in a new kernel of a Jupyter Server, and deletes the kernel.

    >>> async def main(base_url: str, token: str) -> None:
    ...     async with JupyterCodeExecuter(base_url, "print(6 * 7)", token) as executer:
    ...         result = await executer.run()
    ...     print(result.stdout)
    >>> asyncio.run(main(BASE_URL, TOKEN))
    42
    """

    def __init__(
        self, base_url: str, code: str, token: str = "", password: str = "", timeout: float = 60
    ) -> None:
        """Prepare to run code; nothing is asked of the server yet.

        Args:
            base_url: of any Jupyter Server, such as ``http://localhost:8888``.
            code: in the language of the server's default kernel.
            token: the server's; it goes into a header, never into a URL.
            password: where there is no token.
            timeout: seconds for the whole: to log in, to start, to run.
        """
        self.code = code
        self.timeout = timeout
        self._kernel = RemoteKernel(base_url, token, password)
        self._folding = Folding(uuid4().hex)

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Delete the kernel, whatever happened, even if it is cancelled meanwhile."""
        await to_its_end(self._kernel.close())

    async def run(self) -> Result:
        """Run the code; what fails is told in the result's stderr, and nothing is raised."""
        try:
            async with asyncio.timeout(self.timeout):
                await self._execute()
        except TimeoutError:
            self._folding.complain("Execution timed out.")
        except FAILURES as error:
            self._folding.complain(f"Error: {error}")
        return self._folding.result()

    async def _execute(self) -> None:
        await self._kernel.start()
        async with await self._kernel.channels() as channels:
            await channels.send(json.dumps(execute_request(self._folding.msg_id, self.code)))
            while not self._folding.take(await read(channels)):
                pass
            if self._folding.restarting:
                await _restarted(channels)


def execute_request(msg_id: str, code: str) -> dict[str, Any]:
    """Return the request to execute code, as a websocket of Jupyter's takes it."""
    return {
        "channel": "shell",
        "header": {
            "msg_id": msg_id,
            "msg_type": "execute_request",
            "session": uuid4().hex,
            "username": "beaker",
            "date": datetime.now(UTC).isoformat(),
            "version": "5.4",
        },
        "parent_header": {},
        "metadata": {},
        "content": execute_content(code, allow_stdin=False),
        "buffers": [],
    }


async def _restarted(channels: ClientConnection) -> None:
    """Wait until a dead kernel runs anew.

    A stock server that is told to delete it while it restarts it forgets it, and lets it run.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            while state_in(await read(channels)) not in ALIVE:
                pass


async def execute_code_jupyter(
    base_url: str,
    code: str,
    token: str = "",
    password: str = "",
    timeout: float = 60,  # noqa: ASYNC109 (Open WebUI's name for it)
) -> dict[str, str]:
    """Run code once in a new kernel of any Jupyter Server, and return what it said.

    >>> result = asyncio.run(execute_code_jupyter(BASE_URL, "print(1); 6 * 7", TOKEN))
    >>> result == {"stdout": "1", "stderr": "", "result": "42"}
    True

    Returns:
        ``stdout``, ``stderr`` with tracebacks and failures, and ``result``: texts and data URLs
        of images, a line each. The kernel is deleted; nothing is raised for what a server says.
    """
    async with JupyterCodeExecuter(base_url, code, token, password, timeout) as executer:
        return (await executer.run()).model_dump()
