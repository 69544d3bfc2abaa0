"""A feed's memory in a dictionary: keeps what sorting tells as the store does, and offers it to the next poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.feed_builder import build_feed, change_feed
from watcher.identify import (
    KnownEntries,
    build_plain_key,
    build_shared_key,
    build_specific_keys,
    diff_entries,
    hash_title,
    to_entries,
)
from watcher.model.entry import Entry, Item
from watcher.model.feed import FeedConfig
from watcher.model.poll import EntryDiff, ParsedFeed, RememberedEntry

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(number: int, **stated: object) -> Item:
    """Give the item of the hour `number` hours before NOON, with a guid and an address of its own."""
    facts: dict[str, object] = {
        "guid": f"tag:post.example,{number}",
        "url": f"https://post.example/story-{number}",
        "title": f"Story number {number} from the harbour",
        "summary": f"What happened at hour {number}.",
        "published_at": NOON - number * HOUR,
        "published_raw": f"hour {number}",
    }
    return Item(**(facts | stated))  # type: ignore[arg-type]


class Shelf:
    """One feed and everything that was ever kept of it."""

    def __init__(self) -> None:
        url = "https://post.example/rss"
        self.feed = build_feed(url, config=FeedConfig(url=url, title="Harbour Post"))
        self.entries: dict[int, Entry] = {}
        self.versions: dict[int, int] = {}
        self.keys: dict[str, int] = {}
        self.old_texts: list[tuple[str, str]] = []

    @property
    def titles(self) -> list[str]:
        return [entry.item.title for entry in self.entries.values()]

    @property
    def texts(self) -> set[tuple[str, str]]:
        """Name every headline with its text that is held, be it as an earlier version."""
        return {(entry.item.title, entry.item.summary) for entry in self.entries.values()} | set(self.old_texts)

    def poll(self, *items: Item, now: datetime = NOON, delta: bool = False) -> EntryDiff:
        """Read a document of these items."""
        offered = to_entries(ParsedFeed(items=items), self.feed)
        merged = len(items) - len(offered)
        diff = diff_entries(offered, self.feed, self._memory(offered), now, delta=delta, merged=merged)
        for entry in (*diff.new, *diff.quarantined, *diff.recovered):
            self._keep(entry)
        for edit in diff.edited:
            before = self.entries[edit.known.id].item
            self.old_texts.append((before.title, before.summary))
            self.entries[edit.known.id] = replace(edit.entry, key=edit.known.key)
            self.versions[edit.known.id] += 1
        for known_id, key in diff.migrated:
            self.keys.setdefault(key, known_id)
        self.feed = change_feed(
            self.feed,
            identity_version=diff.identity_version,
            id_changes=self.feed.document.id_changes + diff.id_changes,
            keys=diff.document_keys,
            baseline_at=self.feed.stats.baseline_at or now,
            succeeded_at=now,
            read_at=now,
        )
        return diff

    def _keep(self, entry: Entry) -> None:
        assert entry.key not in self.keys, "a key is given once"
        number = len(self.entries) + 1
        self.entries[number], self.versions[number], self.keys[entry.key] = entry, 1, number
        if entry.key != build_plain_key(entry.item):
            self.keys[build_shared_key(build_plain_key(entry.item))] = number

    def _memory(self, offered: tuple[Entry, ...]) -> KnownEntries:
        """Look up all that could be asked: every key that an item may have, its address and its headline."""
        known = {
            number: RememberedEntry(
                id=number,
                key=entry.key,
                canonical_url=entry.canonical_url,
                content_hash=entry.content_hash,
                title=entry.item.title,
                published_at=entry.item.published_at,
                version=self.versions[number],
                raw_id=entry.item.guid or entry.item.url,
            )
            for number, entry in self.entries.items()
        }
        asked = {
            key
            for entry in offered
            for key in (
                entry.key,
                *build_specific_keys(entry),
                build_shared_key(entry.key),
                entry.former_key or entry.key,
            )
        }
        urls = {entry.canonical_url for entry in offered}
        titles = {hash_title(entry.item.title) for entry in offered}
        dates = [known_entry.published_at for known_entry in known.values() if known_entry.published_at is not None]
        by_url: dict[str, list[RememberedEntry]] = {}
        by_title: dict[str, list[RememberedEntry]] = {}
        for known_entry in known.values():
            if known_entry.canonical_url and known_entry.canonical_url in urls:
                by_url.setdefault(known_entry.canonical_url, []).append(known_entry)
            if (title := hash_title(known_entry.title)) and title in titles:
                by_title.setdefault(title, []).append(known_entry)
        return KnownEntries(
            by_key={key: known[self.keys[key]] for key in asked if key in self.keys},
            by_url=by_url,
            by_title=by_title,
            newest_published_at=max(dates, default=None),
            entry_count=len(known),
        )
