"""Which endpoint answers: the one that is set, or a model server on this machine."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from beaker_kernel.errors import ConfigurationError, NoModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OPENAI = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5-mini"
LOCAL = (
    "http://127.0.0.1:11434/v1",  # Ollama
    "http://127.0.0.1:1234/v1",  # LM Studio
    "http://127.0.0.1:8080/v1",  # llama.cpp's server
)
"""Where model servers usually listen, in the order in which one is taken."""
PATIENCE = 0.3
"""Seconds that a server on this machine has to say which models it holds."""
SMALL = 4_000_000_000
"""Parameters under which a model needs forms and examples to use tools."""
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)([bm])(?![a-z])", re.IGNORECASE)
"""A model's size as its name gives it: 0.5B, 7b, 360M."""
NO_KEY = "none"
"""What is sent as the key where none is needed; an empty one is refused by the SDK."""
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
        context: tokens that fit into a request with its answer; 0 where nobody has said.
        prices: dollars for a million tokens of prompt and of completion, where they are known.
        images: whether the model can look at images.
        tools: how it is told of tools, where that is known.
    """

    base_url: str
    model: str
    api_key: str = field(default=NO_KEY, repr=False)
    small: bool = False
    context: int = 0
    prices: tuple[float, float] | None = None
    images: bool = True
    tools: Literal["auto", "native", "json"] = "auto"

    @property
    def local(self) -> bool:
        """Whether it is on this machine: a server, or a file of recorded answers."""
        host = urlsplit(self.base_url).hostname or ""
        with suppress(ValueError):
            return ip_address(host).is_loopback
        return host == "localhost" or self.recorded

    @property
    def recorded(self) -> bool:
        """Whether there is nobody to ask, only a file."""
        return self.base_url.startswith("file:")


async def find_endpoint(
    settings: Mapping[str, str],
    *,
    default_model: str = OPENAI_MODEL,
    local: Sequence[str] = LOCAL,
    permitted: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint,
) -> Endpoint:
    """Return the endpoint that is set, else the first that answers on this machine.

    Args:
        settings: OPENAI_API_KEY, OPENAI_BASE_URL, BEAKER_MODEL; empty ones count as unset.
        default_model: taken where no model is set and the endpoint lists none.
        local: base URLs on this machine, asked at once; the first that holds a model is taken.
        permitted: returns the endpoint that is set, before anything is sent there, or raises.

    Raises:
        ConfigurationError: the address or the key can't be one; the text doesn't repeat them.
        NoModel: there is none; the text says in three lines how to get one.
    """
    url, model = _setting(settings, "OPENAI_BASE_URL"), _setting(settings, "BEAKER_MODEL")
    key = _checked_key(_setting(settings, "OPENAI_API_KEY")) or NO_KEY
    if url:
        endpoint = Endpoint(base_url=_checked_url(url), model=model, api_key=key)
        return await _asked(permitted(endpoint), default_model)
    if key != NO_KEY:
        return permitted(Endpoint(base_url=OPENAI, model=model or default_model, api_key=key))
    found = await asyncio.gather(*(models(base_url) for base_url in local))
    for base_url, held in zip(local, found, strict=True):
        if held:
            return _choose(Endpoint(base_url=base_url, model=model), held, default_model)
    raise NoModel(NO_MODEL)


def _setting(settings: Mapping[str, str], name: str) -> str:
    return settings.get(name, "").strip()


def _checked_key(key: str) -> str:
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError("OPENAI_API_KEY holds what no key has; was it copied whole?")
    return key


def _checked_url(url: str) -> str:
    """Return a base URL without a closing slash."""
    try:
        parts = urlsplit(url)
        complete = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise ConfigurationError("OPENAI_BASE_URL must read like http://localhost:11434/v1")
    if "@" in parts.netloc:
        raise ConfigurationError("OPENAI_BASE_URL holds a password; set OPENAI_API_KEY instead")
    return url.rstrip("/")


async def _asked(endpoint: Endpoint, default_model: str) -> Endpoint:
    """Return an endpoint; one nearby is asked which models it has, and how large."""
    url, key = endpoint.base_url, endpoint.api_key
    nearby = endpoint.local or (not endpoint.model and url.startswith("http:"))
    return _choose(endpoint, await models(url, key) if nearby else [], default_model)


def _choose(endpoint: Endpoint, held: list[dict[str, Any]], default_model: str) -> Endpoint:
    """Return an endpoint with its model: the one that is set, or the first that it holds."""
    named = next((entry for entry in held if entry.get("id") == endpoint.model), None)
    entry = named or (held[0] if held and not endpoint.model else {})
    name = endpoint.model or str(entry.get("id") or default_model)
    return replace(endpoint, model=name, small=_is_small(name, entry))


def _is_small(name: str, entry: Mapping[str, Any]) -> bool:
    """Tell whether a model is small: llama.cpp says its size, else its name often does."""
    meta = entry.get("meta")
    parameters = meta.get("n_params") if isinstance(meta, dict) else None
    if isinstance(parameters, int):
        return parameters < SMALL
    sizes = [float(n) * (1e9 if unit in "bB" else 1e6) for n, unit in _SIZE.findall(name)]
    return bool(sizes) and min(sizes) < SMALL


async def models(base_url: str, key: str = NO_KEY) -> list[dict[str, Any]]:
    """Return the models that a server nearby lists; none if nobody answers in time."""
    parts = urlsplit(base_url)
    request = (
        f"GET {parts.path}/models HTTP/1.0\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {key}\r\nAccept: application/json\r\n\r\n"
    )
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await _ask(parts.hostname or "", parts.port or 80, request.encode())
        listed = json.loads(answer.partition(b"\r\n\r\n")[2])["data"]
        return [model for model in listed if isinstance(model, dict)]
    except (OSError, TimeoutError, ValueError, LookupError, TypeError):
        return []


async def _ask(host: str, port: int, request: bytes) -> bytes:
    """Send a request to a server nearby and read its whole answer."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        return await reader.read(-1)
    finally:
        writer.close()
