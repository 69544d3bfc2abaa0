"""Processes that share the hosts on PostgreSQL: who may ask which while shards change hands; nobody waits in vain."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watcher.errors import ShardLostError, StoreError
from watcher.pipeline.feed_claims import FeedSelection
from watcher.pipeline.host_shards import HostShards
from watcher.pipeline.lease_recovery import recover_leases
from watcher.pipeline.shard_loans import borrow_shards
from watcher.pipeline.shard_terms import ShardTerms
from watcher.store.database import Database
from watcher.store.feeds.mapping import SHARD_COUNT
from watcher.store.feeds.shards import list_host_shards, lock_host_shards
from watcher.store.system.workers import record_heartbeat
from watcher.store.tables import feeds, host_shards, hosts, leases

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)
TERMS = ShardTerms(spacing=5 * SECOND, lease_for=20 * SECOND, renew_every=5 * SECOND)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Process:
    """A process that shares hosts; its monotonic clock is the test's to set."""

    def __init__(self, database: Database, name: str, ahead: timedelta = timedelta()) -> None:
        self.at = 1000.0
        self.shards = HostShards(
            database, name, TERMS, clock=lambda: datetime.now(UTC) + ahead, monotonic=lambda: self.at
        )

    async def update(self, **how: Any) -> None:
        self.at += 1.0
        await self.shards.update(**how)

    def usable(self) -> frozenset[int]:
        with self.shards.claiming() as usable:
            assert usable is not None
            return usable


def pass_time(database: Database, by: timedelta) -> None:
    """Let the leases of all be older: the clock of the database is not ours to set."""
    with database.write() as db:
        db.exec_driver_sql("UPDATE host_shards SET lease_until = lease_until - %(by)s", {"by": by})
        db.exec_driver_sql("UPDATE shard_owners SET until = until - %(by)s", {"by": by})


def owners(database: Database) -> set[str | None]:
    with database.read() as db:
        return {shard.owner for shard in list_host_shards(db)}


def release_now(database: Database, before: timedelta) -> None:
    """Let what is released have been released so long ago."""
    with database.write() as db:
        now = lock_host_shards(db)
        db.execute(host_shards.update().where(host_shards.c.owner.is_(None)).values(lease_until=now - before))


async def test_the_first_takes_all_and_gives_half_to_the_second(postgresql: Database) -> None:
    first, second = Process(postgresql, "a:1"), Process(postgresql, "b:2")

    await first.update()
    alone = first.usable()
    await second.update()
    nothing_yet = second.shards.held
    await first.update()
    await second.update()

    assert len(alone) == SHARD_COUNT
    assert nothing_yet == frozenset()
    assert len(first.shards.held) == len(second.shards.held) == SHARD_COUNT // 2
    assert first.shards.held.isdisjoint(second.shards.held)


async def test_a_shard_is_not_released_before_its_feeds_are_done(postgresql: Database) -> None:
    first, second = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await first.update()
    for shard in range(SHARD_COUNT):
        first.shards.enter(shard)
    await second.update()

    await first.update()
    waiting = first.usable()
    first.shards.leave(63)
    await first.update()

    assert len(waiting) == SHARD_COUNT // 2, "nothing of what leaves is claimed"
    assert first.shards.held == frozenset(range(63))
    first.shards.check(62)  # what is in flight may be asked until it is done


async def test_a_shard_is_not_released_while_feeds_of_it_are_being_claimed(postgresql: Database) -> None:
    first, second = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await first.update()
    await second.update()

    with first.shards.claiming():
        await first.update()
        during = first.shards.held
    await first.update()

    assert len(during) == SHARD_COUNT
    assert len(first.shards.held) == SHARD_COUNT // 2


async def test_the_next_owner_waits_as_long_as_requests_are_apart(postgresql: Database) -> None:
    first, second = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await first.update()
    await second.update()
    await first.update()
    await second.update()

    at_once = second.usable()
    second.at += 4.0
    early = second.usable()
    second.at += 1.1
    after = second.usable()

    assert (at_once, early) == (frozenset(), frozenset())
    assert after == second.shards.held != frozenset()


async def test_shards_that_were_released_long_ago_are_usable_at_once(postgresql: Database) -> None:
    first, second = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await first.update()
    await first.shards.release_all()
    release_now(postgresql, before=6 * SECOND)

    await second.update()

    assert len(second.usable()) == SHARD_COUNT


async def test_nothing_is_asked_after_the_lease_has_ended_by_our_own_clock(postgresql: Database) -> None:
    process = Process(postgresql, "a:1")
    await process.update()

    process.at += 17.9
    process.shards.check(1)
    process.at += 0.2

    assert process.usable() == frozenset()
    with pytest.raises(ShardLostError):
        process.shards.check(1)
    await process.update()
    process.shards.check(1)


