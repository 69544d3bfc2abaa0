"""Stores polls: their entries, hits and stories, and when each feed is polled next, in one transaction.

The first file to read about the pipeline: what a poll found goes through `ingest_polls` and nothing else stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.identify import KnownEntries, build_plain_key, build_shared_key, diff_entries, has_unstable_ids, to_entries
from watcher.match import EntryText, TopicMatcher
from watcher.model.entry import Entry, NewEntry, StoredEntry
from watcher.model.feed import Feed
from watcher.model.poll import EntryDiff, Failed, FailureKind, Modified, PollOutcome, Unchanged
from watcher.model.topic import Hit
from watcher.pipeline.edits import store_edit_hits
from watcher.pipeline.enrichment import enrich_entries
from watcher.pipeline.feed_events import to_poll_record
from watcher.pipeline.feed_succession import Succession, continue_feeds
from watcher.pipeline.fulltext import attach_fulltext
from watcher.pipeline.ingest_result import IngestResult
from watcher.schedule import PollLimits, PollTerms, apply_budget, get_mark, plan_next_poll
from watcher.store.database import Db
from watcher.store.entries.commands import assign_entry_ids, insert_entries, update_entries
from watcher.store.entries.known_entries import (
    add_aliases,
    add_tombstone_keys,
    load_known_entries_of_feeds,
    touch_tombstones,
    touch_tombstones_of_unchanged,
)
from watcher.store.entries.mapping import StoryAssignment
from watcher.store.feeds.commands import save_polled_feeds
from watcher.store.feeds.hosts import count_rate_limited_feeds, defer_host
from watcher.store.feeds.leases import filter_held_feeds
from watcher.store.feeds.poll_history import add_polls
from watcher.store.hits.commands import insert_hits, lock_hits
from watcher.store.stories.placement import choose_stories
from watcher.text.urls import waiting_host

HOST_REFUSALS = 3
HOST_REFUSALS_WITHIN = timedelta(minutes=10)
"""When so many feeds of one host are rate limited within so long, the host is meant, and its other feeds wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRules:
    """What applies to one transaction: the topics, the limits of polling, and `jitter`, which returns [0, 1)."""

    matcher: TopicMatcher
    limits: PollLimits
    jitter: Callable[[], float]


def ingest_polls(
    db: Db, polls: Sequence[tuple[Feed, PollOutcome]], rules: IngestRules, now: datetime
) -> tuple[IngestResult, ...]:
    """Store polls with the outcomes that they had, and return the results in their order.

    A feed whose claim somebody else holds by now is not touched: its result has `is_stored` false.
    """
    held = filter_held_feeds(db, (feed for feed, _outcome in polls))
    held_polls = [(held[feed.id], outcome) for feed, outcome in polls if feed.id in held]
    # A corrected address: the feed that was added goes on under the id of the one that left the configuration.
    successions = continue_feeds(db, held_polls, now)
    held_polls = [(_get_successor(feed, successions), outcome) for feed, outcome in held_polls]
    by_successor = {succession.feed.id: succession for succession in successions.values()}
    documents = _store_documents(db, held_polls, rules, now, by_successor)
    stored = [
        _make_result(feed, outcome, documents.get(feed.id), rules, now, by_successor.get(feed.id))
        for feed, outcome in held_polls
    ]
    save_polled_feeds(db, ((result.before, result.after) for result in stored))
    add_polls(db, (to_poll_record(result, now) for result in stored))
    for result in stored:
        if isinstance(result.outcome, Failed) and result.outcome.kind is FailureKind.RATE_LIMITED:
            _back_off_host(db, result.after, result.outcome, now)
    remaining = iter(stored)
    return tuple(
        next(remaining) if feed.id in held else IngestResult(before=feed, after=feed, outcome=outcome, is_stored=False)
        for feed, outcome in polls
    )


