"""The overview: hits per topic and day, coverage, and what is failing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from watcher.app.standing import stand
from watcher.schedule import health
from watcher.store import feeds, hits
from watcher.web.pages.desk import by_day, last_days
from watcher.web.site import Here

router = APIRouter(include_in_schema=False)
DAYS = 30
FAILING = ("gone", "failing", "stale")


@router.get("/overview")
def show(request: Request, here: Here) -> Response:
    """Show how much came of what, how much was watched, and what wants looking at."""
    now, days = here.now, last_days(here.now, DAYS)
    with here.app.database.read() as db:
        counted = by_day(hits.per_day(db, days[0]))
        watched = feeds.all_configured(db)
    lines = [
        {"topic": topic, "days": [(day, counted.get(topic.id, {}).get(day, 0)) for day in days]}
        for topic in here.app.settings.topics
    ]
    total = [(day, sum(some.get(day, 0) for some in counted.values())) for day in days]
    bad = [(str(health(feed, now)), feed) for feed in watched]
    return here.page(
        request, "overview.html",
        lines=lines, total=total, standing=stand(here.app, now),
        bad=[pair for pair in bad if pair[0] in FAILING][:50], gaps=[feed for feed in watched if feed.gaps][:50],
    )  # fmt: skip
