"""What is known of a feed when its next document comes: by key, by address, by headline, and what was pruned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from watcher.identify import Memory, title_key
from watcher.model.entry import Entry
from watcher.model.poll import Known
from watcher.store.engine import Db
from watcher.store.many import TEXTS, one_of
from watcher.store.tables import aliases, entries, tombstones

RECENT = 200
"""How many of a feed's latest entries tell what is old news for it."""

NOTED_EVERY = timedelta(hours=12)

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
_FEED = bindparam("feed", type_=entries.c.feed_id.type)
_id = attrgetter("id")
_KEYS = bindparam("keys", type_=TEXTS)
_MINE = entries.c.feed_id == _FEED
_BY_KEY = select(*_KNOWN).where(_MINE, one_of(entries.c.key, _KEYS))
_RENAMED = (
    select(aliases.c.key.label("alias"), *_KNOWN)
    .join(entries, entries.c.id == aliases.c.entry_id)
    .where(aliases.c.feed_id == _FEED, one_of(aliases.c.key, _KEYS))
)
_ALIASED = select(aliases.c.key).where(aliases.c.feed_id == _FEED, one_of(aliases.c.key, _KEYS))
_BURIED_HERE = tombstones.c.feed_id == _FEED, one_of(tombstones.c.key, _KEYS)
_BURIED = select(tombstones.c.key).where(*_BURIED_HERE)
_STILL_LISTED = (
    update(tombstones).where(*_BURIED_HERE, tombstones.c.seen_at < bindparam("noted")).values(seen_at=bindparam("now"))
)
_AT_URL = (
    select(*_KNOWN).where(_MINE, one_of(entries.c.canonical_url, bindparam("urls", type_=TEXTS))).order_by(entries.c.id)
)
_TITLED = (
    select(*_KNOWN).where(_MINE, one_of(entries.c.title_key, bindparam("titles", type_=TEXTS))).order_by(entries.c.id)
)
_LATEST = select(entries.c.published_at).where(_MINE).order_by(entries.c.id.desc()).limit(RECENT)


def recall(db: Db, feed_id: int, candidates: Sequence[Entry]) -> Memory:
    """Gather what is known of a document's entries: by key, and for the unknown ones by address and by headline.

    An entry that was pruned while its feed still lists it counts as known and unchanged, so that it does not return.
    """
    keys = {entry.key: entry for entry in candidates}
    by_key = {row.key: _known(row) for row in db.execute(_BY_KEY, {"feed": feed_id, "keys": list(keys)}).all()}
    strange = [entry for entry in candidates if entry.key not in by_key]
    if not strange:
        return Memory(by_key=by_key, by_url={}, by_title={}, newest_published_at=None, entry_count=len(by_key))
    missing = {"feed": feed_id, "keys": [entry.key for entry in strange]}
    for row in db.execute(_RENAMED, missing).all():
        by_key[row.alias] = _known(row)
    for key in db.execute(_BURIED, missing).scalars().all():
        by_key.setdefault(key, _pruned(keys[key]))
    urls = sorted({entry.canonical_url for entry in strange if entry.canonical_url})
    titles = sorted({title_key(entry.item.title) for entry in strange})
    at_url = db.execute(_AT_URL, {"feed": feed_id, "urls": urls}).all() if urls else ()
    titled = db.execute(_TITLED, {"feed": feed_id, "titles": titles}).all()
    recent = db.execute(_LATEST, {"feed": feed_id}).scalars().all()
    return Memory(
        by_key=by_key,
        by_url={row.canonical_url: _known(row) for row in sorted(at_url, key=_id)},
        by_title={row.title_key: _known(row) for row in sorted(titled, key=_id)},
        newest_published_at=max((moment for moment in recent if moment is not None), default=None),
        entry_count=len(recent),
    )


def rename(db: Db, feed_id: int, migrated: Iterable[tuple[int, str]]) -> None:
    """Remember that known entries now come under another key as well."""
    rows = {key: entry_id for entry_id, key in migrated if entry_id > 0}
    if not rows:
        return
    already = set(db.execute(_ALIASED, {"feed": feed_id, "keys": list(rows)}).scalars())
    fresh = [
        {"feed_id": feed_id, "key": key, "entry_id": entry_id} for key, entry_id in rows.items() if key not in already
    ]
    if fresh:
        db.execute(insert(aliases), fresh)


def still_listed(db: Db, feed_id: int, keys: Iterable[str], now: datetime) -> None:
    """Note, once in a while, which pruned entries a feed still lists, so that their tombstones stay."""
    db.execute(_STILL_LISTED, {"feed": feed_id, "keys": list(keys), "now": now, "noted": now - NOTED_EVERY})


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
