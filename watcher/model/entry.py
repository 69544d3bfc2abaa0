"""What a feed says (Item) and what the watcher keeps of it (Entry, NewEntry, StoredEntry)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A media file that an item carries: address, media type and length in bytes as the feed states them."""

    url: str
    type: str = ""
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as a feed document states it, cleaned to plain text, not yet identified.

    `guid` is verbatim (trimmed); `url` is absolute http(s) or None; `published_at` is aware UTC and None when the feed
    gave no date or an implausible one (`published_raw` keeps what it said; `date_doubtful` distinguishes the two).

    `language` is what the item declares for itself; ingest adds the one that is configured or detected, and to `tags`
    the feed's own.
    `enclosures` are no part of its text: another media file alone is no edit.

    `mark` is a hash of the item as it stood in the document. `repeated` says that it stood there before and is known:
    of such an item no more is read than its guid, address, headline and date of publication.
    """

    guid: str | None = None
    url: str | None = None
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    published_at: datetime | None = None
    published_raw: str = ""
    updated_at: datetime | None = None
    date_doubtful: bool = False
    enclosures: tuple[Enclosure, ...] = ()
    mark: bytes = field(default=b"", compare=False)
    repeated: bool = field(default=False, compare=False)

    def with_language_and_tags(self, language: str | None, tags: tuple[str, ...]) -> Item:
        """Return the item with another language and other tags; `replace` takes half as long again, for every item."""
        return Item(
            guid=self.guid,
            url=self.url,
            title=self.title,
            summary=self.summary,
            content=self.content,
            author=self.author,
            tags=tags,
            language=language,
            published_at=self.published_at,
            published_raw=self.published_raw,
            updated_at=self.updated_at,
            date_doubtful=self.date_doubtful,
            enclosures=self.enclosures,
            mark=self.mark,
            repeated=self.repeated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item with an identity: `key` names it within its feed for ever, whatever parser read it.

    `content_hash` covers what a reader would call its text; it changes when the item is edited.
    `source` is the outlet's name and `feed_url` the feed's configured address. `former_key` is the key by the rules of
    identity version 1, while the feed has entries under such.
    """

    feed_id: int
    key: str
    canonical_url: str | None
    content_hash: bytes
    item: Item
    source: str
    feed_url: str
    former_key: str | None = None

    def with_item(self, item: Item) -> Entry:
        """Return the entry with another form of its item; `replace` takes twice as long, for every entry."""
        return Entry(
            feed_id=self.feed_id,
            key=self.key,
            canonical_url=self.canonical_url,
            content_hash=self.content_hash,
            item=item,
            source=self.source,
            feed_url=self.feed_url,
            former_key=self.former_key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry that is to be stored, and has no id yet.

    `baseline` marks entries of a feed's first poll, `quarantined` what looks like a re-numbered archive: both are
    matched and kept, neither alerts.
    """

    entry: Entry
    first_seen_at: datetime
    baseline: bool = False
    quarantined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as the store keeps it: `id` is in order of discovery, `version` counts edits from 1.

    `baseline` and `quarantined` are those of the NewEntry that it was. The properties are those of its item.
    """

    id: int
    entry: Entry
    first_seen_at: datetime
    updated_at: datetime | None = None
    version: int = 1
    baseline: bool = False
    quarantined: bool = False

    @property
    def feed_id(self) -> int:
        return self.entry.feed_id

    @property
    def source(self) -> str:
        return self.entry.source

    @property
    def title(self) -> str:
        return self.entry.item.title

    @property
    def url(self) -> str | None:
        return self.entry.item.url

    @property
    def summary(self) -> str:
        return self.entry.item.summary

    @property
    def content(self) -> str:
        return self.entry.item.content

    @property
    def language(self) -> str | None:
        return self.entry.item.language

    @property
    def published_at(self) -> datetime | None:
        return self.entry.item.published_at
