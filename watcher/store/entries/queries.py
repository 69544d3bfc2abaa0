"""Entries: new ones, edits, and walking what is kept in order of discovery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, bindparam, insert, select, update

from watcher.errors import NotFoundError
from watcher.identify import hash_title
from watcher.model.entry import Entry, Item, StoredEntry
from watcher.model.poll import EntryEdit
from watcher.store.database import Db
from watcher.store.entries.enclosures import format_enclosures, parse_enclosures
from watcher.store.entries.fulltext_index import index_entries, unindex_entries
from watcher.store.entries.key_hashes import hash_key
from watcher.store.sql.bulk import IDS, any_of, reserve_ids
from watcher.store.sql.bulk import bulk_insert as put_rows
from watcher.store.system.counters import add_to_entry_counts, get_entry_count
from watcher.store.tables import entries, entry_versions, feeds

MAX_ENTRY_ID = 2**62
"""An id above all there will be."""


class StoryAssignment(NamedTuple):
    """The story that an entry belongs to, and whether it is a near copy of an earlier telling."""

    story_id: int
    copy: bool


_NO_HOMES: Mapping[int, StoryAssignment] = {}

_FIRST_SINCE = (
    select(entries.c.id)
    .where(entries.c.first_seen_at >= bindparam("moment"))
    .order_by(entries.c.first_seen_at, entries.c.id)
    .limit(1)
)
_WHOLE = select(entries, feeds.c.url.label("feed_url"), feeds.c.name.label("source")).join(
    feeds, feeds.c.id == entries.c.feed_id
)
_THESE = _WHOLE.where(any_of(entries.c.id, bindparam("ids", type_=IDS)))


def add_entries(
    db: Db, fresh: Sequence[Entry], now: datetime, *, baseline: bool = False, quarantined: bool = False
) -> tuple[StoredEntry, ...]:
    """Store entries that are new, and index their words."""
    came = [
        StoredEntry(id=0, entry=entry, first_seen_at=now, baseline=baseline, quarantined=quarantined) for entry in fresh
    ]
    stored = assign_entry_ids(db, came)
    insert_entries(db, stored)
    return stored


def assign_entry_ids(db: Db, fresh: Sequence[StoredEntry]) -> tuple[StoredEntry, ...]:
    """Give new entries their ids, in their order, and index their words; `put` stores them in the same transaction."""
    if not fresh:
        return ()
    ids = reserve_ids(db, entries, len(fresh))
    numbered = tuple(replace(each, id=id_) for each, id_ in zip(fresh, ids, strict=True))
    index_entries(db, numbered)
    return numbered


def insert_entries(db: Db, fresh: Sequence[StoredEntry], homes: Mapping[int, StoryAssignment] = _NO_HOMES) -> None:
    """Store entries that have just been numbered, those that have one with their story."""
    if fresh:
        put_rows(db, entries, [_new(stored, homes.get(stored.id)) for stored in fresh])
        add_to_entry_counts(db, Counter(stored.entry.feed_id for stored in fresh))


def update_entries(db: Db, edits: Sequence[EntryEdit], now: datetime) -> tuple[StoredEntry, ...]:
    """Give known entries their new text; the old one is kept as a version."""
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
    db.execute(insert(entry_versions), [_version(before[after.id], now) for after in changed])
    for after in changed:
        written = _write(after.entry) | {"version": after.version, "updated_at": now}
        db.execute(update(entries).where(entries.c.id == after.id).values(written))
    unindex_entries(db, [before[after.id] for after in changed])
    index_entries(db, changed)
    return tuple(changed)


def load_entry(db: Db, entry_id: int) -> StoredEntry:
    """Read one entry; raises NotFoundError."""
    row = db.execute(_WHOLE.where(entries.c.id == entry_id)).mappings().first()
    if row is None:
        raise NotFoundError("entry", str(entry_id))
    return read_entry_row(row)


def load_entries(db: Db, ids: Collection[int]) -> Mapping[int, StoredEntry]:
    """Read entries by id; those that are gone are absent."""
    if not ids:
        return {}
    return {row["id"]: read_entry_row(row) for row in db.execute(_THESE, {"ids": ids}).mappings().all()}


def load_entries_after(
    db: Db,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after_id: int = 0,
    limit: int = 1000,
) -> tuple[StoredEntry, ...]:
    """Read the next entries in order of discovery: those after `after_id` first seen in [since, until)."""
    chosen = select_entries().where(entries.c.id > after_id).order_by(entries.c.id).limit(limit)
    if since is not None:
        chosen = chosen.where(entries.c.first_seen_at >= since)
    if until is not None:
        chosen = chosen.where(entries.c.first_seen_at < until)
    return tuple(read_entry_row(row) for row in db.execute(chosen).mappings())


def load_entry_versions(db: Db, entry_id: int) -> tuple[Mapping[str, Any], ...]:
    """Read an entry's earlier texts, oldest first: version, title, summary, content, seen_at, replaced_at."""
    rows = db.execute(
        select(entry_versions).where(entry_versions.c.entry_id == entry_id).order_by(entry_versions.c.version)
    )
    return tuple(dict(row) for row in rows.mappings())


