"""The overview: hits per topic and day, coverage, and what is failing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response

from watcher.app.status import stand
from watcher.app.views import Json
from watcher.model.feed import Feed
from watcher.schedule import get_feed_health
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.counts import count_hits_by_day
from watcher.web.context import Ctx, WebContext
from watcher.web.pages.sidebar import by_day, last_days

router = APIRouter(include_in_schema=False)
DAYS = 30
FAILING = ("gone", "failing", "degraded", "stale")


@router.get("/overview")
def show(request: Request, ctx: Ctx) -> Response:
    """Show how much came of what, how much was watched, and what wants looking at."""
    now, days = ctx.now, last_days(ctx.now, DAYS)
    counted, watched, standing = ctx.remembered("overview", lambda: _gather(ctx, days[0]))
    away = standing["network"]["away_since"]
    lines = [
        {"topic": topic, "days": [(day, counted.get(topic.id, {}).get(day, 0)) for day in days]}
        for topic in ctx.app.settings.topics
    ]
    total = [(day, sum(some.get(day, 0) for some in counted.values())) for day in days]
    bad = [(str(get_feed_health(feed.summary, now)), feed) for feed in watched]
    return ctx.page(
        request, "overview.html",
        lines=lines, total=total, standing=standing, away_since=datetime.fromisoformat(away) if away else None,
        storage_fault=ctx.storage.fault,
        bad=[pair for pair in bad if pair[0] in FAILING][:50], gaps=[feed for feed in watched if feed.stats.gaps][:50],
    )  # fmt: skip


def _gather(ctx: WebContext, since: str) -> tuple[Mapping[str, Mapping[str, int]], Sequence[Feed], Json]:
    with ctx.app.database.read() as db:
        counted, watched = by_day(count_hits_by_day(db, since)), load_feeds(db)
    return counted, watched, stand(ctx.app, ctx.now)
