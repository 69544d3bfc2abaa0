"""Shares due feeds among processes in batches: claimed for any process, then taken over by the one that polls them."""

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

BATCH_SIZE = 20
"""About how many feeds go together; those of one host do, as far as they fit."""
QUEUE_LEASE = timedelta(minutes=2)
"""How long a batch waits for a process; after that its feeds may be shared out again."""
BATCH_LEASE = timedelta(minutes=10)
"""How long a feed stays with the process that took it over, should nobody notice that it died."""
MAX_TURN_DELAY = timedelta(minutes=2)
"""A turn at a host that is further off is given back: the feed stays due."""


@dataclass(frozen=True, slots=True)
class FeedClaim:
    """A feed that waits for a process, and the token by which one may take it over."""

    feed_id: int
    token: int


def claim_batches(database: Database, now: datetime, *, max_batches: int) -> tuple[tuple[FeedClaim, ...], ...]:
    """Claim due feeds for whichever process comes, and return them in batches, grouped by host.

    A host has one batch at a time, in whatever process: its other due feeds wait until that one is done.
    """
    if max_batches <= 0:
        return ()
    owner = f"queue {uuid4().hex[:12]}"
    with database.write() as db:
        claimed = claim_due_feeds(
            db, now, limit=max_batches * BATCH_SIZE, lease_for=QUEUE_LEASE, owner=owner, per_host=BATCH_SIZE
        )
    return tuple(tuple(FeedClaim(feed.id, feed.lease) for feed in batch) for batch in group_by_host(claimed))


def group_by_host(claimed: Iterable[Feed]) -> tuple[tuple[Feed, ...], ...]:
    """Return feeds in batches, the most overdue first, each host's side by side and in one batch if they fit."""
    by_host: dict[str, list[Feed]] = {}
    for feed in claimed:
        by_host.setdefault(get_feed_host(feed), []).append(feed)
    batches: list[list[Feed]] = [[]]
    for of_host in by_host.values():
        for start in range(0, len(of_host), BATCH_SIZE):
            group = of_host[start : start + BATCH_SIZE]
            if len(batches[-1]) + len(group) > BATCH_SIZE:
                batches.append([])
            batches[-1] += group
    return tuple(tuple(batch) for batch in batches if batch)


def take_over_batch(
    database: Database,
    batch: Sequence[FeedClaim],
    now: datetime,
    *,
    owner: str,
    spacing: timedelta,
    max_feeds: int = BATCH_SIZE,
) -> tuple[tuple[Feed, datetime], ...]:
    """Take over up to `max_feeds` of a batch; return each feed with the moment of its turn at its host.

    What another process took meanwhile is missing, so a batch that an engine hands out twice is polled once. What is
    not returned stays due for others.
    """
    with database.write() as db:
        offered = ((claim.feed_id, claim.token) for claim in batch)
        taken = claim_feed(db, offered, now, lease_for=BATCH_LEASE, owner=owner)
        held = taken[:max_feeds]
        release_feeds(db, taken[max_feeds:])
        wanted = Counter(get_feed_host(feed) for feed in held)
        next_turns = dict(reserve_host_slots(db, wanted, now, spacing)) if spacing else dict.fromkeys(wanted, now)
        turns: list[tuple[Feed, datetime]] = []
        for feed in held:
            host = get_feed_host(feed)
            turns.append((feed, next_turns[host]))
            next_turns[host] += spacing
        release_feeds(db, (feed for feed, moment in turns if moment > now + MAX_TURN_DELAY))
    return tuple((feed, moment) for feed, moment in turns if moment <= now + MAX_TURN_DELAY)
