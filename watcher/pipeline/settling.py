"""Settles a poll: what an answer means, and what is kept of it: all that a poll brought, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.errors import ParseError
from watcher.identify import candidates, sort
from watcher.match import Watched
from watcher.model.entry import StoredEntry
from watcher.model.feed import Feed
from watcher.model.poll import (
    Document,
    Failed,
    FailureKind,
    Fetched,
    Fresh,
    NotModified,
    Outcome,
    Parsed,
    Sorted,
    Unchanged,
)
from watcher.model.topic import Hit, Origin
from watcher.parse import parse
from watcher.pipeline.articles import with_articles
from watcher.pipeline.notices import history
from watcher.reading import Reader
from watcher.schedule import Bounds, after, hints
from watcher.store import claims, entries, feeds, hits, hosts, memory, stories
from watcher.store.engine import Db
from watcher.store.entries import Home
from watcher.text.urls import waiting_host

SEVERAL = 3
SEVERAL_WITHIN = timedelta(minutes=10)
"""So many feeds of one host that are told to wait within so long speak for the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a poll came to, once stored. `held` is false where the claim was lost meanwhile and nothing was stored."""

    before: Feed
    after: Feed
    outcome: Outcome
    seen: int = 0
    new: tuple[StoredEntry, ...] = ()
    edited: tuple[StoredEntry, ...] = ()
    hits: tuple[Hit, ...] = ()
    lost: int = 0
    quarantined: int = 0
    held: bool = True


def read(feed: Feed, fetched: Fetched) -> Outcome:
    """Return what an answer means, its document read here and now, however long that takes."""
    if not isinstance(fetched, Document) or fetched.body_hash == feed.body_hash:
        return _unread(fetched)
    try:
        return _fresh(fetched, parse(fetched, feed.item_marks))
    except ParseError as error:
        return _unreadable(fetched, error)


async def read_in_bounds(feed: Feed, fetched: Fetched, reader: Reader) -> Outcome:
    """Return what an answer means; reading its document costs no more than the reader's bounds."""
    if not isinstance(fetched, Document) or fetched.body_hash == feed.body_hash:
        return _unread(fetched)
    try:
        return _fresh(fetched, await reader.parse(fetched, feed.item_marks))
    except ParseError as error:
        return _unreadable(fetched, error)


def _unread(fetched: Fetched) -> Outcome:
    if isinstance(fetched, Failed):
        return fetched
    return Unchanged(
        by="304" if isinstance(fetched, NotModified) else "hash",
        validators=fetched.validators,
        hints=hints(fetched.headers, None),
        hops=fetched.hops,
        elapsed=fetched.elapsed,
    )


def _fresh(document: Document, parsed: Parsed) -> Fresh:
    return Fresh(document=document, parsed=parsed, hints=hints(document.headers, parsed))


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
    db: Db, feed: Feed, outcome: Outcome, watched: Watched, now: datetime, bounds: Bounds, jitter: float
) -> Settled:
    """Keep what a poll brought: entries, their hits, their stories and the feed's next poll, in one transaction."""
    return settle_all(db, [(feed, outcome)], watched, now, bounds, lambda: jitter)[0]


def settle_all(
    db: Db,
    polled: Sequence[tuple[Feed, Outcome]],
    watched: Watched,
    now: datetime,
    bounds: Bounds,
    jitter: Callable[[], float],
) -> tuple[Settled, ...]:
    """Settle several polls: what all of them brought and teach goes to the database together."""
    held = claims.still_held(db, (feed for feed, _outcome in polled))
    polled = [(held.get(feed.id, feed), outcome) for feed, outcome in polled]
    read_ = [(feed, outcome) for feed, outcome in polled if feed.id in held and isinstance(outcome, Fresh)]
    brought = _bring(db, read_, watched, now)
    settled = tuple(
        _settled(feed, outcome, brought.get(feed.id), now, bounds, jitter())
        if feed.id in held
        else Settled(before=feed, after=feed, outcome=outcome, held=False)
        for feed, outcome in polled
    )
    kept = [each for each in settled if each.held]
    feeds.put(db, ((each.before, each.after) for each in kept))
    feeds.record(db, (history(each, now) for each in kept))
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
    told: Sorted
    new: list[StoredEntry] = field(default_factory=list)
    edited: list[StoredEntry] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)


