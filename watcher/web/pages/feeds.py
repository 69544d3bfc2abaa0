"""The feeds: health at a glance, and the history of each."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response

from watcher.schedule import get_feed_health
from watcher.settings.feeds import find_source
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import count_entries_by_feed, load_feed, load_feeds
from watcher.text.redact import make_public_url
from watcher.web.context import Ctx
from watcher.web.pages.edits import get_saved

router = APIRouter(include_in_schema=False)
WORST_FIRST = ("gone", "failing", "degraded", "stale", "new", "paused", "fresh")
MAX_POLLS = 100


@router.get("/feeds")
def list_feeds(request: Request, ctx: Ctx) -> Response:
    """Show every feed, those with problems first."""
    now = ctx.now
    added, skipped = (_parse_count(request.query_params.get(name, "")) for name in ("added", "skipped"))
    chosen_states = [name for name in request.query_params.getlist("health") if name in WORST_FIRST]
    with ctx.app.database.read() as db:
        watched, entry_counts = load_feeds(db), count_entries_by_feed(db)
    lines = [
        {"feed": feed, "health": str(get_feed_health(feed.summary, now)), "entries": entry_counts.get(feed.id, 0)}
        for feed in watched
    ]
    counts = {name: sum(line["health"] == name for line in lines) for name in WORST_FIRST}
    shown = [line for line in lines if not chosen_states or line["health"] in chosen_states]
    shown.sort(key=lambda line: WORST_FIRST.index(str(line["health"])))
    return ctx.render_page(
        request, "feeds.html",
        lines=shown, counts=counts, chosen_states=chosen_states, total=len(lines), added=added, skipped=skipped,
        saved=get_saved(request, ctx),
    )  # fmt: skip


@router.get("/feeds/show")
def show_feed(request: Request, ctx: Ctx, url: str = Query(max_length=4000)) -> Response:
    """Show one feed: its health, what polling it taught, and its latest polls."""
    source = find_source(ctx.app.settings.sources, url)
    with ctx.app.database.read() as db:
        feed = load_feed(db, source.url if source else make_public_url(url))
        polls = load_polls(db, feed.id, MAX_POLLS)
        entries = count_entries_by_feed(db).get(feed.id, 0)
    return ctx.render_page(
        request,
        "feed.html",
        feed=feed,
        health=str(get_feed_health(feed.summary, ctx.now)),
        polls=polls,
        entries=entries,
        configured=source is not None,
        saved=get_saved(request, ctx),
    )


def _parse_count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
