"""WebSub callbacks: hubs verify subscriptions and push news.

There is no login: the address holds a random token, and pushes are signed.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from watcher.pipeline.websub.service import Reply, Subscriber


def make_router(subscriber: Subscriber) -> APIRouter:
    """Return the routes below /websub.

    They read the token themselves: for a parameter FastAPI imports all of pydantic's version 1, which nothing else of a
    daemon at rest needs.
    """
    router = APIRouter(prefix="/websub", include_in_schema=False)

    @router.get("/{token}")
    async def verify(request: Request) -> Response:
        """Answer a hub that verifies a subscription."""
        return _to_response(await subscriber.verify(request.path_params["token"], dict(request.query_params)))

    @router.post("/{token}")
    async def accept(request: Request) -> Response:
        """Accept news that a hub pushes; 413 where the body is too large."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > subscriber.max_body_bytes:
                return PlainTextResponse("too large\n", 413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return _to_response(await subscriber.accept(request.path_params["token"], headers, bytes(body)))

    return router


def _to_response(reply: Reply) -> Response:
    if reply.status == 204:
        return Response(status_code=204)
    # The challenge is echoed (W3C WebSub, 5.3): as text, so that no browser takes it for a page.
    headers = {"X-Content-Type-Options": "nosniff"} | ({"Retry-After": "60"} if reply.status == 503 else {})
    return PlainTextResponse(reply.body, reply.status, headers=headers)
