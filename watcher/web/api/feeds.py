"""Feeds: their health and the history of their polls."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from watcher.app import views
from watcher.settings.feeds import find_source
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import count_entries_by_feed, load_feed, load_feeds
from watcher.text.redact import make_public_url
from watcher.web.api import models
from watcher.web.context import Ctx
from watcher.web.validation import Text

router = APIRouter(tags=["feeds"])
Health = Literal["new", "fresh", "degraded", "stale", "failing", "gone", "paused"]


@router.get("/feeds", response_model=models.Feeds)
def list_feeds(ctx: Ctx, health: Annotated[list[Health] | None, Query()] = None) -> Response:
    """List the feeds that are watched, with their health."""
    now = ctx.now
    with ctx.app.database.read() as db:
        watched, counts = load_feeds(db), count_entries_by_feed(db)
    said = [views.feed(each, now, counts.get(each.id, 0)) for each in watched]
    return JSONResponse({"feeds": [each for each in said if not health or each["health"] in health]})


@router.get("/feeds/show", response_model=models.WholeFeed)
def get_feed(ctx: Ctx, url: Annotated[Text, Query(description="The feed's address, as configured")]) -> Response:
    """Read one feed and its latest polls."""
    source = find_source(ctx.app.settings.sources, url)
    with ctx.app.database.read() as db:
        feed = load_feed(db, source.url if source else make_public_url(url))
        history = load_polls(db, feed.id)
        count = count_entries_by_feed(db).get(feed.id, 0)
    return JSONResponse(views.feed(feed, ctx.now, count) | {"polls": [views.poll(each) for each in history]})
