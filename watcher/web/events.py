"""New hits as they arrive (server-sent events): ids alone. What they hold is fetched like everything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from watcher.errors import StoreError
from watcher.store.hits.queries import get_newest_hit_id, list_hit_ids_after
from watcher.web.auth.paths import IS_HEAD
from watcher.web.context import Ctx, WebContext

router = APIRouter(include_in_schema=False)
LOOK_EVERY = 2.0
STILL_HERE = 20.0
MOST_STREAMS = 64
MOST_AT_ONCE = 200


@router.get("/events")
async def events(request: Request, ctx: Ctx, after: int | None = None) -> StreamingResponse:
    """Stream the ids of hits that are newer than `Last-Event-ID`, than `after`, or than now."""
    said = request.headers.get("last-event-id", "")
    begin = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else after
    if begin is None:
        begin = await run_in_threadpool(_newest, ctx)
    # Counted here, with nothing awaited before the answer begins: a burst would pass a count that is taken later.
    if ctx.streams >= MOST_STREAMS:
        raise HTTPException(503, "too many streams are open", headers={"Retry-After": "60"})
    return _EventStream(request, ctx, max(0, min(begin, 2**62)))


class _EventStream(StreamingResponse):
    """A stream that counts from its admission until it ends, however it does."""

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
    silent = 0.0
    yield "retry: 5000\n\n"
    while not ctx.closing.is_set() and not await request.is_disconnected():
        try:
            fresh = await run_in_threadpool(_after, ctx, last)
        except StoreError:
            fresh = ()
        for hit_id in fresh:
            last = hit_id
            yield f'id: {hit_id}\nevent: hit\ndata: {{"id": {hit_id}}}\n\n'
        silent = 0.0 if fresh else silent + LOOK_EVERY
        if silent >= STILL_HERE:
            silent = 0.0
            yield ": still here\n\n"
        await _pause(ctx)


async def _pause(ctx: WebContext) -> None:
    try:
        async with asyncio.timeout(LOOK_EVERY):
            await ctx.closing.wait()
    except TimeoutError:
        return


def _newest(ctx: WebContext) -> int:
    with ctx.app.database.read() as db:
        return get_newest_hit_id(db)


def _after(ctx: WebContext, last: int) -> tuple[int, ...]:
    with ctx.app.database.read() as db:
        return list_hit_ids_after(db, last, MOST_AT_ONCE)
