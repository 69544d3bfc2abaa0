"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from watcher.errors import StorageError, WatcherError
from watcher.store.database.migrate import require_current_schema
from watcher.store.system.workers import find_network_outage, list_workers
from watcher.web.context import Ctx

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> PlainTextResponse:
    """Say that the process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(ctx: Ctx) -> PlainTextResponse:
    """Say whether the database is there, at its schema, takes what is stored, the poller moves and has a network.

    Nothing in the answer says where they are.
    """
    try:
        require_current_schema(ctx.app.database)
        with ctx.app.database.read() as db:
            away = find_network_outage(list_workers(db, ctx.now))
    except StorageError as error:
        return PlainTextResponse(f"{error.fault}\n", 503)
    except WatcherError as error:
        said = str(error) if not ctx.gate.login_needed else "the database is away or not at its schema"
        return PlainTextResponse(f"{said}\n", 503)
    ctx.storage.succeed("page")
    if (fault := ctx.storage.fault) is not None:
        minutes = int(ctx.storage.duration.total_seconds() // 60)
        since = f"for {minutes} min" if minutes else "since a moment ago"
        return PlainTextResponse(f"{fault}: nothing can be stored {since}; this ends by itself with its cause\n", 503)
    if ctx.poller_alive is not None and not ctx.poller_alive():
        return PlainTextResponse("the poller does not move\n", 503)
    if away is not None:
        return PlainTextResponse(f"our own network is away since {away:%Y-%m-%d %H:%M:%S} UTC\n", 503)
    return PlainTextResponse("ready\n")
