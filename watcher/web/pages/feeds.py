"""The feeds: health at a glance, and the history of each."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response

from watcher.schedule import get_feed_health
from watcher.settings.feeds import find_source
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import count_entries_by_feed, load_feed, load_feeds
from watcher.text.redact import make_public_url
from watcher.web.context import Ctx

router = APIRouter(include_in_schema=False)
WORST_FIRST = ("gone", "failing", "degraded", "stale", "new", "paused", "fresh")


@router.get("/feeds")
def list_feeds(request: Request, ctx: Ctx) -> Response:
    """Show every feed, the ones that want looking at first."""
    now = ctx.now
    added, skipped = (_count(request.query_params.get(name, "")) for name in ("added", "skipped"))
    wanted = [each for each in request.query_params.getlist("health") if each in WORST_FIRST]
    with ctx.app.database.read() as db:
        watched, counts = load_feeds(db), count_entries_by_feed(db)
    lines = [
        {"feed": each, "health": str(get_feed_health(each.summary, now)), "entries": counts.get(each.id, 0)}
        for each in watched
    ]
    tally = {name: sum(line["health"] == name for line in lines) for name in WORST_FIRST}
    shown = [line for line in lines if not wanted or line["health"] in wanted]
    shown.sort(key=lambda line: WORST_FIRST.index(str(line["health"])))
    return ctx.page(
        request, "feeds.html",
        lines=shown, tally=tally, wanted=wanted, total=len(lines), added=added, skipped=skipped,
    )  # fmt: skip


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


@router.get("/feeds/show")
def show_feed(request: Request, ctx: Ctx, url: str = Query(max_length=4000)) -> Response:
    """Show one feed: what polling it taught, and its latest polls."""
    source = find_source(ctx.app.settings.sources, url)
    with ctx.app.database.read() as db:
        feed = load_feed(db, source.url if source else make_public_url(url))
        polls = load_polls(db, feed.id, 100)
        count = count_entries_by_feed(db).get(feed.id, 0)
    return ctx.page(
        request, "feed.html", feed=feed, health=str(get_feed_health(feed.summary, ctx.now)), polls=polls, entries=count
    )
