"""Lets a feed whose address was corrected in the configuration go on with what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from watcher.identify import KnownEntries, hash_title, to_entries
from watcher.model.entry import Entry
from watcher.model.feed import Feed
from watcher.model.poll import Modified, PollOutcome, RememberedEntry
from watcher.schedule.corrections import is_continuation, sample_entries, was_shown_before
from watcher.store.database import Db
from watcher.store.entries.known_entries import load_known_entries_of_feeds
from watcher.store.feeds.successors import continue_feed, list_removed_feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """A feed that goes on from `former`, as that was at its own address; `shared` items prove that it is the same."""

    feed: Feed
    former: Feed
    shared: int

    def was_shown_before(self, entry: Entry) -> bool:
        """Return whether an unknown entry is older than the last look at the former address."""
        return was_shown_before(entry, self.former, shared=self.shared > 0)


def continue_feeds(db: Db, polls: Sequence[tuple[Feed, PollOutcome]], now: datetime) -> Mapping[int, Succession]:
    """Store which added feeds, of those whose first document has come, go on from feeds that left the configuration.

    Returned by the id that the added feed had until now.
    """
    first_polls = [(feed, out) for feed, out in polls if feed.stats.baseline_at is None and isinstance(out, Modified)]
    left = list(list_removed_feeds(db, now)) if first_polls else []
    successions: dict[int, Succession] = {}
    for feed, outcome in first_polls:
        best = _find_former(db, feed, outcome, left) if left else None
        if best is None:
            continue
        former, shared = best
        left.remove(former)
        if (successor := continue_feed(db, feed, former, now)) is not None:
            successions[feed.id] = Succession(feed=successor, former=former, shared=shared)
    return successions


def _find_former(db: Db, feed: Feed, outcome: Modified, left: Sequence[Feed]) -> tuple[Feed, int] | None:
    """Return the feed that an added one goes on from, the one with most of its items, and how many."""
    samples = sample_entries(to_entries(outcome.parsed, feed))
    known = load_known_entries_of_feeds(db, [(other.id, samples) for other in left])
    counts = [
        (other, sum(_is_shared(entry, remembered) for entry in samples))
        for other, remembered in zip(left, known, strict=True)
    ]
    alike = [(other, shared) for other, shared in counts if is_continuation(feed, other, shared, len(samples))]
    return max(alike, key=lambda pair: pair[1], default=None)


def _is_shared(entry: Entry, remembered: KnownEntries) -> bool:
    """Return whether an entry is known of another feed: by its id and headline, by its address, or headline and date.

    Ids alone prove nothing, many feeds count from 1; nor do headlines, nor the address of a home page.
    """
    same_key = _list_same_key(entry, remembered)
    if any(hash_title(known.title) == hash_title(entry.item.title) for known in same_key):
        return True
    return _has_same_page(entry, same_key, remembered) or _has_same_title_and_date(entry, remembered)


def _list_same_key(entry: Entry, remembered: KnownEntries) -> list[RememberedEntry]:
    """Return the stored entries under the key of an entry, or under the key that identity version 1 gave it."""
    same_key = (remembered.by_key.get(key) for key in (entry.key, entry.former_key) if key)
    # What was pruned has left its id behind and no more.
    return [known for known in same_key if isinstance(known, RememberedEntry)]


def _has_same_page(entry: Entry, same_key: Sequence[RememberedEntry], remembered: KnownEntries) -> bool:
    url = entry.canonical_url
    if not url or not _is_particular(url):
        return False
    return any(known.canonical_url == url for known in same_key) or bool(remembered.by_url.get(url))


def _has_same_title_and_date(entry: Entry, remembered: KnownEntries) -> bool:
    item = entry.item
    if not item.title or item.published_at is None:
        return False
    return any(known.published_at == item.published_at for known in remembered.by_title.get(hash_title(item.title), ()))


def _is_particular(url: str) -> bool:
    """Return whether an address is one page's, and not a site's home page."""
    parts = urlsplit(url)
    return parts.path not in {"", "/"} or bool(parts.query)
