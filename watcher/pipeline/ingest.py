"""Settles a poll: what an answer means, and what is kept of it: all that a poll brought, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.errors import ParseError
from watcher.identify import build_plain_key, build_shared_key, diff_entries, has_unstable_ids, to_entries
from watcher.match import TopicMatcher
from watcher.model.entry import Entry, StoredEntry
from watcher.model.feed import Budget, Feed, PollableFeed
from watcher.model.poll import (
    Document,
    EntryDiff,
    Failed,
    FailureKind,
    FetchResult,
    Modified,
    NotModified,
    ParsedFeed,
    PollOutcome,
    Unchanged,
)
from watcher.model.topic import Hit
from watcher.parse import parse
from watcher.pipeline.edits import store_edits
from watcher.pipeline.enrichment import enrich_entries, load_detector_if_needed, load_detector_in_thread
from watcher.pipeline.feed_events import to_poll_record
from watcher.pipeline.feed_succession import Continued, continue_feeds
from watcher.pipeline.fulltext import attach_fulltext
from watcher.reading import Reader
from watcher.schedule import PollLimits, apply_budget, collect_hints, get_mark, plan_next_poll
from watcher.store.database import Db
from watcher.store.entries.known_entries import (
    add_aliases,
    add_tombstone_keys,
    load_known_entries_of_feeds,
    touch_tombstones,
)
from watcher.store.entries.queries import StoryAssignment, assign_entry_ids, insert_entries, update_entries
from watcher.store.feeds.hosts import count_rate_limited_feeds, defer_host
from watcher.store.feeds.leases import filter_held_feeds
from watcher.store.feeds.queries import add_polls, save_polled_feeds
from watcher.store.hits.queries import insert_hits, lock_hits
from watcher.store.stories.queries import choose_stories
from watcher.text.urls import waiting_host

SEVERAL = 3
SEVERAL_WITHIN = timedelta(minutes=10)
"""So many feeds of one host that are told to wait within so long speak for the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What a poll came to, once stored. `held` is false where the claim was lost meanwhile and nothing was stored.

    `continues` is the address that the feed had before it was corrected, where this poll found that out.
    """

    before: Feed
    after: Feed
    outcome: PollOutcome
    seen: int = 0
    new: tuple[StoredEntry, ...] = ()
    edited: tuple[StoredEntry, ...] = ()
    hits: tuple[Hit, ...] = ()
    lost: int = 0
    quarantined: int = 0
    merged: int = 0
    recovered: int = 0
    left_out: int = 0
    continues: str = ""
    held: bool = True


def read(feed: PollableFeed, fetched: FetchResult) -> PollOutcome:
    """Return what an answer means, its document read here and now, however long that takes."""
    if not isinstance(fetched, Document) or fetched.body_hash == feed.poll.body_hash:
        return _unread(fetched)
    try:
        parsed = parse(fetched, feed.document.item_marks)
        load_detector_if_needed(parsed, feed)
        return _fresh(fetched, parsed)
    except ParseError as error:
        return _unreadable(fetched, error)


async def read_with_limits(feed: PollableFeed, fetched: FetchResult, reader: Reader) -> PollOutcome:
    """Return what an answer means; reading its document costs no more than the reader's bounds."""
    if not isinstance(fetched, Document) or fetched.body_hash == feed.poll.body_hash:
        return _unread(fetched)
    try:
        parsed = await reader.parse(fetched, feed.document.item_marks)
        await load_detector_in_thread(parsed, feed)
        return _fresh(fetched, parsed)
    except ParseError as error:
        return _unreadable(fetched, error)


def _unread(fetched: FetchResult) -> PollOutcome:
    if isinstance(fetched, Failed):
        return fetched
    return Unchanged(
        by="304" if isinstance(fetched, NotModified) else "hash",
        validators=fetched.validators,
        hints=collect_hints(fetched.headers, None),
        hops=fetched.hops,
        elapsed=fetched.elapsed,
        conditional=fetched.conditional,
    )


