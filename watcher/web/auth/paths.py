"""Serves below the path of `web.base_url`, whether a proxy keeps that path or strips it; and HEAD wherever GET is.

Inside, every path begins at the root, and so do redirects. The prefix is added on the way out: to addresses in
templates by their `root`, to redirects here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

IS_HEAD = "watcher.head"
"""Key in the scope of a HEAD request."""


def get_path_prefix(base_url: str | None) -> str:
    """Return the path of a base URL without its trailing slash; empty where it is the root."""
    return urlsplit(base_url or "").path.rstrip("/")


class SubPath:
    """Middleware that strips the prefix from request paths, and adds it to redirects within this server."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._prefix:
            await self._app(scope, receive, send)
            return

        async def send_with_prefix(message: Message) -> None:
            """Send a message; redirects get the prefix."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                location = headers.get("location", "")
                if location.startswith("/") and not location.startswith("//") and not self._is_below(location):
                    headers["location"] = self._prefix + location
            await send(message)

        path = scope["path"]
        if self._is_below(path):
            raw = scope.get("raw_path") or b""
            scope = {**scope, "path": path[len(self._prefix) :] or "/", "raw_path": raw[len(self._prefix) :] or b"/"}
        await self._app(scope, receive, send_with_prefix)

    def _is_below(self, path: str) -> bool:
        return path.startswith(self._prefix) and path[len(self._prefix) : len(self._prefix) + 1] in {"", "/", "?"}


class HeadAsGet:
    """Middleware that answers HEAD like GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def send_head(message: Message) -> None:
            """Send the headers, and an empty body."""
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app({**scope, "method": "GET", IS_HEAD: True}, receive, send_head)
