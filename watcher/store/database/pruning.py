"""Retention: takes away what is past its time, in small transactions, and remembers what must not come back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from watcher.model.entry import StoredEntry
from watcher.model.triage import UNREAD_FOR, TargetKind
from watcher.store.database import Database, Db
from watcher.store.database.maintenance import get_database_size, release_space
from watcher.store.entries.fulltext_index import unindex_entries
from watcher.store.entries.known_entries import TOMBSTONE_TOUCH_INTERVAL
from watcher.store.entries.queries import MAX_ENTRY_ID, find_first_id_since, load_entries
from watcher.store.feeds.commands import clear_item_marks
from watcher.store.feeds.hosts import delete_idle_hosts
from watcher.store.sql.bulk import any_of
from watcher.store.sql.dialect import acquire_lock, get_dialect
from watcher.store.sql.types import IDS
from watcher.store.system.counters import add_to_entry_counts, add_to_hit_counts, shrink_stories
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import (
    aliases,
    digest_items,
    feeds,
    hits,
    machine_texts,
    notes,
    outbox,
    polls,
    saved_views,
    seen_items,
    starred_items,
    stories,
    story_marks,
    tombstones,
)
from watcher.store.tables import entries as entry_table
from watcher.stories import STORY_WINDOW

ENTRIES_PER_PRUNE = 500
"""Rows that one transaction takes away: the write lock is held for tens of milliseconds."""
PAUSE = 0.005
"""Seconds between two transactions, for those who wait to write."""
UNLISTED_FOR = timedelta(days=7)
"""A pruned entry is forgotten for good once its feed was read so long after it last listed it."""

_LAST_LIMIT = "pruned-before"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int], None]

_IDS = bindparam("ids", type_=IDS)
_THESE = any_of(entry_table.c.id, _IDS)
_GONE = delete(entry_table).where(_THESE)
_THEIR_MARKS = delete(story_marks).where(any_of(story_marks.c.entry_id, _IDS))
_THEIR_STORIES = (
    select(entry_table.c.story_id, func.count())
    .where(_THESE, entry_table.c.story_id.is_not(None))
    .group_by(entry_table.c.story_id)
)
_LAST_BEFORE = (
    select(entry_table.c.id)
    .where(entry_table.c.first_seen_at >= bindparam("since"), entry_table.c.first_seen_at < bindparam("moment"))
    .order_by(entry_table.c.first_seen_at.desc(), entry_table.c.id.desc())
    .limit(1)
)
_FIRST_SOON_SINCE = select(func.min(entry_table.c.id)).where(
    entry_table.c.first_seen_at.between(bindparam("moment"), bindparam("soon"))
)
_THEIR_HITS = select(hits.c.topic_id, hits.c.matched_at, hits.c.origin).where(any_of(hits.c.entry_id, _IDS))
_THEIR_OTHER_KEYS = select(aliases.c.entry_id, aliases.c.key).where(any_of(aliases.c.entry_id, _IDS))
_THEIR_FEEDS = (
    select(feeds.c.id)
    .where(feeds.c.id.in_(select(entry_table.c.feed_id).where(_THESE)))
    .order_by(feeds.c.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept. `entries` concerns those without hits; what a digest, a label, a note or a star
    refers to stays."""

    entries: timedelta = timedelta(days=90)
    hits: timedelta = timedelta(days=730)
    polls: timedelta = timedelta(days=14)
    payloads: timedelta = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneResult:
    """What pruning took away."""

    entries: int = 0
    hits: int = 0
    polls: int = 0
    payloads: int = 0
    tombstones: int = 0
    freed_bytes: int = 0