def _fresh(document: Document, parsed: ParsedFeed) -> Modified:
    return Modified(document=document, parsed=parsed, hints=collect_hints(document.headers, parsed))


def _unreadable(document: Document, error: ParseError) -> Failed:
    kinds = {kind.value: kind for kind in FailureKind}
    return Failed(
        kind=kinds.get(error.kind, FailureKind.PARSE),
        message=str(error),
        status=document.status,
        hops=document.hops,
        elapsed=document.elapsed,
    )


def settle(
    db: Db, feed: Feed, outcome: PollOutcome, watched: TopicMatcher, now: datetime, bounds: PollLimits, jitter: float
) -> IngestResult:
    """Keep what a poll brought: entries, their hits, their stories and the feed's next poll, in one transaction."""
    return ingest_polls(db, [(feed, outcome)], watched, now, bounds, lambda: jitter)[0]


def ingest_polls(
    db: Db,
    polled: Sequence[tuple[Feed, PollOutcome]],
    watched: TopicMatcher,
    now: datetime,
    bounds: PollLimits,
    jitter: Callable[[], float],
) -> tuple[IngestResult, ...]:
    """Settle several polls: what all of them brought and teach goes to the database together."""
    held = filter_held_feeds(db, (feed for feed, _outcome in polled))
    ours = [(held[feed.id], outcome) for feed, outcome in polled if feed.id in held]
    continued = continue_feeds(db, ours, now)
    ours = [(continued[feed.id].feed if feed.id in continued else feed, outcome) for feed, outcome in ours]
    by_heir = {each.feed.id: each for each in continued.values()}
    read_ = [(feed, outcome) for feed, outcome in ours if isinstance(outcome, Modified)]
    brought = _bring(db, read_, watched, now, bounds.budget, by_heir)
    stored = iter(
        _settled(feed, outcome, brought.get(feed.id), now, bounds, jitter(), by_heir.get(feed.id))
        for feed, outcome in ours
    )
    settled = tuple(
        next(stored) if feed.id in held else IngestResult(before=feed, after=feed, outcome=outcome, held=False)
        for feed, outcome in polled
    )
    kept = [each for each in settled if each.held]
    save_polled_feeds(db, ((each.before, each.after) for each in kept))
    add_polls(db, (to_poll_record(each, now) for each in kept))
    for each in kept:
        match each.outcome:
            case Failed(kind=FailureKind.RATE_LIMITED, status=int()) as refused:
                _rest_host(db, each.after, refused, now)
            case _:
                pass
    return settled


@dataclass(slots=True)
class _Brought:
    """What one document came to: told apart, and what of it is stored."""

    seen: int
    told: EntryDiff
    new: list[StoredEntry] = field(default_factory=list)
    edited: list[StoredEntry] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)


