"""What was known at a moment: what had been seen and matched by then, and which digests had told it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response

from watcher.app.listing import parse_time
from watcher.errors import UsageError
from watcher.model.results import Filters
from watcher.store.digests.queries import find_reporting_digests, get_titles_at
from watcher.store.hits.search import find_hits
from watcher.web.context import Ctx
from watcher.web.pages.hit_groups import rows_of

router = APIRouter(include_in_schema=False)
SHOWN = 60


@router.get("/as-of")
def show(request: Request, ctx: Ctx, at: str = "", topic: str = "") -> Response:
    """Show the latest hits that were known at a moment, in the words they had then, and whether they had been told."""
    fault: UsageError | None = None
    moment: datetime | None = None
    try:
        moment = parse_time(at, ctx.now) if at.strip() else None
    except UsageError as error:
        fault = error
    known = {each.id for each in ctx.app.settings.topics}
    lines = []
    if moment is not None:
        with ctx.app.database.read() as db:
            wanted = (topic,) if topic in known else ()
            found = find_hits(db, Filters(until=moment, topics=wanted), limit=SHOWN).items
            then = get_titles_at(db, [hit.stored.id for hit in found], moment)
            told = find_reporting_digests(db, [hit.id for hit in found], moment)
        for row in rows_of(found):
            item = row.stored.entry.item
            title = then.get(row.stored.id, item.title)
            telling = [told[hit.id] for hit in row.hits if hit.id in told]
            lines.append({"row": row, "title": title, "later": item.title if title != item.title else "",
                          "told": telling[0] if telling else None})  # fmt: skip
    return ctx.page(
        request, "asof.html", 400 if fault else 200,
        at=at, moment=moment, topic=topic, topics=ctx.app.settings.topics, lines=lines, fault=fault,
    )  # fmt: skip
