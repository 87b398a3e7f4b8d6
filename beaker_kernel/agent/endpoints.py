"""Which endpoint answers: the one that is set, or a model server on this machine."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from beaker_kernel.errors import NoModel

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENAI = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5-mini"
LOCAL = {
    "Ollama": "http://127.0.0.1:11434/v1",
    "LM Studio": "http://127.0.0.1:1234/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
}
"""Where model servers usually listen, in the order in which one is taken."""
PATIENCE = 0.3
"""Seconds that a server on this machine has to say which models it holds."""
SMALL = 4_000_000_000
"""Parameters under which a model needs forms and examples to use tools."""
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z])", re.IGNORECASE)
NO_MODEL = """\
No model is set, and none answers on this machine. To get one:
start Ollama (`ollama run qwen2.5-coder`), LM Studio or a llama.cpp server, and ask again; or
set OPENAI_API_KEY (and for other providers OPENAI_BASE_URL, BEAKER_MODEL) and restart the kernel; \
`beaker doctor` checks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible endpoint and the model to use there.

    Attributes:
        base_url: up to and with ``/v1``; no credentials in it.
        small: whether the model is known to be too small for native tools.
    """

    base_url: str
    model: str
    api_key: str = field(default="none", repr=False)
    small: bool = False

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


async def find_endpoint(settings: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that is set, else the first that answers on this machine.

    Args:
        settings: OPENAI_API_KEY, OPENAI_BASE_URL, BEAKER_MODEL; empty ones count as unset.

    Raises:
        NoModel: there is none; the text says in three lines how to get one.
    """
    url, model = settings.get("OPENAI_BASE_URL", ""), settings.get("BEAKER_MODEL", "")
    key = settings.get("OPENAI_API_KEY") or "none"
    if url:
        return await _at(url, model, key)
    if key != "none":
        return Endpoint(base_url=OPENAI, model=model or OPENAI_MODEL, api_key=key)
    found = await asyncio.gather(*(models(local) for local in LOCAL.values()))
    for local, held in zip(LOCAL.values(), found, strict=True):
        if held:
            return _choose(local, model, "none", held)
    raise NoModel(NO_MODEL)


async def _at(url: str, model: str, key: str) -> Endpoint:
    """Return the endpoint at a URL; where no model is named, its first one."""
    url = url.rstrip("/")
    endpoint = Endpoint(base_url=url, model=model, api_key=key, small=_is_small(model, {}))
    if model and not endpoint.local:
        return endpoint
    held = await models(url, key) if endpoint.local else []
    return _choose(url, model, key, held)


def _choose(url: str, model: str, key: str, held: list[dict[str, Any]]) -> Endpoint:
    named = next((m for m in held if m.get("id") == model), None)
    entry = named or (held[0] if held and not model else {})
    name = model or str(entry.get("id") or OPENAI_MODEL)
    return Endpoint(base_url=url, model=name, api_key=key, small=_is_small(name, entry))


def _is_small(name: str, entry: Mapping[str, Any]) -> bool:
    """Tell whether a model is small: llama.cpp says its size, else its name often does."""
    parameters = (entry.get("meta") or {}).get("n_params")
    if parameters:
        return bool(parameters < SMALL)
    sizes = [float(size) for size in _SIZE.findall(name)]
    return bool(sizes) and min(sizes) * 1e9 < SMALL


async def models(base_url: str, key: str = "none") -> list[dict[str, Any]]:
    """Return the models that a server on this machine lists; none if nobody answers in time."""
    parts = urlsplit(base_url)
    request = (
        f"GET {parts.path}/models HTTP/1.0\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {key}\r\n\r\n"
    )
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await _ask(parts.hostname or "", parts.port or 80, request.encode())
        listed = json.loads(answer.partition(b"\r\n\r\n")[2])["data"]
    except (OSError, TimeoutError, ValueError, LookupError, TypeError):
        return []
    return [model for model in listed if isinstance(model, dict)]


async def _ask(host: str, port: int, request: bytes) -> bytes:
    """Send a request to a server on this machine and read its whole answer."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        return await reader.read(-1)
    finally:
        writer.close()
