"""A feed's memory in a dictionary: keeps what sorting tells as the store does, and offers it to the next poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.identify import Memory, candidates, sort, title_key
from watcher.model.entry import Entry, Item
from watcher.model.feed import Feed, Source
from watcher.model.poll import Known, Parsed, Sorted

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(number: int, **said: object) -> Item:
    """Give the item of the hour `number` hours before NOON, with a guid and an address of its own."""
    facts: dict[str, object] = {
        "guid": f"tag:post.example,{number}",
        "url": f"https://post.example/story-{number}",
        "title": f"Story number {number} from the harbour",
        "summary": f"What happened at hour {number}.",
        "published_at": NOON - number * HOUR,
        "published_raw": f"hour {number}",
    }
    return Item(**(facts | said))  # type: ignore[arg-type]


class Shelf:
    """One feed and everything that was ever kept of it."""

    def __init__(self) -> None:
        url = "https://post.example/rss"
        self.feed = Feed(id=1, source=Source(url=url, title="Harbour Post"), fetch_url=url, next_poll_at=NOON)
        self.entries: dict[int, Entry] = {}
        self.versions: dict[int, int] = {}
        self.keys: dict[str, int] = {}

    @property
    def titles(self) -> list[str]:
        return [entry.item.title for entry in self.entries.values()]

    def poll(self, *items: Item, now: datetime = NOON, delta: bool = False) -> Sorted:
        """Read a document of these items."""
        offered = candidates(Parsed(items=items), self.feed)
        told = sort(offered, self.feed, self._memory(offered), now, delta=delta)
        for entry in (*told.new, *told.quarantined):
            self._keep(entry)
        for edit in told.edited:
            self.entries[edit.known.id] = replace(edit.entry, key=edit.known.key)
            self.versions[edit.known.id] += 1
        for known_id, key in told.migrated:
            self.keys.setdefault(key, known_id)
        self.feed = replace(
            self.feed,
            key_rule=told.key_rule,
            document_keys=told.document_keys,
            baseline_at=self.feed.baseline_at or now,
            succeeded_at=now,
            read_at=now,
        )
        return told

    def _keep(self, entry: Entry) -> None:
        assert entry.key not in self.keys, "a key is given once"
        number = len(self.entries) + 1
        self.entries[number], self.versions[number], self.keys[entry.key] = entry, 1, number

    def _memory(self, offered: tuple[Entry, ...]) -> Memory:
        """Look up what the store would: all keys, and addresses and headlines of the unknown ones."""
        known = {
            number: Known(
                id=number,
                key=entry.key,
                canonical_url=entry.canonical_url,
                content_hash=entry.content_hash,
                title=entry.item.title,
                published_at=entry.item.published_at,
                version=self.versions[number],
            )
            for number, entry in self.entries.items()
        }
        by_key = {entry.key: known[self.keys[entry.key]] for entry in offered if entry.key in self.keys}
        strange = [entry for entry in offered if entry.key not in by_key]
        urls = {entry.canonical_url for entry in strange}
        titles = {title_key(entry.item.title) for entry in strange}
        dates = [each.published_at for each in known.values() if each.published_at is not None]
        return Memory(
            by_key=by_key,
            by_url={k.canonical_url: k for k in known.values() if k.canonical_url and k.canonical_url in urls},
            by_title={title_key(k.title): k for k in known.values() if title_key(k.title) in titles},
            newest_published_at=max(dates, default=None),
            entry_count=len(known),
        )
