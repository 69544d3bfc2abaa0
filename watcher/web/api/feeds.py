"""Feeds: their health and the history of their polls."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from watcher.app.feed_encoding import encode_poll, encode_watched_feed
from watcher.contract.feeds import FeedDetail, FeedList
from watcher.settings.feeds import find_source
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import count_entries_by_feed, load_feed, load_feeds
from watcher.text.redact import make_public_url
from watcher.web.context import Ctx
from watcher.web.validation import Text

router = APIRouter(tags=["feeds"])
Health = Literal["new", "fresh", "degraded", "stale", "failing", "gone", "paused"]


@router.get("/feeds")
def list_feeds(ctx: Ctx, health: Annotated[list[Health] | None, Query()] = None) -> FeedList:
    """List the feeds that are watched, with their health."""
    now = ctx.now
    with ctx.app.database.read() as db:
        watched, counts = load_feeds(db), count_entries_by_feed(db)
    encoded = [encode_watched_feed(feed, now, counts.get(feed.id, 0)) for feed in watched]
    return {"feeds": [feed for feed in encoded if not health or feed["health"] in health]}


@router.get("/feeds/show")
def get_feed(ctx: Ctx, url: Annotated[Text, Query(description="The feed's address, as configured")]) -> FeedDetail:
    """Get a feed and its latest polls."""
    source = find_source(ctx.app.settings.sources, url)
    with ctx.app.database.read() as db:
        feed = load_feed(db, source.url if source else make_public_url(url))
        history = load_polls(db, feed.id)
        count = count_entries_by_feed(db).get(feed.id, 0)
    return {**encode_watched_feed(feed, ctx.now, count), "polls": [encode_poll(poll) for poll in history]}
