"""Shares due feeds out in chunks: claimed for whoever comes, taken over by the process that polls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from watcher.model.feed import Feed
from watcher.store.database import Database
from watcher.store.feeds.hosts import get_feed_host, reserve_host_slots
from watcher.store.feeds.leases import claim_due_feeds, claim_feed, release_feeds

CHUNK = 20
"""About how many feeds go together; those of one host do, as far as they fit."""
QUEUED = timedelta(minutes=2)
"""How long a chunk surely waits for a process; after that its feeds may be shared out again."""
LEASE = timedelta(minutes=10)
"""How long a feed stays with the process that took it over, should nobody notice that it died."""
PATIENCE = timedelta(minutes=2)
"""A turn at a host that is further off is given back: the feed stays due."""


@dataclass(frozen=True, slots=True)
class FeedClaim:
    """A feed that waits for a process, and the token by which one may take it over."""

    feed_id: int
    token: int


def claim_batches(database: Database, now: datetime, *, chunks: int) -> tuple[tuple[FeedClaim, ...], ...]:
    """Claim what is due, as many chunks of it as asked for at most, and give it grouped by host.

    A host has one chunk at a time, in whatever process: what else is due of it waits until that one is done.
    """
    if chunks <= 0:
        return ()
    with database.write() as db:
        claimed = claim_due_feeds(
            db, now, limit=chunks * CHUNK, lease_for=QUEUED, owner=f"queue {uuid4().hex[:12]}", per_host=CHUNK
        )
    return tuple(tuple(FeedClaim(feed.id, feed.lease) for feed in chunk) for chunk in grouped(claimed))


def grouped(claimed: Iterable[Feed]) -> tuple[tuple[Feed, ...], ...]:
    """Put feeds together in chunks, the most overdue first, each host's side by side and in one chunk if they fit."""
    by_host: dict[str, list[Feed]] = {}
    for feed in claimed:
        by_host.setdefault(get_feed_host(feed), []).append(feed)
    chunks: list[list[Feed]] = [[]]
    for together in by_host.values():
        for start in range(0, len(together), CHUNK):
            some = together[start : start + CHUNK]
            if len(chunks[-1]) + len(some) > CHUNK:
                chunks.append([])
            chunks[-1] += some
    return tuple(tuple(chunk) for chunk in chunks if chunk)


def take_over(
    database: Database,
    chunk: Sequence[FeedClaim],
    now: datetime,
    *,
    owner: str,
    spacing: timedelta,
    most: int = CHUNK,
) -> tuple[tuple[Feed, datetime], ...]:
    """Take a chunk over and a turn at its host for each feed; gives the feeds, `most` at most, and their moments.

    What somebody else took meanwhile is missing: a chunk that an engine hands out twice is polled once. What is not
    given is due for others.
    """
    with database.write() as db:
        offered = ((claim.feed_id, claim.token) for claim in chunk)
        taken = claim_feed(db, offered, now, lease_for=LEASE, owner=owner)
        held = taken[:most]
        release_feeds(db, taken[most:])
        wanted = Counter(get_feed_host(feed) for feed in held)
        turns = dict(reserve_host_slots(db, wanted, now, spacing)) if spacing else dict.fromkeys(wanted, now)
        begins: list[tuple[Feed, datetime]] = []
        for feed in held:
            host = get_feed_host(feed)
            begins.append((feed, turns[host]))
            turns[host] += spacing
        release_feeds(db, (feed for feed, at in begins if at > now + PATIENCE))
    return tuple((feed, at) for feed, at in begins if at <= now + PATIENCE)
