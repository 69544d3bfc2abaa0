"""The overview: hits per topic and day, coverage, and what is failing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from watcher.app.status import get_system_status
from watcher.contract.status import Status
from watcher.model.feed import Feed
from watcher.schedule import get_feed_health
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.counts import count_hits_by_day
from watcher.web.context import Ctx, WebContext
from watcher.web.pages.sidebar import group_by_topic, list_last_days

router = APIRouter(include_in_schema=False)
CHART_DAYS = 30
MAX_FEEDS = 50
FAILING = ("gone", "failing", "degraded", "stale")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the page is drawn from; `counts` holds hits by topic and day."""

    counts: Mapping[str, Mapping[str, int]]
    feeds: Sequence[Feed]
    status: Status


@router.get("/overview")
def show_overview(request: Request, ctx: Ctx) -> Response:
    """Show how many hits there were, how much was watched, and what needs attention."""
    now, days = ctx.now, list_last_days(ctx.now, CHART_DAYS)
    # The numbers are cached; health depends on the time and is computed for each request.
    overview = ctx.get_cached("overview", lambda: _load_overview(ctx, days[0]))
    away = overview.status["network"]["away_since"]
    lines = [
        {"topic": topic, "days": [(day, overview.counts.get(topic.id, {}).get(day, 0)) for day in days]}
        for topic in ctx.app.settings.topics
    ]
    total = [(day, sum(by_day.get(day, 0) for by_day in overview.counts.values())) for day in days]
    failing = [(str(get_feed_health(feed.summary, now)), feed) for feed in overview.feeds]
    return ctx.render_page(
        request, "overview.html",
        lines=lines, total=total, status=overview.status,
        away_since=datetime.fromisoformat(away) if away else None, storage_fault=ctx.storage.fault,
        failing=[pair for pair in failing if pair[0] in FAILING][:MAX_FEEDS],
        gaps=[feed for feed in overview.feeds if feed.stats.gaps][:MAX_FEEDS],
    )  # fmt: skip


def _load_overview(ctx: WebContext, since: str) -> Overview:
    with ctx.app.database.read() as db:
        counts, feeds = group_by_topic(count_hits_by_day(db, since)), load_feeds(db)
    return Overview(counts=counts, feeds=feeds, status=get_system_status(ctx.app, ctx.now))
