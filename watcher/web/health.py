"""Liveness and readiness."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from watcher.errors import StorageError, WatcherError
from watcher.store.database.migrate import require_current_schema
from watcher.store.system.workers import find_network_outage, list_workers
from watcher.web.context import Ctx

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def get_liveness() -> PlainTextResponse:
    """Return ok: the process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def get_readiness(ctx: Ctx) -> PlainTextResponse:
    """Return whether the database is reachable, current and writable, the poller not stuck, and the network up.

    The answer names no address or path.
    """
    try:
        require_current_schema(ctx.app.database)
        with ctx.app.database.read() as db:
            away = find_network_outage(list_workers(db, ctx.now))
    except StorageError as error:
        return PlainTextResponse(f"{error.fault}\n", 503)
    except WatcherError as error:
        reason = str(error) if not ctx.gate.login_needed else "the database cannot be reached or its schema is old"
        return PlainTextResponse(f"{reason}\n", 503)
    ctx.storage.succeed("page")
    if (fault := ctx.storage.fault) is not None:
        minutes = int(ctx.storage.duration.total_seconds() // 60)
        since = f"for {minutes} min" if minutes else "since a moment ago"
        return PlainTextResponse(f"{fault}: nothing has been stored {since}; storing resumes by itself\n", 503)
    if ctx.poller_alive is not None and not ctx.poller_alive():
        return PlainTextResponse("the poller is stuck\n", 503)
    if away is not None:
        return PlainTextResponse(f"no network since {away:%Y-%m-%d %H:%M:%S} UTC\n", 503)
    return PlainTextResponse("ready\n")
