"""Live events of new hits (server-sent events): ids alone. Their content is fetched like everything else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from watcher.contract.hits import HitEvent
from watcher.errors import StoreError
from watcher.store.hits.queries import get_newest_hit_id, list_hit_ids_after
from watcher.web.auth.paths import IS_HEAD
from watcher.web.context import Ctx, WebContext

router = APIRouter(include_in_schema=False)
POLL_SECONDS = 2.0
KEEPALIVE_SECONDS = 20.0
"""After so long without a hit a comment is sent, so that proxies keep the connection."""
MAX_STREAMS = 64
MAX_HITS_PER_POLL = 200


@router.get("/events")
async def stream_events(request: Request, ctx: Ctx, after: int | None = None) -> StreamingResponse:
    """Stream the ids of hits that are newer than `Last-Event-ID`, than `after`, or than now."""
    last_id = request.headers.get("last-event-id", "")
    start = int(last_id) if last_id.isascii() and last_id.isdigit() and len(last_id) < 19 else after
    if start is None:
        start = await run_in_threadpool(_get_newest_id, ctx)
    # Checked with nothing awaited before the response starts: a burst would pass a check that is made later.
    if ctx.streams >= MAX_STREAMS:
        raise HTTPException(503, "too many streams are open", headers={"Retry-After": "60"})
    return _EventStream(request, ctx, max(0, min(start, 2**62)))


class _EventStream(StreamingResponse):
    """A stream that is counted from its admission until it ends, for whatever reason."""

    def __init__(self, request: Request, ctx: WebContext, last: int) -> None:
        super().__init__(
            _stream(request, ctx, last), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )
        self._ctx = ctx
        ctx.streams += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if IS_HEAD in scope:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, send)
        finally:
            self._ctx.streams -= 1


async def _stream(request: Request, ctx: WebContext, last: int) -> AsyncIterator[str]:
    silent_seconds = 0.0
    yield "retry: 5000\n\n"
    while not ctx.closing.is_set() and not await request.is_disconnected():
        try:
            hit_ids = await run_in_threadpool(_list_ids_after, ctx, last)
        except StoreError:
            hit_ids = ()
        for hit_id in hit_ids:
            last = hit_id
            event: HitEvent = {"id": hit_id}
            yield f"id: {hit_id}\nevent: hit\ndata: {json.dumps(event)}\n\n"
        silent_seconds = 0.0 if hit_ids else silent_seconds + POLL_SECONDS
        if silent_seconds >= KEEPALIVE_SECONDS:
            silent_seconds = 0.0
            yield ": keep-alive\n\n"
        await _wait_for_poll(ctx)


async def _wait_for_poll(ctx: WebContext) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await ctx.closing.wait()
    except TimeoutError:
        return


def _get_newest_id(ctx: WebContext) -> int:
    with ctx.app.database.read() as db:
        return get_newest_hit_id(db)


def _list_ids_after(ctx: WebContext, last: int) -> tuple[int, ...]:
    with ctx.app.database.read() as db:
        return list_hit_ids_after(db, last, MAX_HITS_PER_POLL)
