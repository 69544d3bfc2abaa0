"""How assistants reach the server: standard input and output, or HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.mcp.server import NewsServer

HTTP_PATH = "/mcp"
MAX_REQUEST_BYTES = 1 << 20
"""The longest text that a tool takes has 200,000 characters."""


async def serve_stdio(server: NewsServer) -> None:
    """Serve one assistant over standard input and output until its input ends; logs go to standard error."""
    await server.run_stdio_async()


@asynccontextmanager
async def open_http_application(server: NewsServer) -> AsyncIterator[ASGIApp]:
    """Open the application that serves the protocol over HTTP at HTTP_PATH; each request stands for itself.

    It checks no login, host or origin: its server does.
    """
    application = server.streamable_http_app(
        streamable_http_path=HTTP_PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_REQUEST_BYTES,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    application.router.redirect_slashes = False
    try:
        async with application.router.lifespan_context(application):
            yield _PostOnly(application)
    except BaseExceptionGroup as group:
        # The SDK keeps tasks in a group, which wraps what its server raises.
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None


class _PostOnly:
    """Middleware that refuses streams that would stay open: there is nothing that this server would send on them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == HTTP_PATH and scope["method"] != "POST":
            refusal = PlainTextResponse("Send requests with POST.\n", 405, headers={"Allow": "POST"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)
