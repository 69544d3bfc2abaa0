"""Maps entries to their rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, select

from watcher.model.entry import Entry, Item, StoredEntry
from watcher.store.entries.enclosures import format_enclosures, parse_enclosures
from watcher.store.entries.key_hashes import hash_key
from watcher.store.tables import entries, feeds


class StoryAssignment(NamedTuple):
    """The story that an entry belongs to, and whether it is a near copy of an earlier report."""

    story_id: int
    copy: bool


_WHOLE = select(entries, feeds.c.url.label("feed_url"), feeds.c.name.label("source")).join(
    feeds, feeds.c.id == entries.c.feed_id
)
ENTRY_NAMES = (
    "id", "feed_id", "key", "key_mark", "guid", "permalink", "url", "canonical_url", "content_hash", "title", "summary",
    "content", "author", "tags", "language", "published_at", "published_raw", "item_updated_at", "published_doubtful",
    "enclosures", "source", "feed_url", "first_seen_at", "updated_at", "version", "baseline", "quarantined",
)  # fmt: skip
"""The columns of `select_entries` that an entry is read from, in the order of `read_entry_values`."""
_COUNT = len(ENTRY_NAMES)
_get_values = itemgetter(*ENTRY_NAMES)


def select_entries() -> Select[Any]:
    """Select all of an entry with what it needs of its feed; `read` makes a StoredEntry of a row."""
    return _WHOLE


def read_entry_row(row: RowMapping) -> StoredEntry:
    """Return the StoredEntry of a row of `select_entries`."""
    return _build_entry(_get_values(row))


def read_entry_values(values: Sequence[Any]) -> StoredEntry:
    """Return the StoredEntry of the first values of a row, which are in the order of `ENTRY_NAMES`."""
    return _build_entry(values[:_COUNT])


def _build_entry(values: Sequence[Any]) -> StoredEntry:
    """Return the entry of values in the order of `ENTRY_NAMES`."""
    # Unpacked at once: a row that looks up each value by its name takes longer than all else here.
    (
        id_, feed_id, key, key_mark, guid, permalink, url, canonical_url, content_hash, title, summary, content, author,
        tags, language, published_at, published_raw, updated_at, is_doubtful, enclosures, source, feed_url,
        first_seen_at, edited_at, version, is_baseline, is_quarantined,
    ) = values  # fmt: skip
    guid, canonical_url = url if permalink else guid, canonical_url or url
    return StoredEntry(
        id=id_,
        entry=Entry(
            feed_id=feed_id,
            key=restore_key(key, guid, canonical_url, key_mark),
            canonical_url=canonical_url,
            content_hash=content_hash,
            item=Item(
                guid=guid,
                url=url,
                title=title,
                summary=summary,
                content=content,
                author=author,
                tags=tuple(tags.split("\n")) if tags else (),
                language=language,
                published_at=published_at,
                published_raw=published_raw,
                updated_at=updated_at,
                date_doubtful=is_doubtful,
                enclosures=parse_enclosures(enclosures),
            ),
            source=source,
            feed_url=feed_url,
        ),
        first_seen_at=first_seen_at,
        updated_at=edited_at,
        version=version,
        baseline=is_baseline,
        quarantined=is_quarantined,
    )


def format_usual_key(raw_id: str) -> str:
    """Return the key of most entries, which is made of their guid. Under identity version 1, of a canonical address."""
    return f"guid:{raw_id}"


def restore_key(key: str | None, guid: str | None, canonical_url: str | None, key_mark: int) -> str:
    """Return an entry's key from what its row holds of it: no text where it is the usual one of guid or address."""
    if key is not None:
        return key
    if guid is not None and guid == canonical_url:
        return format_usual_key(guid)  # either way
    if guid is not None and hash_key(usual := format_usual_key(guid)) == key_mark:
        return usual
    return format_usual_key(canonical_url or "")


def build_new_entry_row(stored: StoredEntry, assignment: StoryAssignment | None) -> dict[str, Any]:
    return build_entry_row(stored.entry) | {
        "id": stored.id,
        "first_seen_at": stored.first_seen_at,
        "baseline": stored.baseline,
        "quarantined": stored.quarantined,
        "story_id": assignment.story_id if assignment else None,
        "copy": assignment is not None and assignment.copy,
    }


def build_entry_row(entry: Entry) -> dict[str, Any]:
    # Imported where entries are written: with the tokenizer behind it, it takes longer than a list that is read.
    from watcher.identify.keys import hash_title

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


def build_version_row(before: StoredEntry, now: datetime) -> dict[str, Any]:
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
