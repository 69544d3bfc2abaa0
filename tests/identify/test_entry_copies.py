"""Copies of items and entries that are written out for speed are those that `replace` makes."""

from __future__ import annotations

from dataclasses import fields, replace

from tests.moments import NOON
from watcher.model.entry import Enclosure, Entry, Item

ITEM = Item(
    guid="g",
    url="https://post.example/1",
    title="Harbour closed",
    summary="A summary.",
    content="The article.",
    author="Ann Lee",
    tags=("ports",),
    language="de",
    published_at=NOON,
    published_raw="noon",
    updated_at=NOON,
    date_doubtful=True,
    enclosures=(Enclosure(url="https://post.example/1.mp3"),),
    mark=b"12345678",
    repeated=True,
)
ENTRY = Entry(
    feed_id=7,
    key="guid:g",
    canonical_url="https://post.example/1",
    content_hash=b"hash",
    item=ITEM,
    source="The Post",
    feed_url="https://post.example/feed",
    former_key="former",
)


def _values(value: Item | Entry) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def test_every_field_of_the_examples_differs_from_its_default() -> None:
    assert all(getattr(ITEM, field.name) != field.default for field in fields(ITEM))
    assert all(getattr(ENTRY, field.name) != field.default for field in fields(ENTRY))


def test_an_item_with_language_and_tags_keeps_all_else() -> None:
    changed = ITEM.with_language_and_tags("en", ("desk",))

    assert _values(changed) == _values(replace(ITEM, language="en", tags=("desk",)))


def test_an_entry_with_another_item_keeps_all_else() -> None:
    item = Item(guid="other")

    assert _values(ENTRY.with_item(item)) == _values(replace(ENTRY, item=item))
