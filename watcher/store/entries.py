"""Entries: what a feed's memory holds of a document, new ones, edits, and walking the archive in order of discovery."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Text, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from watcher.errors import NotFoundError
from watcher.identify import Memory, title_key
from watcher.model.entry import Entry, Item, StoredEntry
from watcher.model.poll import Edit, Known
from watcher.store import search
from watcher.store.engine import Db
from watcher.store.tables import aliases, entries, entry_versions, feeds, tombstones

RECENT = 200
"""How many of a feed's latest entries tell what is old news for it."""

_KNOWN = (
    entries.c.id,
    entries.c.key,
    entries.c.canonical_url,
    entries.c.content_hash,
    entries.c.title,
    entries.c.title_key,
    entries.c.published_at,
    entries.c.version,
)


def memory(db: Db, feed_id: int, candidates: Sequence[Entry]) -> Memory:
    """Gather what is known of a document's entries: by key, and for the unknown ones by address and by headline.

    An entry that was pruned while its feed still lists it counts as known and unchanged, so that it does not return.
    """
    mine = entries.c.feed_id == feed_id
    keys = {entry.key: entry for entry in candidates}
    by_key = {row.key: _known(row) for row in db.execute(select(*_KNOWN).where(mine, among(db, entries.c.key, keys)))}
    strange = [entry for entry in candidates if entry.key not in by_key]
    if not strange:
        return Memory(by_key=by_key, by_url={}, by_title={}, newest_published_at=None, entry_count=len(by_key))
    missing = [entry.key for entry in strange]
    renamed = select(aliases.c.key.label("alias"), *_KNOWN).join(entries, entries.c.id == aliases.c.entry_id)
    for row in db.execute(renamed.where(aliases.c.feed_id == feed_id, among(db, aliases.c.key, missing))):
        by_key[row.alias] = _known(row)
    buried = select(tombstones.c.key).where(tombstones.c.feed_id == feed_id, among(db, tombstones.c.key, missing))
    for key in db.execute(buried).scalars():
        by_key.setdefault(key, _pruned(keys[key]))
    urls = {entry.canonical_url for entry in strange if entry.canonical_url}
    titles = {title_key(entry.item.title) for entry in strange}
    at_url = select(*_KNOWN).where(mine, among(db, entries.c.canonical_url, urls)).order_by(entries.c.id)
    titled = select(*_KNOWN).where(mine, among(db, entries.c.title_key, titles)).order_by(entries.c.id)
    latest = select(entries.c.published_at).where(mine).order_by(entries.c.id.desc()).limit(RECENT)
    recent = db.execute(latest).scalars().all()
    return Memory(
        by_key=by_key,
        by_url={row.canonical_url: _known(row) for row in db.execute(at_url)} if urls else {},
        by_title={row.title_key: _known(row) for row in db.execute(titled)},
        newest_published_at=max((moment for moment in recent if moment is not None), default=None),
        entry_count=len(recent),
    )


def add(
    db: Db, fresh: Sequence[Entry], now: datetime, *, baseline: bool = False, quarantined: bool = False
) -> tuple[StoredEntry, ...]:
    """Store entries that are new, and index their words."""
    if not fresh:
        return ()
    rows = [_write(entry) | {"first_seen_at": now, "baseline": baseline, "quarantined": quarantined} for entry in fresh]
    ids = db.execute(insert(entries).returning(entries.c.id, sort_by_parameter_order=True), rows).scalars().all()
    stored = tuple(
        StoredEntry(id=id_, entry=entry, first_seen_at=now, baseline=baseline, quarantined=quarantined)
        for id_, entry in zip(ids, fresh, strict=True)
    )
    search.index(db, stored)
    return stored


def edit(db: Db, edits: Sequence[Edit], now: datetime) -> tuple[StoredEntry, ...]:
    """Give known entries their new text; the old one is kept as a version."""
    if not edits:
        return ()
    known = {row["id"]: row for row in db.execute(_whole([e.known.id for e in edits])).mappings()}
    changed: list[StoredEntry] = []
    for change in edits:
        row = known.get(change.known.id)
        if row is None:
            continue
        before = read(row)
        after = replace(
            before, entry=replace(change.entry, key=before.entry.key), version=before.version + 1, updated_at=now
        )
        db.execute(insert(entry_versions), _version(before, now))
        written = _write(after.entry) | {"version": after.version, "updated_at": now}
        db.execute(update(entries).where(entries.c.id == after.id).values(written))
        search.forget(db, (before,))
        changed.append(after)
    search.index(db, changed)
    return tuple(changed)


def rename(db: Db, feed_id: int, migrated: Iterable[tuple[int, str]]) -> None:
    """Remember that known entries now come under another key as well."""
    rows = [{"feed_id": feed_id, "key": key, "entry_id": entry_id} for entry_id, key in migrated if entry_id > 0]
    if rows:
        known = select(aliases.c.key).where(
            aliases.c.feed_id == feed_id, among(db, aliases.c.key, [r["key"] for r in rows])
        )
        already = set(db.execute(known).scalars())
        fresh = {row["key"]: row for row in rows if row["key"] not in already}
        if fresh:
            db.execute(insert(aliases), list(fresh.values()))


def still_listed(db: Db, feed_id: int, keys: Iterable[str], now: datetime) -> None:
    """Note which pruned entries a feed still lists, so that their tombstones stay."""
    listed = tombstones.c.feed_id == feed_id, among(db, tombstones.c.key, list(keys))
    db.execute(update(tombstones).where(*listed).values(seen_at=now))


def get(db: Db, entry_id: int) -> StoredEntry:
    """Read one entry; raises NotFoundError."""
    row = db.execute(_whole([entry_id])).mappings().first()
    if row is None:
        raise NotFoundError("entry", str(entry_id))
    return read(row)


def get_many(db: Db, ids: Collection[int]) -> Mapping[int, StoredEntry]:
    """Read entries by id; those that are gone are absent."""
    return {row["id"]: read(row) for row in db.execute(_whole(ids)).mappings()} if ids else {}


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
    """Count the stored entries."""
    return db.execute(select(func.count()).select_from(entries)).scalar_one()


def whole() -> Select[Any]:
    """Select all of an entry with what it needs of its feed; `read` makes a StoredEntry of a row."""
    return select(entries, feeds.c.url.label("feed_url"), feeds.c.name.label("source")).join(
        feeds, feeds.c.id == entries.c.feed_id
    )


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


def among(db: Db, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Say that a text column is one of many values, as one bound parameter: the statement stays the same and cached."""
    if db.dialect.name == "postgresql":
        return column == func.any(cast(list(values), ARRAY(Text)))
    return column.in_(select(func.json_each(literal(_json(values))).table_valued("value").c.value))


def chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _json(values: Collection[Any]) -> str:
    import json

    return json.dumps(list(values), ensure_ascii=False)


def _whole(ids: Collection[int]) -> Select[Any]:
    return whole().where(entries.c.id.in_(tuple(ids)))


def _known(row: Any) -> Known:
    return Known(
        id=row.id,
        key=row.key,
        canonical_url=row.canonical_url,
        content_hash=row.content_hash,
        title=row.title,
        published_at=row.published_at,
        version=row.version,
    )


def _pruned(entry: Entry) -> Known:
    return Known(
        id=0,
        key=entry.key,
        canonical_url=entry.canonical_url,
        content_hash=entry.content_hash,
        title=entry.item.title,
        published_at=entry.item.published_at,
    )


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
