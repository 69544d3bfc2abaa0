"""Stores new entries and edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, update

from watcher.model.entry import Entry, NewEntry, StoredEntry
from watcher.model.poll import EntryEdit
from watcher.store.database import Db
from watcher.store.entries.fulltext_index import index_entries, unindex_entries
from watcher.store.entries.mapping import StoryAssignment, build_entry_row, build_new_entry_row, build_version_row
from watcher.store.entries.queries import load_entries
from watcher.store.meaning.backlog import queue_for_reading
from watcher.store.sql.bulk import bulk_insert as put_rows
from watcher.store.sql.bulk import reserve_ids
from watcher.store.system.counters import add_to_entry_counts
from watcher.store.tables import entries, entry_versions

_NO_ASSIGNMENTS: Mapping[int, StoryAssignment] = {}


def add_entries(
    db: Db, fresh: Sequence[Entry], now: datetime, *, baseline: bool = False, quarantined: bool = False
) -> tuple[StoredEntry, ...]:
    """Store entries that are new, and index their words."""
    new = [NewEntry(entry=entry, first_seen_at=now, baseline=baseline, quarantined=quarantined) for entry in fresh]
    stored = assign_entry_ids(db, new)
    insert_entries(db, stored)
    return stored


def assign_entry_ids(db: Db, new: Sequence[NewEntry]) -> tuple[StoredEntry, ...]:
    """Assign ids to new entries, in their order; `insert_entries` comes in the same transaction."""
    if not new:
        return ()
    ids = reserve_ids(db, entries, len(new))
    return tuple(
        StoredEntry(
            id=id_,
            entry=entry.entry,
            first_seen_at=entry.first_seen_at,
            baseline=entry.baseline,
            quarantined=entry.quarantined,
        )
        for entry, id_ in zip(new, ids, strict=True)
    )


def insert_entries(
    db: Db,
    fresh: Sequence[StoredEntry],
    assignments: Mapping[int, StoryAssignment] = _NO_ASSIGNMENTS,
    tokenized: Sequence[str] | None = None,
) -> None:
    """Store entries that have just been numbered, those that have one with their story, and index their words.

    `tokenized` are their index tokens, where they are known already.
    """
    if fresh:
        index_entries(db, fresh, tokenized)
        put_rows(db, entries, [build_new_entry_row(stored, assignments.get(stored.id)) for stored in fresh])
        add_to_entry_counts(db, Counter(stored.entry.feed_id for stored in fresh))


def update_entries(db: Db, edits: Sequence[EntryEdit], now: datetime) -> tuple[StoredEntry, ...]:
    """Store the new text of edited entries; the former text is kept as a version."""
    if not edits:
        return ()
    before = load_entries(db, [change.known.id for change in edits])
    latest = {change.known.id: change.entry for change in edits if change.known.id in before}
    if not latest:
        return ()
    changed = [
        replace(
            before[id_], entry=replace(entry, key=before[id_].entry.key),
            version=before[id_].version + 1, updated_at=now,
        )
        for id_, entry in sorted(latest.items())
    ]  # fmt: skip
    db.execute(insert(entry_versions), [build_version_row(before[after.id], now) for after in changed])
    for after in changed:
        written = build_entry_row(after.entry) | {"version": after.version, "updated_at": now}
        db.execute(update(entries).where(entries.c.id == after.id).values(written))
    unindex_entries(db, [before[after.id] for after in changed])
    index_entries(db, changed)
    queue_for_reading(db, [after.id for after in changed])
    return tuple(changed)
