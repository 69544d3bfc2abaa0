"""Serves the application of another entry point behind the page's access control, for programs alone.

The same token, the same checks of host and origin, the same bounds of connections; no cookies and no pages.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.app.bootstrap import App
from watcher.errors import UsageError
from watcher.settings import Settings, signing_key
from watcher.settings.exposure import is_loopback
from watcher.web import errors
from watcher.web.auth.access import AccessMiddleware
from watcher.web.auth.allowed_hosts import is_same_origin
from watcher.web.auth.control import AccessControl
from watcher.web.auth.forwarded import ForwardedHeaders
from watcher.web.auth.headers import SafeHeaders
from watcher.web.auth.sources import Proxies
from watcher.web.server import bind_server, require_login


class NoBrowsers:
    """Middleware for what only programs call: requests of other sites' pages are refused, cookies are not looked at.

    A token does not excuse a foreign origin here: no page of a browser is meant to have one.
    """

    def __init__(self, app: ASGIApp, base_url: str | None) -> None:
        self._app = app
        self._base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None and not is_same_origin(origin, headers.get("host", ""), self._base_url):
            refusal = errors.make_problem(403, "This request comes from another site's page.", scope["path"])
            await refusal(scope, receive, send)
            return
        kept = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        await self._app({**scope, "headers": kept}, receive, send)


def guard_application(app: App, inner: ASGIApp, host: str, clock: Callable[[], datetime]) -> ASGIApp:
    """Return an application behind the page's access control. Raises ConfigError where the signing key is missing."""
    settings = app.settings.web.model_copy(update={"host": host})
    gate = AccessControl(settings, signing_key(app.settings), clock, app.database)
    guarded: ASGIApp = AccessMiddleware(errors.Bulkhead(inner), gate=gate)
    guarded = NoBrowsers(guarded, settings.base_url)
    return ForwardedHeaders(SafeHeaders(guarded), proxies=Proxies(settings.trusted_proxies))


def require_login_beyond_loopback(settings: Settings, host: str) -> None:
    """Raise ConfigError or UsageError where others could reach an address without a token or a password."""
    require_login(settings)
    if not is_loopback(host) and not settings.web.asks_for_login:
        raise UsageError(f"{host} is not loopback, and others reach it: set web.token (`watcher token` creates one)")


async def serve_guarded(
    app: App,
    inner: ASGIApp,
    host: str,
    port: int,
    *,
    clock: Callable[[], datetime],
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve an application behind the page's access control until SIGTERM or SIGINT; port 0 takes a free one.

    `on_ready` gets the address once it can be reached. Raises ConfigError, StoreError and UsageError.
    """
    require_login_beyond_loopback(app.settings, host)
    server = bind_server(guard_application(app, inner, host, clock), app.settings, asyncio.Event(), host, port)
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, setattr, server, "should_exit", True)
    on_ready(f"http://{f'[{host}]' if ':' in host else host}:{server.port}")
    await server.serve()
