"""Which process may ask the hosts of a shard: each shard is leased whole, to one process at a time.

Moments are those of the database's own clock, which is one for all processes: whose clock is wrong does no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, func, or_, select, update

from watcher.store.database import Db
from watcher.store.feeds.leases import FeedLease
from watcher.store.feeds.mapping import SHARD_COUNT, UNPOLLED_STATES
from watcher.store.sql.bulk import any_of
from watcher.store.sql.dialect import acquire_lock, excluded, get_dialect
from watcher.store.sql.types import IDS, TEXTS, Moment
from watcher.store.tables import feeds, host_shards, shard_owners

MAX_SHARD_LEASE = timedelta(minutes=5)
"""Nobody is given a shard for longer: a lease that ends further ahead was given while a clock was wrong."""
_THESE = any_of(host_shards.c.shard, bindparam("shards", type_=IDS))
_COUNT = select(func.count()).select_from(host_shards)
_MAX_IDLE_SECONDS = 5
_UNCLAIMED = "queue "
"""Begins the name under which earlier versions held feeds for whichever process came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostShard:
    """A shard as it is stored. One without an owner was released at `lease_until`, or never leased."""

    shard: int
    owner: str | None = None
    lease_until: datetime | None = None
    wanted_by: str | None = None
    wanted_until: datetime | None = None

    def is_free(self, now: datetime) -> bool:
        """Return whether nobody holds the shard any more."""
        return self.owner is None or not self.is_lease_possible(now) or self._is_over(now)

    def is_lease_possible(self, now: datetime) -> bool:
        """Return whether the lease ends within the time for which shards are given."""
        return self.lease_until is None or self.lease_until <= now + MAX_SHARD_LEASE

    def is_wanted(self, now: datetime, *, besides: str) -> bool:
        """Return whether somebody waits for the shard who is not `besides`."""
        if self.wanted_by is None or self.wanted_by == besides or self.wanted_until is None:
            return False
        return now < self.wanted_until <= now + MAX_SHARD_LEASE

    def _is_over(self, now: datetime) -> bool:
        return self.lease_until is None or self.lease_until <= now


def lock_host_shards(db: Db) -> datetime:
    """Wait until nobody else changes shards, to the end of the transaction, and return the database's time then."""
    # A process that is held up or cut off between two statements would keep all others from their shards.
    db.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_MAX_IDLE_SECONDS}s'")
    acquire_lock(db, "host shards")
    now: datetime = db.execute(select(func.clock_timestamp(type_=Moment))).scalar_one()
    return now


def create_host_shards(db: Db) -> None:
    """Create the rows of all shards, where they are missing."""
    # Each is a statement of its own, and a process calls this whenever it renews its shards.
    if db.execute(_COUNT).scalar_one() == SHARD_COUNT:
        return
    db.execute(get_dialect(db).insert_or_ignore(host_shards), [{"shard": shard} for shard in range(SHARD_COUNT)])


def list_host_shards(db: Db) -> Sequence[HostShard]:
    """Return all shards, in order."""
    rows = db.execute(select(host_shards).order_by(host_shards.c.shard))
    return tuple(HostShard(**row._mapping) for row in rows)


def renew_host_shards(db: Db, owner: str, until: datetime) -> None:
    """Renew the leases of a process, to `until`."""
    db.execute(update(host_shards).where(host_shards.c.owner == owner).values(lease_until=until))


def lease_host_shards(db: Db, shards: Collection[int], owner: str, until: datetime) -> None:
    """Lease shards, which have to be free, to a process."""
    leased = update(host_shards).where(_THESE).values(owner=owner, lease_until=until, wanted_by=None, wanted_until=None)
    db.execute(leased, {"shards": shards})


def release_host_shards(db: Db, shards: Collection[int], owner: str, now: datetime) -> None:
    """Release shards of a process; its last requests to their hosts were before now."""
    released = update(host_shards).where(_THESE, host_shards.c.owner == owner).values(owner=None, lease_until=now)
    db.execute(released, {"shards": shards})


def request_host_shards(db: Db, shards: Collection[int], owner: str, until: datetime) -> None:
    """Ask whoever holds shards to release them to a command, which waits for them until `until`."""
    db.execute(update(host_shards).where(_THESE).values(wanted_by=owner, wanted_until=until), {"shards": shards})


def withdraw_shard_requests(db: Db, owner: str) -> None:
    """Wait no longer for shards."""
    db.execute(update(host_shards).where(host_shards.c.wanted_by == owner).values(wanted_by=None, wanted_until=None))