async def test_what_a_dead_process_held_is_taken_over_after_its_lease_and_a_rest(postgresql: Database) -> None:
    dead, other = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await dead.update()
    await other.update()
    pass_time(postgresql, 21 * SECOND)

    await other.update()
    at_once = other.usable()
    other.at += 7.1

    assert len(other.shards.held) == SHARD_COUNT
    assert at_once == frozenset()
    assert len(other.usable()) == SHARD_COUNT
    await dead.update()
    assert dead.shards.held == frozenset(), "it lives after all, and knows what it has lost"
    with pytest.raises(ShardLostError):
        dead.shards.check(1)


async def test_a_lease_that_cannot_be_keeps_nobody_waiting_for_long(postgresql: Database) -> None:
    """The clock of the database was set back by a day."""
    former, other = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await former.update()
    pass_time(postgresql, timedelta(days=-1))

    await other.update()
    for _second in range(24):
        await other.update()
    early = other.usable()
    other.at += 1.1

    assert len(other.shards.held) == SHARD_COUNT
    assert early == frozenset(), "the former owner may count on it for the length of a lease"
    assert len(other.usable()) == SHARD_COUNT


async def test_a_lease_whose_answer_was_lost_is_taken_up_and_no_process_waits_for_itself(postgresql: Database) -> None:
    process = Process(postgresql, "a:1")
    await process.update()
    process.shards._held.clear()  # as if the commit had been the last that the database did

    process.at += 5.0
    await process.update()
    at_once = process.usable()
    process.at += 7.1

    assert at_once == frozenset()
    assert len(process.usable()) == SHARD_COUNT


async def test_who_is_held_up_while_it_changes_shards_holds_up_nobody_for_long(postgresql: Database) -> None:
    """As a machine that loses its power in the middle of a transaction, of which the server hears nothing."""
    process = Process(postgresql, "a:1")

    def hold_up() -> None:
        with suppress(StoreError), postgresql.write() as db:
            lock_host_shards(db)
            started.set()
            ended.wait(30)

    started, ended = threading.Event(), threading.Event()
    held_up = threading.Thread(target=hold_up)
    held_up.start()
    await asyncio.to_thread(started.wait)
    try:
        await asyncio.wait_for(process.update(), 15)
    finally:
        ended.set()
        held_up.join()

    assert len(process.usable()) == SHARD_COUNT


async def test_a_process_of_the_same_name_is_another(postgresql: Database) -> None:
    """Two containers, in each of which the worker is process 1 of a host called watcher."""
    one, other = Process(postgresql, "watcher:1"), Process(postgresql, "watcher:1")
    await one.update()
    await other.update()
    await one.update()
    await other.update()

    assert one.shards.held.isdisjoint(other.shards.held)
    assert len(owners(postgresql)) == 2


async def test_shares_differ_by_no_more_than_the_remainder(postgresql: Database) -> None:
    processes = [Process(postgresql, f"a:{number}") for number in range(5)]
    for _round in range(4):
        for process in processes:
            await process.update()

    counts = [len(process.shards.held) for process in processes]
    assert sum(counts) == SHARD_COUNT
    assert max(counts) == 13


async def test_a_process_without_a_network_leaves_all_but_one(postgresql: Database) -> None:
    away, other = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    await away.update()
    await away.update(is_away=True)
    alone = len(away.shards.held)
    await other.update()
    await away.update(is_away=True)
    await other.update()

    assert alone == SHARD_COUNT, "nobody else would ask"
    assert len(away.shards.held) == 1
    assert len(other.shards.held) == SHARD_COUNT - 1


async def test_where_all_are_without_a_network_no_host_is_left_alone(postgresql: Database) -> None:
    one, other = Process(postgresql, "a:1"), Process(postgresql, "b:2")
    for process in (one, other, one, other):
        await process.update()
    for process in (one, other, one, other, one):
        process.at += 5.0
        await process.update(is_away=True)

    assert len(one.shards.held) + len(other.shards.held) == SHARD_COUNT


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=-400)])
async def test_a_process_with_a_wrong_clock_leaves_all_to_others(postgresql: Database, ahead: timedelta) -> None:
    wrong, right = Process(postgresql, "a:1", ahead), Process(postgresql, "b:2")
    await wrong.update()
    alone = len(wrong.shards.held)
    await right.update()
    await wrong.update()
    await right.update()

    assert alone == SHARD_COUNT
    assert wrong.shards.held == frozenset()
    assert len(right.shards.held) == SHARD_COUNT


def begin_earlier_version(database: Database) -> None:
    """Record the heartbeat of a worker that leases no shards, as it wrote it."""
    record_heartbeat(database, "old:1", "old:1", datetime.now(UTC), 20 * SECOND)
    with database.write() as db:
        db.execute(leases.update().where(leases.c.name == "old:1").values(note=""))


async def test_beside_a_process_of_an_earlier_version_no_host_is_asked(postgresql: Database) -> None:
    process = Process(postgresql, "a:1")
    begin_earlier_version(postgresql)

    await process.update()
    beside = process.usable()
    with postgresql.write() as db:
        db.execute(leases.delete())
    await process.update()

    assert beside == frozenset()
    assert len(process.usable()) == SHARD_COUNT


