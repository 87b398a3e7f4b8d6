"""A frontend for Beaker: TOKEN=… python frontend.py http://127.0.0.1:8888 "x = 21" "Double x."."""

import asyncio
import json
import os
import sys
from uuid import uuid4

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

TOKEN = {"Authorization": f"token {os.environ['TOKEN']}"}
CAN = {"beaker": {"capabilities": ["approval", "cells"]}}
HEADER = {"session": uuid4().hex, "username": "", "date": "", "version": "5.4"}


def send(socket: WebSocketClientConnection, msg_type: str, **content: object) -> str:
    header = HEADER | {"msg_id": uuid4().hex, "msg_type": msg_type}
    message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": CAN}
    socket.write_message(json.dumps(message | {"content": content}))
    return header["msg_id"]


async def request(socket: WebSocketClientConnection, msg_type: str, **content: object) -> None:
    msg_id, missing = send(socket, msg_type, **content), {"reply", "idle"}
    while missing:
        message = json.loads(await socket.read_message())
        if message["parent_header"].get("msg_id") == msg_id:
            missing.discard(await show(socket, message["msg_type"], message["content"]))


async def show(socket: WebSocketClientConnection, msg_type: str, content: dict[str, str]) -> str:
    match msg_type:
        case "stream" | "llm_delta":
            print(content["text"], end="", flush=True)
        case "code_cell":
            print(f"\n--- a new cell\n{content['code']}\n---")
        case "approval_request":
            word = await asyncio.to_thread(input, f"\n{content['code']}\nRun this? [y/n] ")
            about = {name: content[name] for name in ("approval_id", "sha256")}
            send(socket, "approve_request", **about, decision="run" if word == "y" else "reject")
        case "execute_reply" | "llm_reply":
            print(content.get("evalue", ""), end="")
            return "reply"
    return content.get("execution_state", "")


async def main(server: str, cell: str, question: str) -> None:
    http, kernels = AsyncHTTPClient(), f"{server}/api/kernels"
    started = await http.fetch(kernels, method="POST", headers=TOKEN, body='{"name": "beaker"}')
    kernel = f"{kernels}/{json.loads(started.body)['id']}"
    socket = await websocket_connect(HTTPRequest(f"ws{kernel[4:]}/channels", headers=TOKEN))
    await request(socket, "execute_request", code=cell, allow_stdin=False)
    await request(socket, "llm_request", request=question)
    await http.fetch(kernel, method="DELETE", headers=TOKEN)
    print()


asyncio.run(main(*sys.argv[1:]))