def record_shard_owner(db: Db, owner: str, until: datetime) -> None:
    """Count a process among those that share the shards, until `until`."""
    upsert = get_dialect(db).upsert(shard_owners, ["owner"], {"until": excluded("until")})
    db.execute(upsert, {"owner": owner, "until": until})


def remove_shard_owner(db: Db, owner: str) -> None:
    """Count a process no longer among those that share the shards; what it holds stays its own."""
    db.execute(delete(shard_owners).where(shard_owners.c.owner == owner))


def count_shard_owners(db: Db, now: datetime) -> int:
    """Return how many processes share the shards; those that fell silent are forgotten."""
    silent = or_(shard_owners.c.until <= now, shard_owners.c.until > now + MAX_SHARD_LEASE)
    db.execute(delete(shard_owners).where(silent))
    return db.execute(select(func.count()).select_from(shard_owners)).scalar_one()


def list_shard_owners(db: Db) -> frozenset[str]:
    """Return who holds shards or shares in them, alive or not."""
    holding = select(host_shards.c.owner).where(host_shards.c.owner.is_not(None)).distinct()
    return frozenset(db.execute(holding).scalars()) | frozenset(db.execute(select(shard_owners.c.owner)).scalars())


def release_shards_of_owners(db: Db, owners: Iterable[str], now: datetime) -> None:
    """Release all shards of processes that are dead, or that end."""
    some = {"owners": tuple(owners)}
    theirs = any_of(host_shards.c.owner, bindparam("owners", type_=TEXTS))
    db.execute(update(host_shards).where(theirs).values(owner=None, lease_until=now), some)
    db.execute(delete(shard_owners).where(any_of(shard_owners.c.owner, bindparam("owners", type_=TEXTS))), some)


def release_feeds_of_shards(db: Db, shards: Collection[int], former: Collection[str]) -> int:
    """Free the feeds of shards that somebody held who has lost them, or that no process had come for yet."""
    theirs = or_(
        any_of(feeds.c.lease_by, bindparam("former", type_=TEXTS)),
        feeds.c.lease_by.startswith(_UNCLAIMED, autoescape=True),
    )
    held = any_of(feeds.c.shard, bindparam("shards", type_=IDS)), feeds.c.lease_until.is_not(None), theirs
    freed = update(feeds).where(*held).values(lease_until=None, lease_by=None)
    done: CursorResult[Any] = db.execute(freed, {"shards": shards, "former": former})
    return done.rowcount


def find_shards_of_feeds(
    db: Db, now: datetime, *, urls: Collection[str] | None = None, everything: bool = False
) -> frozenset[int]:
    """Return the shards of the feeds that `claim_due_feeds` would take: due ones, some by address, or all."""
    chosen = _select_feeds(now, urls, everything=everything)
    return frozenset(db.execute(select(feeds.c.shard).where(*chosen).distinct()).scalars())


def list_feeds_of_shards(
    db: Db, now: datetime, shards: Collection[int], *, urls: Collection[str] | None = None, everything: bool = False
) -> tuple[FeedLease, ...]:
    """List who holds these shards, with how many of the feeds that `claim_due_feeds` would take and nobody holds."""
    if not shards:
        return ()
    owner = func.coalesce(host_shards.c.owner, "").label("owner")
    counted = (
        select(owner, func.count().label("feeds"), func.max(host_shards.c.lease_until).label("until"))
        .join(feeds, feeds.c.shard == host_shards.c.shard)
        .where(host_shards.c.shard.in_(shards), *_select_feeds(now, urls, everything=everything))
        .where(or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now))
        .group_by(owner)
        .order_by(owner)
    )
    return tuple(FeedLease(get_process_name(row.owner), row.feeds, row.until or now) for row in db.execute(counted))


def get_process_name(shard_owner: str) -> str:
    """Return the name, by which it claims feeds, of a process that holds shards."""
    return shard_owner.partition("#")[0]


def _select_feeds(now: datetime, urls: Collection[str] | None, *, everything: bool) -> list[ColumnElement[bool]]:
    if urls is not None:
        return [feeds.c.configured, feeds.c.url.in_(tuple(urls))]
    polled = [feeds.c.configured, feeds.c.state.not_in(UNPOLLED_STATES)]
    return polled if everything else [*polled, feeds.c.next_poll_at <= now]
