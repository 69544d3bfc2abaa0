"""Matches entries that were edited: an edit that makes a match is news of its own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from watcher.match import TopicMatcher
from watcher.model.entry import StoredEntry
from watcher.model.topic import Hit, Origin
from watcher.store.database import Db
from watcher.store.hits.queries import upsert_hits
from watcher.store.hits.rematches import get_former_texts, rematch_hits
from watcher.store.stories.queries import assign_stories, filter_without_story


def store_edits(db: Db, edited: Sequence[StoredEntry], watched: TopicMatcher, now: datetime) -> tuple[Hit, ...]:
    """Match edited entries and store their hits; returns those that are new, and those that an edit brought back.

    What the former text matched as well, no edit made. Of what nobody was to be told of (a baseline, a quarantined
    archive) such a match is a find in the archive: its topic is younger than the entry. A status page that leaves a
    topic ("level green") and comes back to it ("level red") is news each time, though it is one entry and one hit.
    """
    found = watched.hits(edited, now, Origin.EDIT)
    if not found:
        return ()
    by_id = {each.id: each for each in edited}
    former = get_former_texts(db, [by_id[id_] for id_ in sorted({hit.entry_id for hit in found})])
    before = {(hit.topic_id, hit.entry_id) for hit in watched.hits(former, now, Origin.EDIT)}
    dated = []
    for hit in found:
        stored = by_id[hit.entry_id]
        silent = stored.baseline or stored.quarantined
        is_old = silent and (hit.topic_id, hit.entry_id) in before
        dated.append(replace(hit, origin=Origin.BACKFILL) if is_old else hit)
    fresh = upsert_hits(db, dated)
    known = {(hit.topic_id, hit.entry_id) for hit in fresh} | before
    again = {hit: by_id[hit.entry_id].version for hit in found if (hit.topic_id, hit.entry_id) not in known}
    rematch_hits(db, again)
    if fresh:
        homeless = filter_without_story(db, sorted({hit.entry_id for hit in fresh}))
        assign_stories(db, [each for each in edited if each.id in homeless], now)
    return (*fresh, *again)
