"""Where models are looked for, and that nothing is sent where nothing may be sent."""

from __future__ import annotations

import asyncio

import pytest

from beaker_kernel.agent.models import Models
from beaker_kernel.agent.settings import load
from beaker_kernel.errors import ConfigurationError

pytestmark = pytest.mark.anyio
KEY = "sk-a-secret"


@pytest.fixture
async def elsewhere():
    """A server that counts as another machine, though it's this one, and what it was sent."""
    came = []

    async def note(reader, writer):
        came.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b'HTTP/1.1 200 OK\r\n\r\n{"data": [{"id": "far"}]}')
        writer.close()

    async with await asyncio.start_server(note, "127.0.0.1", 0) as listening:
        yield f"http://127.1:{listening.sockets[0].getsockname()[1]}/v1", came


def models_at(url: str, **settings: str) -> Models:
    environ = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY} | settings
    return Models(load(environ), environ)


async def test_an_address_without_a_model_is_asked_for_one(elsewhere) -> None:
    url, came = elsewhere
    assert (await models_at(url).endpoint()).model == "far"
    assert KEY.encode() in came[0]


@pytest.mark.parametrize("by_notebook", [False, True])
async def test_local_only_judges_an_address_before_anything_is_sent_there(
    elsewhere, by_notebook
) -> None:
    url, came = elsewhere
    environ = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
    said = {} if by_notebook else {"BEAKER_LOCAL_ONLY": "1"}
    models = Models(load(environ | said), environ, confined=lambda: by_notebook)
    with pytest.raises(ConfigurationError, match=f"nothing may be sent to {url}; use a model"):
        await models.endpoint()
    assert came == []


async def test_local_only_takes_no_key_to_where_openai_is() -> None:
    with pytest.raises(ConfigurationError, match="nothing may be sent to https://api"):
        await models_at("  ", BEAKER_LOCAL_ONLY="1").endpoint()
