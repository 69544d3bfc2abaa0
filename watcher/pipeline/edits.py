"""Matches entries that were edited: an edit that makes a match is news at the time of the edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from watcher.match import TopicMatcher
from watcher.model.entry import StoredEntry
from watcher.model.topic import Hit, Origin
from watcher.store.database import Db
from watcher.store.hits.commands import upsert_hits
from watcher.store.hits.rematches import get_former_texts, rematch_hits
from watcher.store.stories.placement import assign_stories, filter_without_story

_Match: TypeAlias = tuple[str, int]
"""A topic's id and an entry's id."""


def store_edit_hits(db: Db, edited: Sequence[StoredEntry], matcher: TopicMatcher, now: datetime) -> tuple[Hit, ...]:
    """Match edited entries and store their hits; return the new ones and those that match again after an edit.

    A status page that leaves a topic ("level green") and comes back to it ("level red") is news each time, though it is
    one entry and one hit.
    """
    matches = matcher.match_entries(edited, now, Origin.EDIT)
    if not matches:
        return ()
    by_id = {stored.id: stored for stored in edited}
    former_texts = get_former_texts(db, [by_id[id_] for id_ in sorted({hit.entry_id for hit in matches})])
    former = {_get_match(hit) for hit in matcher.match_entries(former_texts, now, Origin.EDIT)}
    # What the former text matched as well, no edit made. What it did not match, and yet is stored, is a match that an
    # earlier edit removed and this one restores.
    added = upsert_hits(db, [_with_origin(hit, by_id[hit.entry_id], former) for hit in matches])
    unchanged = {_get_match(hit) for hit in added} | former
    returned = {hit: by_id[hit.entry_id].version for hit in matches if _get_match(hit) not in unchanged}
    rematch_hits(db, returned)
    if added:
        _join_stories(db, added, by_id, now)
    return (*added, *returned)


def _get_match(hit: Hit) -> _Match:
    return hit.topic_id, hit.entry_id


def _with_origin(hit: Hit, stored: StoredEntry, former: AbstractSet[_Match]) -> Hit:
    """Return a hit as a backfill where the edit did not make it: the former text matched as well.

    Such a match of an entry that was never alerted (baseline, quarantined) means that its topic is younger than the
    entry: it is a find in the archive, and no news.
    """
    was_not_alerted = stored.baseline or stored.quarantined
    return replace(hit, origin=Origin.BACKFILL) if was_not_alerted and _get_match(hit) in former else hit


def _join_stories(db: Db, added: Sequence[Hit], by_id: Mapping[int, StoredEntry], now: datetime) -> None:
    """Place entries in stories that had no hit before, and so no story."""
    without_story = filter_without_story(db, sorted({hit.entry_id for hit in added}))
    assign_stories(db, [stored for stored in by_id.values() if stored.id in without_story], now)
