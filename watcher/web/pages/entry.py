"""One entry, whole: its words with their evidence, why each topic holds it, its edits, and which digest told it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from watcher.match import Clause, explain_match
from watcher.model.entry import StoredEntry
from watcher.model.found import StoredHit
from watcher.model.topic import Topic
from watcher.store import digests, entries, hits, stories
from watcher.web.api.params import MOST_ID
from watcher.web.pages.groups import Row
from watcher.web.render.diffs import edits
from watcher.web.site import Here, Site

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=MOST_ID)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A hit and why: the clauses of the topic as it is now; None where there is no such topic any more."""

    hit: StoredHit
    topic: Topic | None
    clause: Clause | None
    current: bool


@router.get("/hits/{hit_id}")
def show_hit(request: Request, here: Here, hit_id: Id) -> Response:
    """Show a hit with all that is known of its entry."""
    with here.app.database.read() as db:
        entry_id = hits.get(db, hit_id).stored.id
    return _show(request, here, entry_id, hit_id)


@router.get("/entries/{entry_id}")
def show_entry(request: Request, here: Here, entry_id: Id) -> Response:
    """Show an entry, matched by a topic or not."""
    return _show(request, here, entry_id, None)


def _show(request: Request, here: Site, entry_id: int, hit_id: int | None) -> Response:
    with here.app.database.read() as db:
        stored = entries.get(db, entry_id)
        found = hits.of_entries(db, [entry_id])
        former = entries.versions(db, entry_id)
        told = digests.telling(db, [hit.id for hit in found])
        story = stories.of_entry(db, entry_id)
    chosen = sorted(found, key=lambda hit: hit.id != hit_id)
    return here.page(
        request,
        "entry.html",
        stored=stored,
        row=Row(hits=chosen) if chosen else None,
        evidence=[each for hit in found for each in hit.hit.evidence],
        reasons=[_reason(here, hit, stored) for hit in chosen],
        edits=edits(stored, former),
        told=told,
        story=story,
    )


def _reason(here: Site, hit: StoredHit, stored: StoredEntry) -> Reason:
    topic = next((each for each in here.app.settings.topics if each.id == hit.hit.topic_id), None)
    if topic is None:
        return Reason(hit=hit, topic=None, clause=None, current=False)
    watched = here.app.watched
    current = hit.hit.topic_version == watched.version(topic.id)
    return Reason(hit=hit, topic=topic, clause=explain_match(watched.query(topic.id), stored), current=current)