def count_entries(db: Db) -> int:
    """Tell how many entries are stored."""
    return get_entry_count(db)


def select_entries() -> Select[Any]:
    """Select all of an entry with what it needs of its feed; `read` makes a StoredEntry of a row."""
    return _WHOLE


def read_entry_row(row: RowMapping) -> StoredEntry:
    """Make a StoredEntry of a row of `whole`."""
    return StoredEntry(
        id=row["id"],
        entry=Entry(
            feed_id=row["feed_id"],
            key=restore_key(
                row["key"],
                row["url"] if row["permalink"] else row["guid"],
                row["canonical_url"] or row["url"],
                row["key_mark"],
            ),
            canonical_url=row["canonical_url"] or row["url"],
            content_hash=row["content_hash"],
            item=Item(
                guid=row["url"] if row["permalink"] else row["guid"],
                url=row["url"],
                title=row["title"],
                summary=row["summary"],
                content=row["content"],
                author=row["author"],
                tags=tuple(row["tags"].split("\n")) if row["tags"] else (),
                language=row["language"],
                published_at=row["published_at"],
                published_raw=row["published_raw"],
                updated_at=row["item_updated_at"],
                date_doubtful=row["published_doubtful"],
                enclosures=parse_enclosures(row["enclosures"]),
            ),
            source=row["source"],
            feed_url=row["feed_url"],
        ),
        first_seen_at=row["first_seen_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        baseline=row["baseline"],
        quarantined=row["quarantined"],
    )


def find_first_id_since(db: Db, moment: datetime) -> int:
    """Give the id from which on entries were first seen at a moment or later; beyond all where there is none."""
    found = db.execute(_FIRST_SINCE, {"moment": moment}).scalar()
    return MAX_ENTRY_ID if found is None else int(found)


def format_usual_key(raw_id: str) -> str:
    """Return the key of most entries, which is made of their guid. Under identity version 1, of a canonical address."""
    return f"guid:{raw_id}"


def restore_key(key: str | None, guid: str | None, canonical_url: str | None, key_mark: int) -> str:
    """Return an entry's key from what its row holds of it: no text where it is the usual one of guid or address."""
    if key is not None:
        return key
    if guid is not None and hash_key(usual := format_usual_key(guid)) == key_mark:
        return usual
    return format_usual_key(canonical_url or "")


def split_into_chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _new(stored: StoredEntry, home: StoryAssignment | None) -> dict[str, Any]:
    return _write(stored.entry) | {
        "id": stored.id,
        "first_seen_at": stored.first_seen_at,
        "baseline": stored.baseline,
        "quarantined": stored.quarantined,
        "story_id": home.story_id if home else None,
        "copy": home is not None and home.copy,
    }


def _write(entry: Entry) -> dict[str, Any]:
    item = entry.item
    title = hash_title(item.title)
    # Mostly guid, address, its usual form and the key are one text: it is kept once.
    permalink = item.guid is not None and item.guid == item.url
    usual = item.guid is not None and entry.key == format_usual_key(item.guid)
    found_by_key = entry.canonical_url is not None and entry.key == format_usual_key(entry.canonical_url)
    return {
        "feed_id": entry.feed_id,
        "key": None if usual else entry.key,
        "key_mark": hash_key(entry.key),
        "guid": None if permalink else item.guid,
        "permalink": permalink,
        "url": item.url,
        "canonical_url": None if entry.canonical_url == item.url else entry.canonical_url,
        "url_mark": hash_key(entry.canonical_url) if entry.canonical_url and not found_by_key else None,
        "title": item.title,
        "title_mark": hash_key(title) if title else None,
        "summary": item.summary,
        "content": item.content,
        "author": item.author,
        "tags": "\n".join(item.tags),
        "language": item.language,
        "published_at": item.published_at,
        "published_raw": item.published_raw,
        "published_doubtful": item.date_doubtful,
        "item_updated_at": item.updated_at,
        "enclosures": format_enclosures(item.enclosures),
        "content_hash": entry.content_hash,
    }


def _version(before: StoredEntry, now: datetime) -> dict[str, Any]:
    item = before.entry.item
    return {
        "entry_id": before.id,
        "version": before.version,
        "title": item.title,
        "summary": item.summary,
        "content": item.content,
        "content_hash": before.entry.content_hash,
        "seen_at": before.updated_at or before.first_seen_at,
        "replaced_at": now,
    }
