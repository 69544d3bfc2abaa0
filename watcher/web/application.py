"""Puts the application together: routes, health, faults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from watcher.app.wiring import App
from watcher.errors import WatcherError
from watcher.fetch import Fetcher
from watcher.pipeline.pushed import Subscriber
from watcher.store import migrate
from watcher.web import websub


def create_app(
    app: App,
    *,
    clock: Callable[[], datetime],
    poller_alive: Callable[[], bool] | None = None,
    reload: Callable[[], Awaitable[bool]] | None = None,
    fetcher: Fetcher | None = None,
    subscriber: Subscriber | None = None,
) -> FastAPI:
    """Make the web application over an open watcher; `poller_alive` is None where no daemon runs in this process."""
    web = FastAPI(title="news-watcher", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")

    @web.get("/healthz")
    async def alive() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @web.get("/readyz")
    async def ready() -> PlainTextResponse:
        try:
            await run_in_threadpool(migrate.require_current, app.database)
        except WatcherError as error:
            return PlainTextResponse(f"{error}\n", 503)
        if poller_alive is not None and not poller_alive():
            return PlainTextResponse("the poller does not move\n", 503)
        return PlainTextResponse("ready\n")

    if subscriber is not None:
        web.include_router(websub.make_router(subscriber))
    return web
