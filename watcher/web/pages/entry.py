"""One entry: its text with the evidence, why each topic matched it, its edits, and the digest that reported it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from watcher.app.proposals import is_meaning_on
from watcher.app.similar import find_like_entry
from watcher.match import Clause, explain_match
from watcher.model.entry import StoredEntry
from watcher.model.results import Filters, StoredHit
from watcher.model.topic import Topic
from watcher.model.triage import Target, TargetKind
from watcher.store.digests.queries import load_digests_of_hits
from watcher.store.entries.queries import load_entry, load_entry_versions
from watcher.store.hits.queries import find_entry_of_hit, load_hits_of_entries
from watcher.store.meaning.proposals import list_proposals_of_entry
from watcher.store.stories.queries import find_story_of_entry
from watcher.store.triage.readers import load_reader
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext
from watcher.web.pages.hit_groups import HitRow
from watcher.web.pages.notes import load_shown_notes
from watcher.web.pages.row_marks import list_people, load_row_marks
from watcher.web.render.diffs import compare_versions
from watcher.web.validation import EntryId, HitId

router = APIRouter(include_in_schema=False)
MAX_SIMILAR = 30
"""Entries that "More like this" lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A hit and the clauses of its topic as it is now; `topic` is None where it was removed.

    `is_current` says whether the hit was found by the topic's present version.
    """

    hit: StoredHit
    topic: Topic | None
    clause: Clause | None
    is_current: bool


@router.get("/hits/{hit_id}")
def show_hit(request: Request, ctx: Ctx, hit_id: HitId) -> Response:
    """Show the entry of a hit; this hit leads."""
    with ctx.app.database.read() as db:
        entry_id = find_entry_of_hit(db, hit_id)
    return _render_entry(request, ctx, entry_id, hit_id)


@router.get("/entries/{entry_id}")
def show_entry(request: Request, ctx: Ctx, entry_id: EntryId) -> Response:
    """Show an entry, matched by a topic or not."""
    return _render_entry(request, ctx, entry_id, None)


@router.get("/entries/{entry_id}/similar")
def show_similar(request: Request, ctx: Ctx, entry_id: EntryId) -> Response:
    """Show the entries whose meaning is nearest to an entry's."""
    with ctx.app.database.read() as db:
        stored = load_entry(db, entry_id)
    similar_entries = find_like_entry(ctx.app, entry_id, Filters(), ctx.now, limit=MAX_SIMILAR)
    return ctx.render_page(request, "similar.html", stored=stored, similar_entries=similar_entries)


def _render_entry(request: Request, ctx: WebContext, entry_id: int, hit_id: int | None) -> Response:
    with ctx.app.database.read() as db:
        entry_hits = load_hits_of_entries(db, [entry_id])
        stored = entry_hits[0].stored if entry_hits else load_entry(db, entry_id)
        versions = load_entry_versions(db, entry_id)
        reported = load_digests_of_hits(db, [hit.id for hit in entry_hits])
        story = find_story_of_entry(db, entry_id)
        proposals = list_proposals_of_entry(db, entry_id)
        reader = load_reader(db, get_person(request).name, ctx.now)
        marks = load_row_marks(db, TargetKind.ENTRY, [entry_id], reader)
        about = [
            Target(TargetKind.ENTRY, entry_id),
            *(Target(TargetKind.PROPOSAL, proposal.id) for proposal in proposals),
        ]
        notes = load_shown_notes(db, about)
    ordered = sorted(entry_hits, key=lambda hit: hit.id != hit_id)
    return ctx.render_page(
        request,
        "entry.html",
        stored=stored,
        marks=marks,
        notes=notes,
        people=list_people(ctx),
        person=reader.person,
        row=HitRow(hits=ordered) if ordered else None,
        evidence=[evidence for hit in entry_hits for evidence in hit.hit.evidence],
        reasons=[_explain_hit(ctx, hit, stored) for hit in ordered],
        edits=compare_versions(stored, versions),
        reported=reported,
        story=story,
        is_meaning_on=is_meaning_on(ctx.app.settings),
        proposals=proposals,
    )


def _explain_hit(ctx: WebContext, hit: StoredHit, stored: StoredEntry) -> Reason:
    topic = next((topic for topic in ctx.app.settings.topics if topic.id == hit.hit.topic_id), None)
    if topic is None:
        return Reason(hit=hit, topic=None, clause=None, is_current=False)
    matcher = ctx.app.matcher
    is_current = hit.hit.topic_version == matcher.version(topic.id)
    # What sentences alone describe has no clauses.
    clause = explain_match(matcher.query(topic.id), stored) if topic.has_query else None
    return Reason(hit=hit, topic=topic, clause=clause, is_current=is_current)
