"""Makes entries of a document's items, each item once."""

from __future__ import annotations

from watcher.identify.keys import build_plain_key, get_date_text, hash_content, is_http_url
from watcher.identify.legacy_keys import build_legacy_keys
from watcher.model.entry import Entry, Item
from watcher.model.feed import IDENTITY_VERSION, Feed
from watcher.model.poll import ParsedFeed
from watcher.text.urls import canonical_url


def to_entries(parsed: ParsedFeed, feed: Feed) -> tuple[Entry, ...]:
    """Return a document's items as entries, in its order, without those that repeat another one.

    A repetition agrees in id, headline, address, date and text. The keys are the plain ones, which several entries may
    share: `sort` makes them the keys under which entries are stored.
    """
    before: list[str] | list[None] = [None] * len(parsed.items)
    if feed.document.identity_version < IDENTITY_VERSION:
        before = build_legacy_keys(parsed.items, feed.document.legacy_key_rule)
    source = feed.config.title or parsed.title or feed.name
    entries: dict[object, Entry] = {}
    for item, former_key in zip(parsed.items, before, strict=True):
        key, url, text = build_plain_key(item), _address(item), _hash_text(item)
        identity = _identity(item, key, url, text)
        if identity in entries:
            continue
        entries[identity] = Entry(
            feed_id=feed.id,
            key=key,
            canonical_url=url,
            content_hash=text,
            item=item,
            source=source,
            feed_url=feed.config.url,
            former_key=former_key,
        )
    return tuple(entries.values())


def count_repeated_items(parsed: ParsedFeed) -> int:
    """Return how many items of a document repeat another one of it, so that `to_entries` leaves them out."""
    distinct = {_identity(item, build_plain_key(item), _address(item), _hash_text(item)) for item in parsed.items}
    return len(parsed.items) - len(distinct)


def _hash_text(item: Item) -> bytes:
    # Of an item that stands as it stood, the text was not read.
    return b"" if item.repeated else hash_content(item)


def _identity(item: Item, key: str, url: str | None, text_hash: bytes) -> tuple[object, ...]:
    return (key, item.mark) if item.repeated else (key, item.title, url, get_date_text(item), text_hash)


def _address(item: Item) -> str | None:
    if item.url:
        return canonical_url(item.url)
    return canonical_url(item.guid) if item.guid and is_http_url(item.guid) else None
