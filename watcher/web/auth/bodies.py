"""Bounds request bodies while they are received, whatever their Content-Length says."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 4 << 20
MAX_OPEN_BODY = 64 << 10
"""For requests without a login: a password, or a button behind a signed link."""
OPEN_FORMS = ("/login", "/label/", "/unsubscribe/")
UNBOUNDED_PATHS = ("/websub/",)
"""Hubs push whole feeds; that route has its own bound."""


class BoundedBodies:
    """Middleware that refuses bodies that are too large (413) where they are read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(UNBOUNDED_PATHS):
            await self._app(scope, receive, send)
            return
        limit = MAX_OPEN_BODY if scope["path"].startswith(OPEN_FORMS) else MAX_BODY
        declared = Headers(scope=scope).get("content-length", "")
        received = 0

        async def receive_counted() -> Message:
            """Receive a message; raises HTTPException where the body is too large."""
            nonlocal received
            # Before the first byte is requested: a client that waits for `100 Continue` then sends nothing.
            if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
                raise _too_large(limit)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receive_counted, send)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(
        413, f"This is larger than {limit >> 20} MiB." if limit >> 20 else f"This is larger than {limit >> 10} KiB."
    )
