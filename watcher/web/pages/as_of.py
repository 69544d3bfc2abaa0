"""Hits as they were known at a date: what had been seen and matched by then, and which digest had reported it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from watcher.app.listing import parse_time
from watcher.errors import UsageError
from watcher.model.results import Filters
from watcher.store.digests.queries import StoredDigest, find_reporting_digests, get_titles_at
from watcher.store.hits.search import find_hits
from watcher.web.context import Ctx, WebContext
from watcher.web.pages.hit_groups import HitRow, group_by_entry

router = APIRouter(include_in_schema=False)
MAX_HITS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHit:
    """An entry as it was known at a date: its headline then, the one it has now if that differs, and its digest."""

    row: HitRow
    title: str
    later: str
    digest: StoredDigest | None


@router.get("/as-of")
def show_as_of(request: Request, ctx: Ctx, at: str = "", topic: str = "") -> Response:
    """Show the latest hits that were known at a date, with their headlines and digests of that date."""
    fault: UsageError | None = None
    moment: datetime | None = None
    try:
        moment = parse_time(at, ctx.now) if at.strip() else None
    except UsageError as error:
        fault = error
    lines = _list_known_hits(ctx, moment, topic) if moment is not None else []
    return ctx.render_page(
        request, "asof.html", 400 if fault else 200,
        at=at, moment=moment, topic=topic, topics=ctx.app.settings.topics, lines=lines, fault=fault,
    )  # fmt: skip


def _list_known_hits(ctx: WebContext, moment: datetime, topic: str) -> list[KnownHit]:
    topic_ids = (topic,) if topic in {known.id for known in ctx.app.settings.topics} else ()
    with ctx.app.database.read() as db:
        known = find_hits(db, Filters(until=moment, topics=topic_ids), limit=MAX_HITS).items
        titles = get_titles_at(db, [hit.stored.id for hit in known], moment)
        reported_by: Mapping[int, StoredDigest] = find_reporting_digests(db, [hit.id for hit in known], moment)
    lines = []
    for row in group_by_entry(known):
        item = row.stored.entry.item
        title = titles.get(row.stored.id, item.title)
        digest = next((reported_by[hit.id] for hit in row.hits if hit.id in reported_by), None)
        lines.append(KnownHit(row=row, title=title, later=item.title if title != item.title else "", digest=digest))
    return lines
