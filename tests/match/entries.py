"""Entries for the matcher's tests, made of a few words."""

from __future__ import annotations

from typing import Any

from tests.moments import NOON
from watcher.model.entry import Entry, Item, StoredEntry


def entry(title: str = "", summary: str = "", content: str = "", *, id_: int = 1, **more: Any) -> StoredEntry:
    source = more.pop("source", "The Harbour Post")
    feed_url = more.pop("feed", "https://harbour.example/feed.xml")
    item = Item(title=title, summary=summary, content=content, **more)
    return StoredEntry(
        id=id_,
        entry=Entry(
            feed_id=1,
            key=f"key-{id_}",
            canonical_url=item.url,
            content_hash=b"",
            item=item,
            source=source,
            feed_url=feed_url,
        ),
        first_seen_at=NOON,
    )
