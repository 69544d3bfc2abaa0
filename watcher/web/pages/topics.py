"""The topics: what is watched for, and how many hits each has."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from watcher.app.configuration.topics import list_deleted_topics
from watcher.app.learning import describe_learning
from watcher.app.proposals import is_meaning_on
from watcher.app.topics import find_topic
from watcher.store.hits.counts import count_hits_by_day, count_hits_by_topic, get_latest_hit_times
from watcher.store.topics import load_topic_versions
from watcher.web.context import Ctx
from watcher.web.editing import make_editor
from watcher.web.pages.edits import get_saved
from watcher.web.pages.proposals import get_related
from watcher.web.pages.sidebar import group_by_topic, list_last_days
from watcher.web.render.environment import link

router = APIRouter(include_in_schema=False)
CHART_DAYS = 30


@router.get("/topics")
def list_topics(request: Request, ctx: Ctx) -> Response:
    """Show every topic with its last month."""
    days = list_last_days(ctx.now, CHART_DAYS)
    with ctx.app.database.read() as db:
        counts, totals, latest = (
            group_by_topic(count_hits_by_day(db, days[0])),
            count_hits_by_topic(db),
            get_latest_hit_times(db),
        )
    lines = [
        {
            "topic": topic,
            "days": [counts.get(topic.id, {}).get(day, 0) for day in days],
            "total": totals.get(topic.id, 0),
            "last_at": latest.get(topic.id),
        }
        for topic in ctx.app.settings.topics
    ]
    return ctx.render_page(
        request, "topics.html", lines=lines, days=days, sets=ctx.app.settings.sets,
        deleted=list_deleted_topics(make_editor(ctx, "page")), saved=get_saved(request, ctx),
    )  # fmt: skip


@router.get("/topics/{topic_id}")
def show_topic(request: Request, ctx: Ctx, topic_id: str) -> Response:
    """Show one topic: its query, its earlier versions, its hits per day."""
    topic = find_topic(ctx.app.settings.topics, topic_id)
    days = list_last_days(ctx.now, CHART_DAYS)
    with ctx.app.database.read() as db:
        counts = group_by_topic(count_hits_by_day(db, days[0])).get(topic.id, {})
        total = count_hits_by_topic(db).get(topic.id, 0)
        versions = load_topic_versions(db, topic.id)
        learning = describe_learning(db, topic)
    return ctx.render_page(
        request,
        "topic.html",
        topic=topic,
        days=[(day, counts.get(day, 0)) for day in days],
        total=total,
        versions=versions,
        current_version=ctx.app.matcher.version(topic.id),
        saved=get_saved(request, ctx),
        brought=request.query_params.get("brought", "")[:9],
        learning=learning,
        is_on=is_meaning_on(ctx.app.settings),
        related_next=f"/topics/{quote(topic.id)}",
        related_all=link("/proposals", {"topic": topic.id}),
        **get_related(ctx, (topic.id,)),
    )