def _bring(db: Db, read_: Sequence[tuple[Feed, Fresh]], watched: Watched, now: datetime) -> Mapping[int, _Brought]:
    """Keep what documents brought, all of them with a handful of statements; gives it by feed."""
    offered = [(feed.id, candidates(outcome.parsed, feed)) for feed, outcome in read_]
    known = memory.recall_all(db, offered)
    brought: dict[int, _Brought] = {}
    fresh: list[StoredEntry] = []
    for (feed, outcome), (_id, some), remembered in zip(read_, offered, known, strict=True):
        delta = outcome.pushed or outcome.document.status == 226
        told = with_articles(sort(some, feed, remembered, now, delta=delta), outcome)
        brought[feed.id] = _Brought(seen=len(some), told=told)
        first = feed.baseline_at is None
        fresh += [StoredEntry(id=0, entry=entry, first_seen_at=now, baseline=first) for entry in told.new]
        fresh += [StoredEntry(id=0, entry=entry, first_seen_at=now, quarantined=True) for entry in told.quarantined]
    new = entries.number(db, fresh)
    found = keep_new(db, new, watched, now)
    edited = entries.edit(db, [change for one in brought.values() for change in one.told.edited], now)
    found += keep_hits(db, edited, watched, now, Origin.EDIT)
    memory.rename(db, ((feed_id, id_, key) for feed_id, one in brought.items() for id_, key in one.told.migrated))
    pruned = [(feed_id, key) for (feed_id, _some), one in zip(offered, known, strict=True) for key in one.pruned]
    memory.still_listed(db, pruned, now)
    whose = {stored.id: brought[stored.entry.feed_id] for stored in (*new, *edited)}
    for stored in new:
        whose[stored.id].new.append(stored)
    for stored in edited:
        whose[stored.id].edited.append(stored)
    for hit in found:
        whose[hit.entry_id].hits.append(hit)
    return brought


def _settled(
    feed: Feed, outcome: Outcome, brought: _Brought | None, now: datetime, bounds: Bounds, jitter: float
) -> Settled:
    if brought is None:
        return Settled(before=feed, after=after(feed, outcome, None, now, bounds, jitter), outcome=outcome)
    told = brought.told
    return Settled(
        before=feed,
        after=after(feed, outcome, told, now, bounds, jitter),
        outcome=outcome,
        seen=brought.seen,
        new=tuple(brought.new),
        edited=tuple(brought.edited),
        hits=tuple(brought.hits),
        lost=told.gap.lost if told.gap is not None else 0,
        quarantined=len(told.quarantined),
    )


def _rest_host(db: Db, feed: Feed, outcome: Failed, now: datetime) -> None:
    """Let the other feeds of a host wait as well: at once after a 429, after a third 503 within minutes."""
    last = outcome.hops[-1].url if outcome.hops else feed.fetch_url
    host = waiting_host(urlsplit(last).hostname or "")
    if host is None:
        return
    if outcome.status == 429 or hosts.refused(db, host, now - SEVERAL_WITHIN) >= SEVERAL:
        hosts.rest(db, host, feed.next_poll_at)


def keep_new(db: Db, fresh: Sequence[StoredEntry], watched: Watched, now: datetime) -> tuple[Hit, ...]:
    """Store entries that have just been numbered, their hits, and the stories of those that have some."""
    found = watched.hits(fresh, now)
    homes: Mapping[int, Home] = {}
    if found:
        hits.take_turn(db)
        told = {hit.entry_id for hit in found}
        homes = stories.place(db, [each for each in fresh if each.id in told], now)
    entries.put(db, fresh, homes)
    hits.put_new(db, found)
    return found


def keep_hits(
    db: Db, stored: Sequence[StoredEntry], watched: Watched, now: datetime, origin: Origin
) -> tuple[Hit, ...]:
    """Match entries that were stored before, store their hits, and put those with hits into stories."""
    found = hits.add(db, watched.hits(stored, now, origin))
    if found:
        homeless = stories.without_story(db, sorted({hit.entry_id for hit in found}))
        stories.join(db, [each for each in stored if each.id in homeless], now)
    return found
