"""Lets a feed under a corrected address go on from what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from watcher.identify import KnownEntries, hash_title, to_entries
from watcher.model.entry import Entry
from watcher.model.feed import Feed
from watcher.model.poll import KnownEntry, Modified, PollOutcome
from watcher.schedule.corrections import get_samples, goes_on, was_shown_before
from watcher.store.database import Db
from watcher.store.entries.known_entries import load_known_entries_of_feeds
from watcher.store.feeds.successors import continue_feed, list_removed_feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """A feed that goes on from `left`, as it was under its former address; `shared` items prove that it is the same."""

    feed: Feed
    left: Feed
    shared: int

    def was_shown_before(self, entry: Entry) -> bool:
        """Return whether an unknown entry is older than the last look at the former address."""
        return was_shown_before(entry, self.left, shared=self.shared > 0)


def continue_feeds(db: Db, polled: Sequence[tuple[Feed, PollOutcome]], now: datetime) -> Mapping[int, Continued]:
    """Find, for feeds whose first document has come, the ones that left the configuration and that they go on from.

    Returned by the id that the added feed had until now.
    """
    first = [
        (feed, outcome) for feed, outcome in polled if feed.stats.baseline_at is None and isinstance(outcome, Modified)
    ]
    left = list(list_removed_feeds(db, now)) if first else []
    continued: dict[int, Continued] = {}
    for feed, outcome in first:
        best = _find_best(db, feed, outcome, left) if left else None
        if best is None:
            continue
        former, shared = best
        left.remove(former)
        if (heir := continue_feed(db, feed, former, now)) is not None:
            continued[feed.id] = Continued(feed=heir, left=former, shared=shared)
    return continued


def _find_best(db: Db, feed: Feed, outcome: Modified, left: Sequence[Feed]) -> tuple[Feed, int] | None:
    """Return the feed that an added one goes on from, the one with most of its items, and how many."""
    samples = get_samples(to_entries(outcome.parsed, feed))
    known = load_known_entries_of_feeds(db, [(other.id, samples) for other in left])
    counts = [
        (other, sum(_is_shared(entry, remembered) for entry in samples))
        for other, remembered in zip(left, known, strict=True)
    ]
    alike = [(other, shared) for other, shared in counts if goes_on(feed, other, shared, len(samples))]
    return max(alike, key=lambda pair: pair[1], default=None)


def _is_shared(entry: Entry, remembered: KnownEntries) -> bool:
    """Return whether an entry is known of another feed: by its id and headline, by its address, or headline and date.

    Ids alone prove nothing, many feeds count from 1; nor do headlines, nor the address of a home page.
    """
    item = entry.item
    keys = (key for key in (entry.key, entry.former_key) if key)
    # What was pruned (id 0) has left its id behind and no more.
    by_key = [known for key in keys if (known := remembered.by_key.get(key)) is not None and known.id]
    if any(hash_title(known.title) == hash_title(item.title) for known in by_key):
        return True
    by_url: Sequence[KnownEntry] = remembered.by_url.get(entry.canonical_url, ()) if entry.canonical_url else ()
    same_place = any(known.canonical_url == entry.canonical_url for known in by_key) or bool(by_url)
    if same_place and entry.canonical_url and _is_particular(entry.canonical_url):
        return True
    titled = remembered.by_title.get(hash_title(item.title), ()) if item.title else ()
    return item.published_at is not None and any(known.published_at == item.published_at for known in titled)


def _is_particular(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path not in {"", "/"} or bool(parts.query)