def prune_database(
    database: Database, kept: Retention, now: datetime, progress: Progress = lambda _done: None
) -> PruneResult:
    """Take away what is past its time, and give the space back on SQLite.

    It may be stopped at any moment and begun again; pollers and readers go on meanwhile.
    """
    size = get_database_size(database)
    deleted_entries = deleted_hits = 0
    for some, some_hits in _prune_entries(database, kept, now):
        deleted_entries += some
        deleted_hits += some_hits
        progress(deleted_entries)
    with database.read() as db:
        too_old = find_first_id_since(db, now - STORY_WINDOW)
    _piecemeal(database, _some(story_marks, story_marks.c.entry_id < too_old))
    _piecemeal(database, _some(stories, stories.c.last_at < now - STORY_WINDOW, ~_has_reports()))
    old_polls = _piecemeal(database, _some(polls, polls.c.at < now - kept.polls))
    _piecemeal(database, _some(machine_texts, machine_texts.c.created_at < now - kept.payloads))
    # What they concern counts as seen by now, or was deleted long ago.
    _piecemeal(database, _some(seen_items, seen_items.c.changed_at < now - UNREAD_FOR))
    _piecemeal(database, _some(saved_views, saved_views.c.deleted_at < now - UNREAD_FOR))
    unlisted = _piecemeal(database, _some(tombstones, _is_unlisted(now)))
    old_payloads = outbox.c.state == "sent", outbox.c.sent_at < now - kept.payloads, outbox.c.payload != ""
    emptied = _piecemeal(database, update(outbox).where(_a_batch(outbox, *old_payloads)).values(payload=""))
    with database.write(lasting=False) as db:
        delete_idle_hosts(db, now - timedelta(days=1))
    release_space(database)
    return PruneResult(
        entries=deleted_entries,
        hits=deleted_hits,
        polls=old_polls,
        payloads=emptied,
        tombstones=unlisted,
        freed_bytes=max(0, size - get_database_size(database)),
    )


def _prune_entries(database: Database, kept: Retention, now: datetime) -> Iterator[tuple[int, int]]:
    """Take entries away, some at a time, oldest first; yield how many, and how many hits with them."""
    after = 0
    with database.read() as db:
        below = _find_id_limit(db, now - kept.entries, now)
    while True:
        with database.read() as db:
            ids = db.execute(_leaving(after, below, now - kept.hits)).scalars().all()
        if not ids:
            break
        with database.write(lasting=False) as db:
            yield _take_away(db, ids, now - kept.hits, now)
        after = ids[-1]
        time.sleep(PAUSE)
    with database.write(lasting=False) as db:
        if now - kept.entries > _read_last_limit(db, now)[1]:
            set_value(db, _LAST_LIMIT, f"{below} {(now - kept.entries).isoformat()}")


def _find_id_limit(db: Db, moment: datetime, now: datetime) -> int:
    """Return the id below which all entries were first seen before a moment, also where a wrong clock noted when.

    Ids rise with true time, noted times may not: entries that a wrong clock dated are as old as the next one that a
    right clock dated. Those dated too early are what the last pruning left although they looked old enough.
    """
    limit, since = _read_last_limit(db, now)
    times = {"moment": moment, "since": since, "soon": moment + timedelta(days=1)}
    last_before = db.execute(_LAST_BEFORE, times).scalar()
    if last_before is None:
        return limit
    first_since: int | None = db.execute(_FIRST_SOON_SINCE, times).scalar()
    if first_since is None:
        first_since = find_first_id_since(db, moment)
    return max(limit, min(int(last_before) + 1, first_since))


def _read_last_limit(db: Db, now: datetime) -> tuple[int, datetime]:
    """Return below which id, and before which moment, entries have been pruned so far; one in the future is ignored."""
    id_, _, text = (get_value(db, _LAST_LIMIT) or "").partition(" ")
    moment = datetime.fromisoformat(text) if text else _EPOCH
    return (int(id_), moment) if _EPOCH < moment <= now else (0, _EPOCH)


