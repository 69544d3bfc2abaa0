"""Settles a poll: what an answer means, and what is kept of it: all that a poll brought, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.errors import ParseError
from watcher.identify import candidates, sort
from watcher.match import Watched
from watcher.model.entry import StoredEntry
from watcher.model.feed import Feed
from watcher.model.poll import Document, Failed, FailureKind, Fetched, Fresh, NotModified, Outcome, Sorted, Unchanged
from watcher.model.topic import Hit, Origin
from watcher.parse import parse
from watcher.pipeline.articles import with_articles
from watcher.pipeline.notices import history
from watcher.schedule import Bounds, after, hints
from watcher.store import entries, feeds, hits, hosts, memory, stories
from watcher.store.engine import Db
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
    """Make of an answer what it means: a changed document is read, an unchanged body is not."""
    match fetched:
        case Failed():
            return fetched
        case NotModified():
            return Unchanged(
                by="304",
                validators=fetched.validators,
                hints=hints(fetched.headers, None),
                hops=fetched.hops,
                elapsed=fetched.elapsed,
            )
        case Document():
            if fetched.body_hash == feed.body_hash:
                return Unchanged(
                    by="hash",
                    validators=fetched.validators,
                    hints=hints(fetched.headers, None),
                    hops=fetched.hops,
                    elapsed=fetched.elapsed,
                )
            try:
                parsed = parse(fetched)
            except ParseError as error:
                kinds = {kind.value: kind for kind in FailureKind}
                return Failed(
                    kind=kinds.get(error.kind, FailureKind.PARSE),
                    message=str(error),
                    status=fetched.status,
                    hops=fetched.hops,
                    elapsed=fetched.elapsed,
                )
            return Fresh(document=fetched, parsed=parsed, hints=hints(fetched.headers, parsed))


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
    """Settle several polls; what they teach of their feeds goes to the database in one statement for all."""
    held = feeds.still_held(db, (feed for feed, _outcome in polled))
    settled = tuple(
        _keep(db, feed, outcome, watched, now, bounds, jitter())
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


def _keep(
    db: Db, feed: Feed, outcome: Outcome, watched: Watched, now: datetime, bounds: Bounds, jitter: float
) -> Settled:
    told: Sorted | None = None
    fresh: tuple[StoredEntry, ...] = ()
    edited: tuple[StoredEntry, ...] = ()
    found: tuple[Hit, ...] = ()
    seen = 0
    if isinstance(outcome, Fresh):
        offered = candidates(outcome.parsed, feed)
        delta = outcome.pushed or outcome.document.status == 226
        told = sort(offered, feed, memory.recall(db, feed.id, offered), now, delta=delta)
        told = with_articles(told, outcome)
        seen = len(offered)
        fresh = entries.add(db, told.new, now, baseline=feed.baseline_at is None)
        fresh += entries.add(db, told.quarantined, now, quarantined=True)
        edited = entries.edit(db, told.edited, now)
        memory.rename(db, feed.id, told.migrated)
        memory.still_listed(db, feed.id, [entry.key for entry in offered], now)
        found = keep_hits(db, fresh, watched, now) + keep_hits(db, edited, watched, now, Origin.EDIT)
    learnt = after(feed, outcome, told, now, bounds, jitter)
    return Settled(
        before=feed,
        after=learnt,
        outcome=outcome,
        seen=seen,
        new=fresh,
        edited=edited,
        hits=found,
        lost=told.gap.lost if told is not None and told.gap is not None else 0,
        quarantined=len(told.quarantined) if told is not None else 0,
    )


def _rest_host(db: Db, feed: Feed, outcome: Failed, now: datetime) -> None:
    """Let the other feeds of a host wait as well: at once after a 429, after a third 503 within minutes."""
    last = outcome.hops[-1].url if outcome.hops else feed.fetch_url
    host = waiting_host(urlsplit(last).hostname or "")
    if host is None:
        return
    if outcome.status == 429 or hosts.refused(db, host, now - SEVERAL_WITHIN) >= SEVERAL:
        hosts.rest(db, host, feed.next_poll_at)


def keep_hits(
    db: Db, stored: Sequence[StoredEntry], watched: Watched, now: datetime, origin: Origin = Origin.LIVE
) -> tuple[Hit, ...]:
    """Match entries, store their hits, and put those with hits into stories."""
    found = hits.add(db, watched.hits(stored, now, origin))
    if found:
        homeless = frozenset(hit.entry_id for hit in found)
        if origin is not Origin.LIVE:
            homeless = stories.without_story(db, sorted(homeless))
        stories.join(db, [each for each in stored if each.id in homeless], now)
    return found
