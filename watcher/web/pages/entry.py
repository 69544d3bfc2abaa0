"""One entry, whole: its words with their evidence, why each topic holds it, its edits, and which digest told it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from watcher.match import Clause, explain_match
from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.topic import Topic
from watcher.store.digests.queries import load_digests_of_hits
from watcher.store.entries.queries import load_entry, load_entry_versions
from watcher.store.hits.queries import load_hit, load_hits_of_entries
from watcher.store.stories.queries import find_story_of_entry
from watcher.web.context import Ctx, WebContext
from watcher.web.pages.hit_groups import Row
from watcher.web.render.diffs import edits
from watcher.web.validation import EntryId, HitId

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A hit and why: the clauses of the topic as it is now; None where there is no such topic any more."""

    hit: StoredHit
    topic: Topic | None
    clause: Clause | None
    current: bool


@router.get("/hits/{hit_id}")
def show_hit(request: Request, ctx: Ctx, hit_id: HitId) -> Response:
    """Show a hit with all that is known of its entry."""
    with ctx.app.database.read() as db:
        entry_id = load_hit(db, hit_id).stored.id
    return _show(request, ctx, entry_id, hit_id)


@router.get("/entries/{entry_id}")
def show_entry(request: Request, ctx: Ctx, entry_id: EntryId) -> Response:
    """Show an entry, matched by a topic or not."""
    return _show(request, ctx, entry_id, None)


def _show(request: Request, ctx: WebContext, entry_id: int, hit_id: int | None) -> Response:
    with ctx.app.database.read() as db:
        stored = load_entry(db, entry_id)
        found = load_hits_of_entries(db, [entry_id])
        former = load_entry_versions(db, entry_id)
        told = load_digests_of_hits(db, [hit.id for hit in found])
        story = find_story_of_entry(db, entry_id)
    chosen = sorted(found, key=lambda hit: hit.id != hit_id)
    return ctx.page(
        request,
        "entry.html",
        stored=stored,
        row=Row(hits=chosen) if chosen else None,
        evidence=[each for hit in found for each in hit.hit.evidence],
        reasons=[_reason(ctx, hit, stored) for hit in chosen],
        edits=edits(stored, former),
        told=told,
        story=story,
    )


def _reason(ctx: WebContext, hit: StoredHit, stored: StoredEntry) -> Reason:
    topic = next((each for each in ctx.app.settings.topics if each.id == hit.hit.topic_id), None)
    if topic is None:
        return Reason(hit=hit, topic=None, clause=None, current=False)
    watched = ctx.app.watched
    current = hit.hit.topic_version == watched.version(topic.id)
    return Reason(hit=hit, topic=topic, clause=explain_match(watched.query(topic.id), stored), current=current)
