"""Makes entries of a document's items, each item once."""

from __future__ import annotations

from watcher.identify.former import former_keys
from watcher.identify.keys import content_hash, date_as_written, is_address, plain_key
from watcher.model.entry import Entry, Item
from watcher.model.feed import IDENTITY_VERSION, Feed
from watcher.model.poll import Parsed
from watcher.text.urls import canonical_url


def candidates(parsed: Parsed, feed: Feed) -> tuple[Entry, ...]:
    """Return a document's items as entries, in its order, without those that repeat another one.

    A repetition agrees in id, headline, address, date and text. The keys are the plain ones, which several entries may
    share: `sort` makes them the keys under which entries are stored.
    """
    before: list[str] | list[None] = [None] * len(parsed.items)
    if feed.identity_version < IDENTITY_VERSION:
        before = former_keys(parsed.items, feed.key_rule)
    source = feed.source.title or parsed.title or feed.name
    found: dict[object, Entry] = {}
    for item, former_key in zip(parsed.items, before, strict=True):
        url = _address(item)
        key = plain_key(item)
        text = b"" if item.repeated else content_hash(item)
        twin = (key, item.mark) if item.repeated else (key, item.title, url, date_as_written(item), text)
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
    return canonical_url(item.guid) if item.guid and is_address(item.guid) else None