def _take_away(db: Db, ids: Sequence[int], hits_since: datetime, now: datetime) -> tuple[int, int]:
    # In the order in which settling a poll takes them: feeds, then the hits' turn, then entries.
    db.execute(_THEIR_FEEDS, {"ids": ids})
    acquire_lock(db, "hits")
    # Looked at again: a label or a digest may have come to one of them meanwhile.
    still = _leaving(0, MAX_ENTRY_ID, hits_since).where(_THESE)
    ids = db.execute(still, {"ids": ids}).scalars().all()
    leaving = tuple(load_entries(db, ids).values())
    if not leaving:
        return 0, 0
    _add_tombstones(db, leaving, now)
    unindex_entries(db, leaving)
    hit_rows = db.execute(_THEIR_HITS, {"ids": ids}).all()
    days = Counter((row.topic_id, f"{row.matched_at:%Y-%m-%d}", row.origin) for row in hit_rows)
    if days:
        add_to_hit_counts(db, {key: -hit_count for key, hit_count in days.items()})
    shrink_stories(db, {row[0]: row[1] for row in db.execute(_THEIR_STORIES, {"ids": ids})})
    add_to_entry_counts(
        db, {id_: -entry_count for id_, entry_count in Counter(stored.entry.feed_id for stored in leaving).items()}
    )
    if max(stored.first_seen_at for stored in leaving) > now - STORY_WINDOW:
        db.execute(_THEIR_MARKS, {"ids": ids})
    db.execute(_GONE, {"ids": ids})
    return len(leaving), len(hit_rows)


def _leaving(after: int, below: int, hits_since: datetime) -> Select[Any]:
    reported = exists().where(digest_items.c.hit_id == hits.c.id)
    is_kept = exists().where(
        and_(
            hits.c.entry_id == entry_table.c.id,
            (hits.c.matched_at >= hits_since) | hits.c.label.is_not(None) | reported,
        )
    )
    is_used = or_(
        is_kept,
        *(
            exists().where(table.c.kind == kind.value, table.c.target_id == column)
            for table in (notes, starred_items)
            for kind, column in ((TargetKind.ENTRY, entry_table.c.id), (TargetKind.STORY, entry_table.c.story_id))
        ),
    )
    return (
        select(entry_table.c.id)
        .where(entry_table.c.id > after, entry_table.c.id < below, ~is_used)
        .order_by(entry_table.c.id)
        .limit(ENTRIES_PER_PRUNE)
    )


def _add_tombstones(db: Db, leaving: tuple[StoredEntry, ...], now: datetime) -> None:
    """Remember what leaves, so that it does not come back as new while its feed still lists it."""
    whole = {stored.id: stored for stored in leaving}
    other_keys = db.execute(_THEIR_OTHER_KEYS, {"ids": list(whole)}).all()
    rows = [
        {
            "feed_id": whole[row.entry_id].entry.feed_id,
            "key": row.key,
            "seen_at": now,
            "content_hash": whole[row.entry_id].entry.content_hash,
        }
        for row in other_keys
    ]
    rows += [
        {
            "feed_id": stored.entry.feed_id,
            "key": stored.entry.key,
            "seen_at": now,
            "content_hash": stored.entry.content_hash,
        }
        for stored in leaving
    ]
    db.execute(get_dialect(db).insert_or_ignore(tombstones), rows)
    clear_item_marks(db, sorted({stored.entry.feed_id for stored in leaving}))


def _is_unlisted(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        feeds.c.id == tombstones.c.feed_id,
        tombstones.c.seen_at < now - UNLISTED_FOR,
        # What was listed at the last reading was noted up to two intervals before that. A reading in the future, by a
        # wrong clock, proves nothing.
        feeds.c.read_at.between(now - UNLISTED_FOR + 2 * TOMBSTONE_TOUCH_INTERVAL, now),
    )


def _has_reports() -> ColumnElement[bool]:
    return exists().where(entry_table.c.story_id == stories.c.id)


def _some(table: Table, *which: ColumnElement[bool]) -> Delete:
    return delete(table).where(_a_batch(table, *which))


def _a_batch(table: Table, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    key = table.primary_key.columns
    return tuple_(*key).in_(select(*key).where(*which).limit(ENTRIES_PER_PRUNE))


def _piecemeal(database: Database, change: Delete | Update) -> int:
    """Carry out a change that takes a limited number of rows until it finds no more."""
    done = 0
    while True:
        with database.write(lasting=False) as db:
            changed: CursorResult[Any] = db.execute(change)
            count = changed.rowcount
        done += count
        if count < ENTRIES_PER_PRUNE:
            return done
        time.sleep(PAUSE)
