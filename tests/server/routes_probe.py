"""Print each route of the server, read from its router: pattern, methods, whether a websocket."""

import asyncio
import json
import sys

from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from beaker_kernel.server.app import BeakerServer


def routes(router):
    for rule in router.rules:
        if hasattr(rule.target, "rules"):
            yield from routes(rule.target)
        else:
            yield described(rule)


def described(rule):
    implemented = [
        method
        for method in RequestHandler.SUPPORTED_METHODS
        if getattr(rule.target, method.lower()) is not RequestHandler._unimplemented_method
    ]
    return {
        "pattern": rule.matcher.regex.pattern,
        "methods": implemented,
        "websocket": issubclass(rule.target, WebSocketHandler),
    }


async def probe():
    server = BeakerServer.initialize_server(argv=["--ServerApp.port=0", "--allow-root"])
    json.dump(list(routes(server.web_app.default_router.behind)), sys.stdout)


asyncio.run(probe())
