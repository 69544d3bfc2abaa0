"""The feeds: health at a glance, and the history of each."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response

from watcher.schedule import health
from watcher.store import feeds
from watcher.web.site import Here

router = APIRouter(include_in_schema=False)
WORST_FIRST = ("gone", "failing", "degraded", "stale", "new", "paused", "fresh")


@router.get("/feeds")
def list_feeds(request: Request, here: Here) -> Response:
    """Show every feed, the ones that want looking at first."""
    now = here.now
    said = request.query_params.get("added", "")
    added = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else None
    wanted = [each for each in request.query_params.getlist("health") if each in WORST_FIRST]
    with here.app.database.read() as db:
        watched, counts = feeds.all_configured(db), feeds.entry_counts(db)
    lines = [{"feed": each, "health": str(health(each, now)), "entries": counts.get(each.id, 0)} for each in watched]
    tally = {name: sum(line["health"] == name for line in lines) for name in WORST_FIRST}
    shown = [line for line in lines if not wanted or line["health"] in wanted]
    shown.sort(key=lambda line: WORST_FIRST.index(str(line["health"])))
    return here.page(request, "feeds.html", lines=shown, tally=tally, wanted=wanted, total=len(lines), added=added)


@router.get("/feeds/show")
def show_feed(request: Request, here: Here, url: str = Query(max_length=4000)) -> Response:
    """Show one feed: what polling it taught, and its latest polls."""
    with here.app.database.read() as db:
        feed = feeds.get(db, url)
        polls = feeds.history(db, feed.id, 100)
        count = feeds.entry_counts(db).get(feed.id, 0)
    return here.page(request, "feed.html", feed=feed, health=str(health(feed, here.now)), polls=polls, entries=count)