def store_new_entries(db: Db, numbered: Sequence[StoredEntry], matcher: TopicMatcher, now: datetime) -> tuple[Hit, ...]:
    """Store entries that have just got their ids, their hits, and the stories of those with hits; return the hits."""
    found_hits: list[Hit] = []
    tokenized = []
    for stored in numbered:
        # Split into words once, for the topics and for the archive's index; what one entry needs is freed at once.
        text = EntryText(stored)
        found_hits += matcher.match_entries((text,), now)
        tokenized.append(text.format_index_text())
    assignments: Mapping[int, StoryAssignment] = {}
    if found_hits:
        lock_hits(db)
        matched_ids = {hit.entry_id for hit in found_hits}
        assignments = choose_stories(db, [entry for entry in numbered if entry.id in matched_ids], now)
    insert_entries(db, numbered, assignments, tokenized)
    insert_hits(db, found_hits)
    return tuple(found_hits)


@dataclass(slots=True)
class _IngestedDocument:
    """A document compared with the store, and what of it has been stored; `seen` counts its distinct entries."""

    feed: Feed
    seen: int
    diff: EntryDiff
    new: list[StoredEntry] = field(default_factory=list)
    edited: list[StoredEntry] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)


def _get_successor(feed: Feed, successions: Mapping[int, Succession]) -> Feed:
    succession = successions.get(feed.id)
    return feed if succession is None else succession.feed


def _store_documents(
    db: Db,
    polls: Sequence[tuple[Feed, PollOutcome]],
    rules: IngestRules,
    now: datetime,
    successions: Mapping[int, Succession],
) -> Mapping[int, _IngestedDocument]:
    """Store the entries of all documents with a handful of statements; return the documents by feed id."""
    parsed = [(feed, outcome) for feed, outcome in polls if isinstance(outcome, Modified)]
    offered = [(feed.id, to_entries(outcome.parsed, feed)) for feed, outcome in parsed]
    known = load_known_entries_of_feeds(db, offered)
    documents: dict[int, _IngestedDocument] = {}
    # All documents are compared before any is stored: ids are then assigned, and rows written, for all of them at once.
    for (feed, outcome), (_feed_id, candidate_entries), remembered in zip(parsed, offered, known, strict=True):
        diff = _compare(feed, outcome, candidate_entries, remembered, rules.limits, now)
        documents[feed.id] = _IngestedDocument(feed=feed, seen=len(candidate_entries), diff=diff)
    unnumbered = [
        entry
        for document in documents.values()
        for entry in _list_to_store(document, successions.get(document.feed.id), now)
    ]
    new = assign_entry_ids(db, unnumbered)
    found_hits = store_new_entries(db, new, rules.matcher, now)
    edited = update_entries(db, [edit for document in documents.values() for edit in document.diff.edited], now)
    found_hits += store_edit_hits(db, edited, rules.matcher, now)
    _store_keys(db, documents, new)
    pruned = [
        (feed_id, key)
        for (feed_id, _candidates), remembered in zip(offered, known, strict=True)
        for key in remembered.pruned
    ]
    touch_tombstones(db, pruned, now)
    same = [
        (feed.id, feed.poll.read_at)
        for feed, outcome in polls
        if isinstance(outcome, Unchanged) and outcome.by == "hash"
    ]
    touch_tombstones_of_unchanged(db, same, now)
    _assign_to_documents(documents, new, edited, found_hits)
    return documents


def _compare(
    feed: Feed,
    outcome: Modified,
    candidate_entries: Sequence[Entry],
    remembered: KnownEntries,
    limits: PollLimits,
    now: datetime,
) -> EntryDiff:
    """Return what is new, edited and known of a document, within the feed's budget, with full text and languages."""
    # A push, and an answer to A-IM: feed (RFC 3229, status 226), hold only what is new: no gap can be seen in them.
    delta = outcome.pushed or outcome.document.status == 226
    repeated = len(outcome.parsed.items) - len(candidate_entries)
    diff = diff_entries(candidate_entries, feed, remembered, now, delta=delta, merged=repeated)
    diff = apply_budget(diff, outcome.parsed, feed, limits.budget, now, delta=delta)
    return enrich_entries(attach_fulltext(diff, outcome), feed, outcome.parsed.language)


