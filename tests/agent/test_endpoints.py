"""Which endpoint is used: what is set goes first, then what answers on this machine."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time

import pytest

from beaker_kernel.agent.provider.endpoints import (
    LOCAL,
    OPENAI,
    OPENAI_MODEL,
    Endpoint,
    find_endpoint,
)
from beaker_kernel.errors import ConfigurationError, NoModel
from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio
KEY = "sk-a-secret"


@pytest.fixture
def server():
    with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture
def nobody():
    """An address at which no one listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@pytest.fixture
def mute():
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


@pytest.fixture
async def babbler():
    """An address that answers what is no list of models."""

    async def babble(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\n\r\n{"data": 5}')
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


async def test_a_key_alone_means_openai_and_its_default_model():
    found = await find_endpoint({"OPENAI_API_KEY": KEY})
    assert found == Endpoint(base_url=OPENAI, model=OPENAI_MODEL, api_key=KEY)
    assert not found.local


async def test_the_default_model_can_be_another():
    assert (await find_endpoint({"OPENAI_API_KEY": KEY}, default_model="x")).model == "x"


async def test_what_is_set_is_taken_as_it_is():
    url = "https://models.example/api/v1/"
    settings = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, "BEAKER_MODEL": "m-70b"}
    found = await find_endpoint(settings)
    assert found == Endpoint(base_url="https://models.example/api/v1", model="m-70b", api_key=KEY)


async def test_empty_values_count_as_unset(server):
    empty = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": " ", "BEAKER_MODEL": ""}
    found = await find_endpoint(empty, local=[server.base_url])
    assert (found.base_url, found.model) == (server.base_url, "scripted-1")


async def test_the_key_is_in_no_text_of_an_endpoint():
    assert KEY not in repr(await find_endpoint({"OPENAI_API_KEY": KEY}))


async def test_a_local_server_needs_no_key_and_its_first_model_is_taken(server):
    server.models = [{"id": "first"}, {"id": "second"}]
    found = await find_endpoint({"OPENAI_BASE_URL": server.base_url})
    assert (found.model, found.local) == ("first", True)
    assert found.api_key


async def test_the_model_that_is_set_goes_before_the_first(server):
    server.models = [{"id": "first"}, {"id": "second", "meta": {"n_params": 10**9}}]
    found = await find_endpoint({"BEAKER_MODEL": "second"}, local=[server.base_url])
    assert (found.model, found.small) == ("second", True)


async def test_a_list_of_models_is_not_looked_for_where_a_server_points(server):
    async def point(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 307 No\r\nLocation: {server.base_url}/models\r\n\r\n".encode())
        writer.close()

    async with await asyncio.start_server(point, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        assert (await find_endpoint({"OPENAI_BASE_URL": url}, default_model="x")).model == "x"


async def test_of_several_local_servers_the_first_that_holds_a_model_is_taken(
    server, nobody, babbler
):
    with ScriptedModel() as empty, ScriptedModel() as last:
        empty.models = []
        local = [nobody, babbler, empty.base_url, server.base_url, last.base_url]
        assert (await find_endpoint({}, local=local)).base_url == server.base_url


async def test_servers_that_hang_hold_nobody_up(mute, server):
    begun = time.monotonic()
    found = await find_endpoint({}, local=[mute, mute, mute, server.base_url])
    assert found.base_url == server.base_url
    assert time.monotonic() - begun < 0.6


async def test_the_usual_ports_are_looked_at():
    assert [url.rpartition(":")[2] for url in LOCAL] == ["11434/v1", "1234/v1", "8080/v1"]
    assert all(Endpoint(base_url=url, model="m").local for url in LOCAL)


async def test_without_any_three_lines_say_how_to_get_one(nobody):
    with pytest.raises(NoModel) as raised:
        await find_endpoint({}, local=[nobody])
    lines = str(raised.value).splitlines()
    assert len(lines) == 3
    for hint in ("ollama run", "OPENAI_API_KEY", "OPENAI_BASE_URL, BEAKER_MODEL", "beaker doctor"):
        assert hint in str(raised.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.3.2.1/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://192.168.1.5:11434/v1", False),
        (OPENAI, False),
    ],
)
async def test_only_a_loopback_address_is_local(url, local):
    assert Endpoint(base_url=url, model="m").local is local


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("qwen2.5-coder:0.5b", True),
        ("Qwen2.5-Coder-1.5B-Instruct-Q4_K_M", True),
        ("smollm2-360m", True),
        ("llama3.2:3b-instruct", True),
        ("gemma3:4b", False),
        ("qwen3-30b-a3b", False),
        ("mixtral-8x7b", False),
        ("llama-3.1-70B", False),
        ("gpt-5-mini", False),
    ],
)
async def test_a_small_model_is_known_by_its_name(name, small):
    settings = {"OPENAI_BASE_URL": "https://models.example/v1", "BEAKER_MODEL": name}
    assert (await find_endpoint(settings)).small is small


@pytest.mark.parametrize(("parameters", "small"), [(494_032_768, True), (7_615_616_512, False)])
async def test_a_server_that_knows_the_models_size_is_believed(server, parameters, small):
    server.models = [{"id": "model.gguf", "meta": {"n_params": parameters}}]
    assert (await find_endpoint({"OPENAI_BASE_URL": server.base_url})).small is small


@pytest.mark.parametrize(
    "url", ["localhost:11434/v1", "ftp://a/v1", "http:///v1", "http://[a/v1", "http://a:b/v1"]
)
async def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ConfigurationError, match="OPENAI_BASE_URL must read like"):
        await find_endpoint({"OPENAI_BASE_URL": url})


async def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY instead") as raised:
        await find_endpoint({"OPENAI_BASE_URL": "https://me:hush@models.example/v1"})
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("key", ["sk-…", "sk-a\nsk-b"])
async def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key):
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY") as raised:
        await find_endpoint({"OPENAI_API_KEY": key})
    assert key not in str(raised.value)


def test_looking_for_an_endpoint_imports_no_http_client():
    code = "import sys, beaker_kernel.agent.provider.endpoints; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.decode().split()}
    assert loaded.isdisjoint({"openai", "httpx", "httpx2", "tornado", "pydantic"})
