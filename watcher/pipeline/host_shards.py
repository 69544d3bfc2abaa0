"""The shards of hosts that this process may ask. A host is in one shard, and a shard has one process at a time.

So one process alone asks a host, and keeps the turns at it in memory. Three rules keep a host in peace while its shard
changes hands: the owner begins no request after its lease, as its own monotonic clock counts; it releases a shard when
nothing of it is in flight; and the next owner first waits for as long as two requests to one host are apart.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from watcher.errors import ShardLostError
from watcher.pipeline.shard_terms import ShardTerms
from watcher.store.database import Database, Db
from watcher.store.feeds.hosts import is_any_host_resting
from watcher.store.feeds.mapping import SHARD_COUNT
from watcher.store.feeds.shards import (
    HostShard,
    count_shard_owners,
    create_host_shards,
    get_process_name,
    lease_host_shards,
    list_host_shards,
    lock_host_shards,
    record_shard_owner,
    release_feeds_of_shards,
    release_host_shards,
    release_shards_of_owners,
    remove_shard_owner,
    renew_host_shards,
    request_host_shards,
    withdraw_shard_requests,
)
from watcher.store.system.clock_faults import CLOCK_TOLERANCE, reschedule_feeds
from watcher.store.system.workers import list_workers

log = structlog.get_logger()

BORROW_INTERVAL = timedelta(seconds=0.25)
USABLE_PART = 0.9
"""The part of a lease in which requests begin: what a clock's rate or a connection takes has to fit into the rest."""

_EARLIER_VERSION = "a process of an earlier version is at work: stop it; until then this one takes no hosts"
_WRONG_CLOCK = "the clock differs from that of the database: hosts are left to other processes"


@dataclass(slots=True)
class _Held:
    """A shard of ours: its hosts may be asked from one moment to another, in seconds of the monotonic clock."""

    usable_at: float
    ends_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """The shards at a moment of the database's clock, how many processes share them, and by how much ours is ahead."""

    now: datetime
    shards: Sequence[HostShard]
    owners: int
    is_earlier_version_at_work: bool
    skew: timedelta

    @property
    def is_clock_wrong(self) -> bool:
        """Return whether our clock and that of the database differ by more than they may."""
        return abs(self.skew) > CLOCK_TOLERANCE

    @property
    def faults(self) -> Sequence[str]:
        """Return what keeps hosts from this process."""
        faults = (self.is_earlier_version_at_work, _EARLIER_VERSION), (self.is_clock_wrong, _WRONG_CLOCK)
        return [fault for is_present, fault in faults if is_present]