def _bring(
    db: Db,
    read_: Sequence[tuple[Feed, Modified]],
    watched: TopicMatcher,
    now: datetime,
    budget: Budget,
    continued: Mapping[int, Continued],
) -> Mapping[int, _Brought]:
    """Keep what documents brought, all of them with a handful of statements; gives it by feed."""
    offered = [(feed.id, to_entries(outcome.parsed, feed)) for feed, outcome in read_]
    known = load_known_entries_of_feeds(db, offered)
    brought: dict[int, _Brought] = {}
    fresh: list[StoredEntry] = []
    for (feed, outcome), (_id, some), remembered in zip(read_, offered, known, strict=True):
        delta = outcome.pushed or outcome.document.status == 226
        repeated = len(outcome.parsed.items) - len(some)
        everything = diff_entries(some, feed, remembered, now, delta=delta, merged=repeated)
        told = attach_fulltext(apply_budget(everything, outcome.parsed, feed, budget, now, delta=delta), outcome)
        told = enrich_entries(told, feed, outcome.parsed.language)
        brought[feed.id] = _Brought(seen=len(some), told=told)
        before = continued.get(feed.id)
        fresh += [
            StoredEntry(id=0, entry=entry, first_seen_at=now, baseline=_was_there(feed, entry, before))
            for entry in told.new
        ]
        fresh += [StoredEntry(id=0, entry=entry, first_seen_at=now, quarantined=True) for entry in told.quarantined]
        fresh += [StoredEntry(id=0, entry=entry, first_seen_at=now, baseline=True) for entry in told.recovered]
    new = assign_entry_ids(db, fresh)
    found = store_new_entries(db, new, watched, now)
    edited = update_entries(db, [change for one in brought.values() for change in one.told.edited], now)
    found += store_edits(db, edited, watched, now)
    renamed = [(feed_id, id_, key) for feed_id, one in brought.items() for id_, key in one.told.migrated]
    renamed += [
        (each.entry.feed_id, each.id, build_shared_key(plain)) for each in new if (plain := _shared_id(each.entry))
    ]
    add_aliases(db, renamed, {feed.id for feed, _outcome in read_ if has_unstable_ids(feed)})
    add_tombstone_keys(db, ((feed_id, *keys) for feed_id, one in brought.items() for keys in one.told.gone))
    pruned = [(feed_id, key) for (feed_id, _some), one in zip(offered, known, strict=True) for key in one.pruned]
    touch_tombstones(db, pruned, now)
    whose = {stored.id: brought[stored.entry.feed_id] for stored in (*new, *edited)}
    for stored in new:
        whose[stored.id].new.append(stored)
    for stored in edited:
        whose[stored.id].edited.append(stored)
    for hit in found:
        whose[hit.entry_id].hits.append(hit)
    return brought


def _was_there(feed: Feed, entry: Entry, continued: Continued | None) -> bool:
    """Return whether an entry is older than the watch.

    It was in the feed's first document, which may be too large to be stored at once; or it is older than the last look
    at the address that the feed had before.
    """
    if feed.stats.baseline_at is None or get_mark(entry) in feed.document.baseline_marks:
        return True
    return continued is not None and continued.was_shown_before(entry)


def _shared_id(entry: Entry) -> str | None:
    """Return the plain key of an entry's id where it is not the entry's alone."""
    plain = build_plain_key(entry.item)
    return None if entry.key == plain else plain


def _settled(
    feed: Feed,
    outcome: PollOutcome,
    brought: _Brought | None,
    now: datetime,
    bounds: PollLimits,
    jitter: float,
    continued: Continued | None,
) -> IngestResult:
    if brought is None:
        return IngestResult(
            before=feed, after=plan_next_poll(feed, outcome, None, now, bounds, jitter), outcome=outcome
        )
    told = brought.told
    return IngestResult(
        before=feed,
        after=plan_next_poll(feed, outcome, told, now, bounds, jitter),
        outcome=outcome,
        seen=brought.seen,
        new=tuple(brought.new),
        edited=tuple(brought.edited),
        hits=tuple(brought.hits),
        lost=told.gap.lost if told.gap is not None else 0,
        quarantined=len(told.quarantined),
        merged=told.merged,
        left_out=told.left_out,
        recovered=len(told.recovered),
        continues=continued.left.config.url if continued else "",
    )


def _rest_host(db: Db, feed: Feed, outcome: Failed, now: datetime) -> None:
    """Let the other feeds of a host wait as well: at once after a 429, after a third 503 within minutes."""
    last = outcome.hops[-1].url if outcome.hops else feed.fetch_url
    host = waiting_host(urlsplit(last).hostname or "")
    if host is None:
        return
    if outcome.status == 429 or count_rate_limited_feeds(db, host, now - SEVERAL_WITHIN) >= SEVERAL:
        defer_host(db, host, feed.poll.next_poll_at)


def store_new_entries(db: Db, fresh: Sequence[StoredEntry], watched: TopicMatcher, now: datetime) -> tuple[Hit, ...]:
    """Store entries that have just been numbered, their hits, and the stories of those that have some."""
    found = watched.hits(fresh, now)
    homes: Mapping[int, StoryAssignment] = {}
    if found:
        lock_hits(db)
        told = {hit.entry_id for hit in found}
        homes = choose_stories(db, [each for each in fresh if each.id in told], now)
    insert_entries(db, fresh, homes)
    insert_hits(db, found)
    return found
