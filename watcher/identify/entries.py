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
    if feed.identity_version < IDENTITY_VERSION:
        before = build_legacy_keys(parsed.items, feed.key_rule)
    source = feed.source.title or parsed.title or feed.name
    found: dict[object, Entry] = {}
    for item, former_key in zip(parsed.items, before, strict=True):
        url = _address(item)
        key = build_plain_key(item)
        text = b"" if item.repeated else hash_content(item)
        twin = (key, item.mark) if item.repeated else (key, item.title, url, get_date_text(item), text)
        if twin in found:
            continue
        found[twin] = Entry(
            feed_id=feed.id,
            key=key,
            canonical_url=url,
            content_hash=text,
            item=item,
            source=source,
            feed_url=feed.source.url,
            former_key=former_key,
        )
    return tuple(found.values())


def _address(item: Item) -> str | None:
    if item.url:
        return canonical_url(item.url)
    return canonical_url(item.guid) if item.guid and is_http_url(item.guid) else None