class HostShards:
    """The shards that one process holds, and how many of its feeds are in flight in each.

    Before `update` or `borrow` was called once, feeds are claimed whatever their shard. `clock` returns aware UTC, by
    which processes record that they are alive; `monotonic` returns seconds.
    """

    def __init__(
        self,
        database: Database,
        process: str,
        terms: ShardTerms,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        # Not the process's name alone: in two containers the names may be the same.
        self.owner = f"{process}#{uuid4().hex[:12]}"
        self._terms = terms
        self._clock = clock
        self._monotonic = monotonic
        self._is_restricted = False
        self._held: dict[int, _Held] = {}
        self._leaving: frozenset[int] = frozenset()
        self._in_flight: Counter[int] = Counter()
        self._claimed_from: Counter[int] = Counter()
        self._renew_at = 0.0
        self._updating = asyncio.Lock()
        self._warnings: frozenset[str] = frozenset()

    @property
    def held(self) -> frozenset[int]:
        """Return the shards that are leased to this process, those that it is about to release too."""
        return frozenset(self._held)

    @contextmanager
    def claiming(self) -> Iterator[frozenset[int] | None]:
        """Yield the shards whose feeds may be claimed now, None for all; none of them is released within the block.

        What was claimed has to be entered before the block ends.
        """
        if not self._is_restricted:
            yield None
            return
        usable = self._list_usable()
        self._claimed_from.update(usable)
        try:
            yield usable
        finally:
            self._claimed_from.subtract(usable)

    def enter(self, shard: int) -> None:
        """Count a feed of a shard as in flight."""
        self._in_flight[shard] += 1

    def leave(self, shard: int) -> None:
        """Count a feed of a shard as done."""
        self._in_flight[shard] -= 1

    def check(self, shard: int) -> None:
        """Raise ShardLostError unless a request to a host of the shard may begin at this moment."""
        if not self._is_restricted:
            return
        held = self._held.get(shard)
        if held is None or self._monotonic() >= held.ends_at:
            raise ShardLostError(shard)

    async def update(self, *, is_away: bool = False) -> None:
        """Renew what is held, take a fair share of the shards and release what is beyond it.

        A process that `is_away` from any network leaves them to others, but one, by which it learns when it is back.
        One with a wrong clock, by which feeds are due too early or too late, leaves all. Raises StoreError; what is
        held then ends with its lease.
        """
        self._is_restricted = True
        async with self._updating:
            begun = self._monotonic()
            is_renewing = begun >= self._renew_at
            view = await asyncio.to_thread(self._observe, is_renewing, is_sharing=not is_away)
            self._apply(view, begun if is_renewing else None)
            share = -(-SHARD_COUNT // max(1, view.owners))
            if view.owners and (is_away or view.is_clock_wrong):
                share = 0 if view.is_clock_wrong else 1
            self._warn(view.faults, view.skew)
            wanted = self._plan(view, share)
            await self._exchange(wanted)

    async def renew(self) -> None:
        """Renew what was borrowed. Raises StoreError."""
        async with self._updating:
            begun = self._monotonic()
            if begun >= self._renew_at:
                view = await asyncio.to_thread(self._observe, is_renewing=True, is_sharing=False)
                self._apply(view, begun)

    async def borrow(self, shards: Collection[int], patience: timedelta) -> frozenset[int]:
        """Lease these shards for a command, whoever holds them, and return those that were not released in time.

        Raises StoreError.
        """
        self._is_restricted = True
        end = self._monotonic() + patience.total_seconds()
        while missing := frozenset(shards) - self.held:
            async with self._updating:
                taken_at = self._monotonic()
                taken = await asyncio.to_thread(self._request, missing)
                self._add(taken, taken_at)
            if len(taken) == len(missing):
                break
            if self._monotonic() >= end:
                await asyncio.to_thread(self._withdraw)
                return missing - taken.keys()
            await self.renew()
            await asyncio.sleep(BORROW_INTERVAL.total_seconds())
        return frozenset()

    async def wait_until_usable(self) -> None:
        """Wait until the hosts of every shard that is held have rested since its former owner asked them."""
        usable_at = max((held.usable_at for held in self._held.values()), default=0.0)
        await asyncio.sleep(max(0.0, usable_at - self._monotonic()))

    async def release_all(self) -> None:
        """Release everything, once nothing is in flight, and share in the shards no longer. Raises StoreError."""
        async with self._updating:
            self._held.clear()
            await asyncio.to_thread(self._leave)

    def _list_usable(self) -> frozenset[int]:
        now = self._monotonic()
        return frozenset(
            shard
            for shard, held in self._held.items()
            if shard not in self._leaving and held.usable_at <= now < held.ends_at
        )

    def _apply(self, view: _View, renewed_at: float | None) -> None:
        """Learn from the database which shards are ours; `renewed_at` is when they were renewed, if they were."""
        ours = {shard.shard for shard in view.shards if shard.owner == self.owner}
        if lost := self.held - ours:
            log.warning("shards of hosts lost", shards=len(lost), owner=self.owner)
            for shard in lost:
                del self._held[shard]
        if renewed_at is None:
            return
        self._renew_at = renewed_at + self._terms.renew_every.total_seconds()
        ends_at = renewed_at + USABLE_PART * self._terms.lease_for.total_seconds()
        # One that is ours without our knowing was leased by a transaction whose end we did not hear of.
        rested_at = renewed_at + self._terms.rest_after_death.total_seconds()
        for shard in ours:
            held = self._held.setdefault(shard, _Held(rested_at, ends_at))
            held.ends_at = ends_at

    def _plan(self, view: _View, share: int) -> int:
        """Choose what to release, as soon as nothing of it is in flight, and return how many shards to take."""
        wanted = {
            shard.shard
            for shard in view.shards
            if shard.shard in self._held and shard.is_wanted(view.now, besides=self.owner)
        }
        # Not the idle ones first: those that have no feeds are always idle, and the work would stay where it is.
        others = sorted(self.held - wanted, key=lambda shard: (shard not in self._leaving, -shard))
        self._leaving = frozenset(wanted) | frozenset(others[: max(0, len(self._held) - len(wanted) - share)])
        if view.is_earlier_version_at_work:
            return 0
        free = sum(
            shard.is_free(view.now) and not shard.is_wanted(view.now, besides=self.owner) for shard in view.shards
        )
        return max(0, min(share - len(self.held - self._leaving), free))

    def _warn(self, faults: Sequence[str], skew: timedelta = timedelta()) -> None:
        """Log what keeps hosts from this process, once while it lasts."""
        for fault in faults:
            if fault not in self._warnings:
                log.error("hosts not shared", reason=fault, seconds=round(skew.total_seconds()))
        self._warnings = frozenset(faults)

    async def _exchange(self, wanted: int) -> None:
        """Release what leaves and is idle, and take `wanted` shards."""
        released = [shard for shard in self._leaving if not self._in_flight[shard] and self._claimed_from[shard] <= 0]
        if not released and not wanted:
            return
        for shard in released:
            # Before the database is updated: no request to its hosts may begin meanwhile.
            self._held.pop(shard, None)
        self._leaving -= frozenset(released)
        taken_at = self._monotonic()
        taken = await asyncio.to_thread(self._trade, released, wanted)
        self._add(taken, taken_at)
        log.debug("shards of hosts exchanged", released=len(released), taken=len(taken), held=len(self._held))

    def _add(self, taken: Mapping[int, timedelta], taken_at: float) -> None:
        """Hold shards that were taken since `taken_at`, each usable after its rest."""
        ends_at = taken_at + USABLE_PART * self._terms.lease_for.total_seconds()
        now = self._monotonic()
        for shard, rest in taken.items():
            self._held[shard] = _Held(now + rest.total_seconds(), ends_at)

    def _observe(self, is_renewing: bool, *, is_sharing: bool) -> _View:
        with self._database.write(lasting=False) as db:
            now = lock_host_shards(db)
            until = now + self._terms.lease_for
            skew = self._clock() - now
            is_sharing = is_sharing and abs(skew) <= CLOCK_TOLERANCE
            if is_renewing:
                create_host_shards(db)
                renew_host_shards(db, self.owner, until)
            if is_renewing and is_sharing:
                record_shard_owner(db, self.owner, until)
            elif not is_sharing:
                remove_shard_owner(db, self.owner)
            return _View(
                now=now,
                shards=list_host_shards(db),
                owners=count_shard_owners(db, now),
                is_earlier_version_at_work=self._is_earlier_version_at_work(db),
                skew=skew,
            )

    def _trade(self, released: Collection[int], count: int) -> Mapping[int, timedelta]:
        """Release shards, lease up to `count` free ones, and return how long each of those has to rest."""
        with self._database.write() as db:
            now = lock_host_shards(db)
            if released:
                release_host_shards(db, released, self.owner, now)
            free = [
                shard
                for shard in list_host_shards(db)
                if shard.is_free(now) and shard.shard not in released and not shard.is_wanted(now, besides=self.owner)
            ]
            taken = free[:count]
            if taken:
                lease_host_shards(db, [shard.shard for shard in taken], self.owner, now + self._terms.lease_for)
            rests = self._compute_rests(db, taken, now)
        self._free_feeds(taken)
        return rests

    def _request(self, missing: Collection[int]) -> Mapping[int, timedelta]:
        """Lease what is free of `missing`, and ask for the rest; return how long each that was leased has to rest."""
        with self._database.write() as db:
            create_host_shards(db)
            now = lock_host_shards(db)
            if self._is_earlier_version_at_work(db):
                # It asks hosts without a lease of their shards, which are free for that reason alone.
                self._warn([_EARLIER_VERSION])
                return {}
            until = now + self._terms.lease_for
            # What another command waits for is left to it: its turn comes first.
            ours = [
                shard
                for shard in list_host_shards(db)
                if shard.shard in missing and not shard.is_wanted(now, besides=self.owner)
            ]
            taken = [shard for shard in ours if shard.is_free(now)]
            lease_host_shards(db, [shard.shard for shard in taken], self.owner, until)
            request_host_shards(db, [shard.shard for shard in ours if shard not in taken], self.owner, until)
            rests = self._compute_rests(db, taken, now)
        self._free_feeds(taken)
        return rests

    def _is_earlier_version_at_work(self, db: Db) -> bool:
        return not all(worker.shares_hosts for worker in list_workers(db, self._clock()))

    def _free_feeds(self, taken: Sequence[HostShard]) -> None:
        """Free what was held in shards whose owner died, or which no process of this version has had.

        What a former owner put off whose clock was ahead is due again.
        """
        if not taken:
            return
        unowned = [shard for shard in taken if shard.owner is not None or shard.lease_until is None]
        former = {get_process_name(shard.owner) for shard in unowned if shard.owner is not None}
        freed = 0
        with self._database.write() as db:
            reschedule_feeds(db, self._clock())
            if unowned:
                freed = release_feeds_of_shards(db, [shard.shard for shard in unowned], former)
        if freed:
            log.warning("taken over from a process that fell silent", feeds=freed, messages=0)

    def _compute_rests(self, db: Db, taken: Iterable[HostShard], now: datetime) -> Mapping[int, timedelta]:
        """Return for how long the hosts of each shard that was leased just now may not be asked yet."""
        is_first = not is_any_host_resting(db, now - self._terms.rest_after_death)
        return {shard.shard: self._terms.compute_rest(shard, now, is_first=is_first) for shard in taken}

    def _withdraw(self) -> None:
        with self._database.write() as db:
            lock_host_shards(db)
            withdraw_shard_requests(db, self.owner)

    def _leave(self) -> None:
        with self._database.write() as db:
            now = lock_host_shards(db)
            withdraw_shard_requests(db, self.owner)
            release_shards_of_owners(db, [self.owner], now)
