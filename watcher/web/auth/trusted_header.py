"""Whom a trusted proxy names in a header. From anybody else the header is not even passed on."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.web.auth.sources import Proxies

VOUCHED = "watcher.vouched"
"""Key in the scope of a request: the name that a trusted proxy wrote."""


class TrustedHeader:
    """Middleware that takes the header out of every request, and believes it where a trusted proxy wrote it, once."""

    def __init__(self, app: ASGIApp, header: str | None, proxies: Proxies) -> None:
        self._app = app
        self._header = header.lower().encode("ascii") if header else None
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._header is None:
            await self._app(scope, receive, send)
            return
        values = [value for name, value in scope["headers"] if name == self._header]
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != self._header]}
        # Two of them: a visitor's beside the proxy's, and nobody knows which is which.
        if len(values) == 1 and self._proxies.include((scope.get("client") or ("", 0))[0]):
            name = values[0].decode("utf-8", "replace").strip()
            if name:
                scope[VOUCHED] = name
        await self._app(scope, receive, send)