def _list_to_store(document: _IngestedDocument, succession: Succession | None, now: datetime) -> list[NewEntry]:
    """Return the entries of a document that are stored, without ids yet: new, quarantined, then recovered ones."""
    feed, diff = document.feed, document.diff
    new = [
        NewEntry(entry=entry, first_seen_at=now, baseline=_is_baseline(feed, entry, succession)) for entry in diff.new
    ]
    quarantined = [NewEntry(entry=entry, first_seen_at=now, quarantined=True) for entry in diff.quarantined]
    recovered = [NewEntry(entry=entry, first_seen_at=now, baseline=True) for entry in diff.recovered]
    return [*new, *quarantined, *recovered]


def _is_baseline(feed: Feed, entry: Entry, succession: Succession | None) -> bool:
    """Return whether an entry is older than the watch.

    It was in the feed's first document, which may be too large to be stored at once; or it is older than the last look
    at the address that the feed had before.
    """
    if feed.stats.baseline_at is None or get_mark(entry) in feed.document.baseline_marks:
        return True
    return succession is not None and succession.was_shown_before(entry)


def _store_keys(db: Db, documents: Mapping[int, _IngestedDocument], new: Sequence[StoredEntry]) -> None:
    """Store the keys under which known entries came back, and those of ids that several entries share."""
    renamed = [(feed_id, id_, key) for feed_id, document in documents.items() for id_, key in document.diff.migrated]
    renamed += [
        (stored.entry.feed_id, stored.id, build_shared_key(plain))
        for stored in new
        if (plain := _get_shared_id(stored.entry))
    ]
    unstable = {document.feed.id for document in documents.values() if has_unstable_ids(document.feed)}
    add_aliases(db, renamed, unstable)
    tombstone_keys = (
        (feed_id, *keys) for feed_id, document in documents.items() for keys in document.diff.tombstone_keys
    )
    add_tombstone_keys(db, tombstone_keys)


def _get_shared_id(entry: Entry) -> str | None:
    """Return the plain key of an entry's id where several entries of the document have that id."""
    plain = build_plain_key(entry.item)
    return None if entry.key == plain else plain


def _assign_to_documents(
    documents: Mapping[int, _IngestedDocument],
    new: Sequence[StoredEntry],
    edited: Sequence[StoredEntry],
    found_hits: Sequence[Hit],
) -> None:
    """Add what was stored to the document that it came with."""
    by_entry = {stored.id: documents[stored.entry.feed_id] for stored in (*new, *edited)}
    for stored in new:
        by_entry[stored.id].new.append(stored)
    for stored in edited:
        by_entry[stored.id].edited.append(stored)
    for hit in found_hits:
        by_entry[hit.entry_id].hits.append(hit)


def _make_result(
    feed: Feed,
    outcome: PollOutcome,
    document: _IngestedDocument | None,
    rules: IngestRules,
    now: datetime,
    succession: Succession | None,
) -> IngestResult:
    diff = None if document is None else document.diff
    after = plan_next_poll(feed, outcome, diff, PollTerms(now=now, limits=rules.limits, jitter=rules.jitter()))
    if document is None:
        return IngestResult(before=feed, after=after, outcome=outcome)
    diff = document.diff
    return IngestResult(
        before=feed,
        after=after,
        outcome=outcome,
        seen=document.seen,
        new=tuple(document.new),
        edited=tuple(document.edited),
        hits=tuple(document.hits),
        lost=diff.gap.lost if diff.gap is not None else 0,
        quarantined=len(diff.quarantined),
        merged=diff.merged,
        left_out=diff.left_out,
        recovered=len(diff.recovered),
        continues=succession.former.config.url if succession else "",
    )


def _back_off_host(db: Db, feed: Feed, outcome: Failed, now: datetime) -> None:
    """Defer the other feeds of a host as well: at once after a 429, after the third 503 within minutes."""
    if outcome.status is None:
        return
    last_url = outcome.hops[-1].url if outcome.hops else feed.fetch_url
    host = waiting_host(urlsplit(last_url).hostname or "")
    if host is None:
        return
    if outcome.status == 429 or count_rate_limited_feeds(db, host, now - HOST_REFUSALS_WITHIN) >= HOST_REFUSALS:
        defer_host(db, host, feed.poll.next_poll_at)
