"""Pages of other origins in a real browser: a listed one works, another can do nothing."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from playwright.sync_api import Error
from running_server import TOKEN, serving

from tests.browser.lab import chromium
from tests.support.blank_page import origin as site

pytestmark = pytest.mark.browser

RUN_A_CELL = """async ([server, token]) => {
  const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
  const post = async (path, body) => {
    const answer = await fetch(server + path, {method: "POST", headers, body});
    return answer.json();
  };
  const kernel = await post("/api/kernels", "{}");
  const path = `/api/kernels/${kernel.id}/channels`;
  const {ticket} = await post("/beaker/ticket", JSON.stringify({path}));
  const socket = new WebSocket(`${server.replace("http", "ws")}${path}?ticket=${ticket}`);
  const header = {msg_id: "cell", msg_type: "execute_request", session: "s", username: ""};
  const content = {code: "print(6 * 7)", silent: false, allow_stdin: false};
  socket.onopen = () => socket.send(JSON.stringify({
    header: {...header, version: "5.4", date: "2026-01-01T00:00:00Z"},
    parent_header: {}, metadata: {}, content, channel: "shell", buffers: []}));
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject("the websocket was refused");
    socket.onmessage = ({data}) => {
      const message = JSON.parse(data);
      if (message.msg_type === "stream") resolve(message.content.text);
    };
  }).finally(() => socket.close());
}"""

ATTACKS = {
    "a request with the token": """([server, token]) =>
        fetch(`${server}/api/kernels`, {headers: {Authorization: `Bearer ${token}`}})""",
    "the token in the URL": """([server, token]) =>
        fetch(`${server}/api/kernels?token=${token}`)""",
    "a kernel without being asked": """async ([server, token]) => {
        const answer = await fetch(`${server}/api/kernels?token=${token}`,
            {method: "POST", mode: "no-cors", body: "{}"});
        throw answer.type === "opaque" ? "opaque" : "read";
    }""",
    "a websocket": """([server, token]) => new Promise((resolve, reject) => {
        const path = "/api/events/subscribe";
        const socket = new WebSocket(`${server.replace("http", "ws")}${path}?token=${token}`);
        socket.onopen = resolve;
        socket.onerror = () => reject("refused");
    })""",
    "a script": """([server, token]) => new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${server}/api/kernelspecs?token=${token}`;
        script.onload = resolve;
        script.onerror = () => reject("refused");
        document.head.append(script);
    })""",
    "a frame": """([server, token]) => new Promise((resolve, reject) => {
        const frame = document.createElement("iframe");
        frame.src = `${server}/api/kernelspecs?token=${token}`;
        frame.onload = () => {
            try { resolve(frame.contentWindow.document.body.innerText); }
            catch (error) { reject(error.name); }
        };
        document.body.append(frame);
    })""",
    "a form": """([server, token]) => new Promise((resolve, reject) => {
        const frame = document.createElement("iframe");
        frame.name = "target";
        const form = document.createElement("form");
        Object.assign(form, {method: "POST", target: "target"});
        form.action = `${server}/api/kernels?token=${token}`;
        document.body.append(frame, form);
        frame.onload = () => reject("sent");
        form.submit();
    })""",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with ExitStack() as stack:
        listed, foreign = stack.enter_context(site()), stack.enter_context(site())
        browser = stack.enter_context(chromium())
        folder = tmp_path_factory.mktemp("pages")
        server = serving(folder, "--origin", listed, JUPYTER_TOKEN=TOKEN)
        yield stack.enter_context(server), browser, listed, foreign


def do(browser, page_of, script, server):
    page = browser.new_page()
    try:
        page.goto(page_of)
        return page.evaluate(script, [f"http://{server.host}:{server.port}", TOKEN])
    finally:
        page.close()


def test_a_listed_page_starts_a_kernel_and_runs_a_cell(world):
    server, browser, listed, _ = world
    assert do(browser, listed, RUN_A_CELL, server) == "42\n"


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_another_page_can_do_nothing_even_with_the_token(world, attack):
    server, browser, _, foreign = world
    before = server.ask("GET", "/api/kernels").json()
    with pytest.raises(Error):
        do(browser, foreign, attack, server)
    after = server.ask("GET", "/api/kernels").json()
    assert [kernel["id"] for kernel in after] == [kernel["id"] for kernel in before]
