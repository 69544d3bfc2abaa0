"""Entries: new ones, edits, and walking what is kept in order of discovery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, insert, select, update

from watcher.errors import NotFoundError
from watcher.identify import title_key
from watcher.model.entry import Entry, Item, StoredEntry
from watcher.model.poll import Edit
from watcher.store import search, tallies
from watcher.store.engine import Db
from watcher.store.many import IDS, one_of, put_numbered
from watcher.store.tables import entries, entry_versions, feeds

BEYOND = 2**62
"""An id above all there will be."""

_FIRST_SINCE = (
    select(entries.c.id)
    .where(entries.c.first_seen_at >= bindparam("moment"))
    .order_by(entries.c.first_seen_at, entries.c.id)
    .limit(1)
)
_WHOLE = select(entries, feeds.c.url.label("feed_url"), feeds.c.name.label("source")).join(
    feeds, feeds.c.id == entries.c.feed_id
)
_THESE = _WHOLE.where(one_of(entries.c.id, bindparam("ids", type_=IDS)))


def add(
    db: Db, fresh: Sequence[Entry], now: datetime, *, baseline: bool = False, quarantined: bool = False
) -> tuple[StoredEntry, ...]:
    """Store entries that are new, and index their words."""
    if not fresh:
        return ()
    rows = [_write(entry) | {"first_seen_at": now, "baseline": baseline, "quarantined": quarantined} for entry in fresh]
    ids = put_numbered(db, entries, rows)
    stored = tuple(
        StoredEntry(id=id_, entry=entry, first_seen_at=now, baseline=baseline, quarantined=quarantined)
        for id_, entry in zip(ids, fresh, strict=True)
    )
    tallies.add_entries(db, Counter(entry.feed_id for entry in fresh))
    search.index(db, stored)
    return stored


def edit(db: Db, edits: Sequence[Edit], now: datetime) -> tuple[StoredEntry, ...]:
    """Give known entries their new text; the old one is kept as a version."""
    if not edits:
        return ()
    before = get_many(db, [change.known.id for change in edits])
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
    search.forget(db, [before[after.id] for after in changed])
    search.index(db, changed)
    return tuple(changed)


def get(db: Db, entry_id: int) -> StoredEntry:
    """Read one entry; raises NotFoundError."""
    row = db.execute(_WHOLE.where(entries.c.id == entry_id)).mappings().first()
    if row is None:
        raise NotFoundError("entry", str(entry_id))
    return read(row)


def get_many(db: Db, ids: Collection[int]) -> Mapping[int, StoredEntry]:
    """Read entries by id; those that are gone are absent."""
    if not ids:
        return {}
    return {row["id"]: read(row) for row in db.execute(_THESE, {"ids": ids}).mappings().all()}


def iterate(
    db: Db,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after_id: int = 0,
    limit: int = 1000,
) -> tuple[StoredEntry, ...]:
    """Read the next entries in order of discovery: those after `after_id` first seen in [since, until)."""
    chosen = whole().where(entries.c.id > after_id).order_by(entries.c.id).limit(limit)
    if since is not None:
        chosen = chosen.where(entries.c.first_seen_at >= since)
    if until is not None:
        chosen = chosen.where(entries.c.first_seen_at < until)
    return tuple(read(row) for row in db.execute(chosen).mappings())


def versions(db: Db, entry_id: int) -> tuple[Mapping[str, Any], ...]:
    """Read an entry's earlier texts, oldest first: version, title, summary, content, seen_at, replaced_at."""
    rows = db.execute(
        select(entry_versions).where(entry_versions.c.entry_id == entry_id).order_by(entry_versions.c.version)
    )
    return tuple(dict(row) for row in rows.mappings())


def count(db: Db) -> int:
    """Tell how many entries are stored."""
    return tallies.entries(db)


def whole() -> Select[Any]:
    """Select all of an entry with what it needs of its feed; `read` makes a StoredEntry of a row."""
    return _WHOLE


def read(row: RowMapping) -> StoredEntry:
    """Make a StoredEntry of a row of `whole`."""
    return StoredEntry(
        id=row["id"],
        entry=Entry(
            feed_id=row["feed_id"],
            key=row["key"],
            canonical_url=row["canonical_url"],
            content_hash=row["content_hash"],
            item=Item(
                guid=row["guid"],
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


def first_id_since(db: Db, moment: datetime) -> int:
    """Give the id from which on entries were first seen at a moment or later; beyond all where there is none."""
    found = db.execute(_FIRST_SINCE, {"moment": moment}).scalar()
    return BEYOND if found is None else int(found)


def chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _write(entry: Entry) -> dict[str, Any]:
    item = entry.item
    return {
        "feed_id": entry.feed_id,
        "key": entry.key,
        "guid": item.guid,
        "url": item.url,
        "canonical_url": entry.canonical_url,
        "title": item.title,
        "title_key": title_key(item.title),
        "summary": item.summary,
        "content": item.content,
        "author": item.author,
        "tags": "\n".join(item.tags),
        "language": item.language,
        "published_at": item.published_at,
        "published_raw": item.published_raw,
        "published_doubtful": item.date_doubtful,
        "item_updated_at": item.updated_at,
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