@pytest.mark.parametrize("seconds_ago", [0, 6])
async def test_hosts_that_an_earlier_version_asked_rest_first(postgresql: Database, seconds_ago: int) -> None:
    process = Process(postgresql, "a:1")
    with postgresql.write() as db:
        asked_until = datetime.now(UTC) - seconds_ago * SECOND
        db.execute(hosts.insert().values(host="a.example", next_allowed_at=asked_until))

    await process.update()
    at_once = process.usable()
    process.at += 7.0
    rested = process.usable()

    assert at_once == frozenset()
    assert len(rested) == SHARD_COUNT


async def test_hosts_that_an_earlier_version_asked_long_ago_are_asked_at_once(postgresql: Database) -> None:
    process = Process(postgresql, "a:1")
    with postgresql.write() as db:
        db.execute(hosts.insert().values(host="a.example", next_allowed_at=datetime.now(UTC) - 60 * SECOND))

    await process.update()

    assert len(process.usable()) == SHARD_COUNT


async def test_what_is_known_to_be_dead_is_taken_over_without_waiting_for_its_lease(postgresql: Database) -> None:
    dead, other = Process(postgresql, "host:1"), Process(postgresql, "host:2")
    await dead.update()

    recover_leases(postgresql, lambda owner: owner == "host:1", datetime.now(UTC))
    await other.update()

    assert len(other.shards.held) == SHARD_COUNT


async def test_a_command_borrows_what_it_polls_and_gives_it_back(postgresql: Database) -> None:
    worker, command = Process(postgresql, "a:1"), Process(postgresql, "command a:9")
    await worker.update()

    borrowing = asyncio.create_task(command.shards.borrow({3, 5}, patience=timedelta(hours=1)))
    while not any(shard.wanted_by for shard in await asyncio.to_thread(list_shards, postgresql)):
        await asyncio.sleep(0.05)
    await worker.update()
    missing = await borrowing
    during = worker.shards.held, command.shards.held
    await worker.update()
    with pytest.raises(ShardLostError):
        worker.shards.check(3)
    await command.shards.release_all()
    await worker.update()

    assert missing == frozenset()
    assert during == (frozenset(range(SHARD_COUNT)) - {3, 5}, frozenset({3, 5}))
    assert worker.shards.held == frozenset(range(SHARD_COUNT))


def list_shards(database: Database) -> Any:
    with database.read() as db:
        return list_host_shards(db)


async def test_a_command_goes_on_without_what_is_not_released(postgresql: Database) -> None:
    worker, command = Process(postgresql, "a:1"), Process(postgresql, "command a:9")
    await worker.update()
    worker.shards.enter(3)

    missing = await command.shards.borrow({3}, patience=timedelta())

    assert missing == {3}
    assert not any(shard.wanted_by for shard in list_shards(postgresql))
    await worker.update()
    assert worker.usable() == frozenset(range(SHARD_COUNT))


async def test_a_command_borrows_nothing_beside_a_process_of_an_earlier_version(postgresql: Database) -> None:
    command = Process(postgresql, "command a:9")
    begin_earlier_version(postgresql)

    missing = await command.shards.borrow({3, 5}, patience=timedelta())
    beside = command.shards.held, command.usable(), owners(postgresql)
    with postgresql.write() as db:
        db.execute(leases.delete())
    missing_later = await command.shards.borrow({3, 5}, patience=timedelta())

    assert missing == {3, 5}
    assert beside == (frozenset(), frozenset(), {None})
    assert not any(shard.wanted_by for shard in list_shards(postgresql))
    assert missing_later == frozenset()
    assert command.shards.held == {3, 5}


async def test_two_commands_that_want_the_same_hosts_do_not_wait_for_ever(postgresql: Database) -> None:
    one, other = Process(postgresql, "command a:1"), Process(postgresql, "command a:2")

    first = await one.shards.borrow({1, 2}, patience=timedelta())
    second = await other.shards.borrow({2, 3}, patience=timedelta())

    assert (first, second) == (frozenset(), frozenset({2}))
    assert other.shards.held == {3}


async def test_a_command_that_fails_keeps_no_shard(postgresql: Database) -> None:
    command = Process(postgresql, "command a:1")
    with postgresql.write() as db:
        db.execute(feeds.insert().values(url="https://a.example/", fetch_url="https://a.example/", shard=9,
                                         next_poll_at=datetime.now(UTC), interval=SECOND))  # fmt: skip
    selection = FeedSelection(include_all=True)

    with suppress(RuntimeError):
        async with borrow_shards(postgresql, command.shards, selection, lambda: datetime.now(UTC)):
            during = command.shards.held
            raise RuntimeError

    assert during == {9}
    assert owners(postgresql) == {None}
