"""Run the server in this process and print the option of the socket behind a kernel's websocket."""

import asyncio
import os
import socket

import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from beaker_kernel.server.app import BeakerServer

TOKEN = os.environ["JUPYTER_TOKEN"]


def server_side(port):
    """Return a copy of the one socket that a client of this process has reached."""
    (found,) = (
        c
        for c in psutil.Process().net_connections("tcp4")
        if c.laddr.port == port and c.status == psutil.CONN_ESTABLISHED
    )
    return socket.socket(fileno=os.dup(found.fd))


async def probe():
    server = BeakerServer.initialize_server(argv=["--ServerApp.port=0", "--allow-root"])
    kernel = await server.kernel_manager.start_kernel()
    address = f"ws://127.0.0.1:{server.port}/api/kernels/{kernel}/channels"
    client = await websocket_connect(
        HTTPRequest(address, headers={"Authorization": f"token {TOKEN}"})
    )
    with server_side(server.port) as connection:
        option = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    print(f"TCP_NODELAY {option}")
    client.close()
    await server.kernel_manager.shutdown_all()


asyncio.run(probe())
