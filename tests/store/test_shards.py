"""Hosts are divided into shards that stay as they are, and only one process at a time is leased each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.feed_builder import change_feed
from tests.moments import NOON
from watcher.model.feed import FeedConfig
from watcher.store.database import Database
from watcher.store.feeds.commands import save_polled_feeds
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import OwnShards, claim_due_feeds
from watcher.store.feeds.mapping import SHARD_COUNT, get_shard
from watcher.store.feeds.shards import (
    MAX_SHARD_LEASE,
    HostShard,
    count_shard_owners,
    create_host_shards,
    find_shards_of_feeds,
    lease_host_shards,
    list_feeds_of_shards,
    list_host_shards,
    list_shard_owners,
    lock_host_shards,
    record_shard_owner,
    release_feeds_of_shards,
    release_host_shards,
    release_shards_of_owners,
    renew_host_shards,
    request_host_shards,
    withdraw_shard_requests,
)
from watcher.store.tables import feeds

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SOURCES = [FeedConfig(url=f"https://host-{host}.example/{n}") for host in range(12) for n in range(2)]


@pytest.fixture
def watched(database: Database) -> Database:
    with database.write() as db:
        sync_feeds(db, SOURCES, NOON, timedelta(minutes=15))
        create_host_shards(db)
    return database


def test_the_shard_of_a_host_is_the_same_in_every_version() -> None:
    """They stand in the database: another hash would need a migration."""
    hosts = ["news.example", "xn--mnchen-3ya.example", "127.0.0.1", "${SECRET_FEED}", ""]

    assert [get_shard(host) for host in hosts] == [55, 18, 40, 35, 0]
    assert all(0 <= get_shard(f"host-{n}.example") < SHARD_COUNT for n in range(1000))


def test_shards_are_of_one_size() -> None:
    counts = [0] * SHARD_COUNT
    for number in range(64_000):
        counts[get_shard(f"www.outlet-{number}.example")] += 1

    assert min(counts) > 850
    assert max(counts) < 1150


def test_all_feeds_of_a_host_are_in_its_shard(watched: Database) -> None:
    with watched.read() as db:
        rows = db.execute(feeds.select()).all()

    assert len(rows) == len(SOURCES)
    assert all(row.shard == get_shard(row.host) for row in rows)


def test_a_feed_that_moves_goes_to_the_shard_of_its_new_host(watched: Database) -> None:
    with watched.write() as db:
        [feed] = claim_due_feeds(db, NOON, limit=1, lease_for=MINUTE, urls=[SOURCES[0].url])
        save_polled_feeds(db, [(feed, change_feed(feed, fetch_url="https://elsewhere.example/feed"))])

    with watched.write() as db:
        [moved] = claim_due_feeds(db, NOON, limit=1, lease_for=MINUTE, urls=[SOURCES[0].url])
    assert (feed.shard, moved.shard) == (get_shard("host-0.example"), get_shard("elsewhere.example"))
    assert (feed.host, moved.host) == ("host-0.example", "elsewhere.example")


def test_feeds_of_other_shards_and_those_in_flight_are_not_claimed(watched: Database) -> None:
    own = {get_shard(f"host-{number}.example") for number in (0, 1, 2)}
    with watched.write() as db:
        first = claim_due_feeds(db, NOON, limit=2, lease_for=SECOND, owner="a", own=OwnShards(own))
        # Somebody whose clock is wrong has freed them: they are due, and still in flight here.
        later = NOON + MINUTE
        ids = [feed.id for feed in first]
        rest = claim_due_feeds(db, later, limit=99, lease_for=MINUTE, owner="a", own=OwnShards(own, ids))
        none = claim_due_feeds(db, later, limit=99, lease_for=MINUTE, owner="a", own=OwnShards([]))

    assert {feed.shard for feed in (*first, *rest)} == own
    assert {feed.id for feed in first}.isdisjoint(feed.id for feed in rest)
    assert none == ()


def test_a_shard_is_free_when_it_was_released_or_its_lease_is_over_or_cannot_be() -> None:
    held = HostShard(shard=1, owner="a#1", lease_until=NOON + MINUTE)

    assert not held.is_free(NOON)
    assert held.is_free(NOON + MINUTE)
    assert held.is_free(NOON - MAX_SHARD_LEASE), "given under a wrong clock"
    assert HostShard(shard=1, lease_until=NOON).is_free(NOON)
    assert HostShard(shard=1).is_free(NOON)


def test_leases_are_renewed_and_released_by_their_owner_alone(watched: Database) -> None:
    with watched.write() as db:
        lease_host_shards(db, [3, 5], "a#1", NOON + MINUTE)
        lease_host_shards(db, [7], "b#2", NOON + MINUTE)
        renew_host_shards(db, "a#1", NOON + 2 * MINUTE)
        release_host_shards(db, [5, 7], "a#1", NOON + SECOND)
        found = {shard.shard: (shard.owner, shard.lease_until) for shard in list_host_shards(db)}

    assert len(found) == SHARD_COUNT
    assert found[3] == ("a#1", NOON + 2 * MINUTE)
    assert found[5] == (None, NOON + SECOND)
    assert found[7] == ("b#2", NOON + MINUTE)


def test_a_command_that_waits_for_a_shard_is_seen_until_it_gives_up(watched: Database) -> None:
    with watched.write() as db:
        lease_host_shards(db, [3, 5], "a#1", NOON + MINUTE)
        request_host_shards(db, [3, 5], "command host:1#9", NOON + MINUTE)
        waiting = [shard for shard in list_host_shards(db) if shard.is_wanted(NOON, besides="a#1")]
        own = [shard for shard in list_host_shards(db) if shard.is_wanted(NOON, besides="command host:1#9")]
        later = [shard for shard in list_host_shards(db) if shard.is_wanted(NOON + MINUTE, besides="a#1")]
        withdraw_shard_requests(db, "command host:1#9")
        after = [shard for shard in list_host_shards(db) if shard.is_wanted(NOON, besides="a#1")]

    assert [shard.shard for shard in waiting] == [3, 5]
    assert (own, later, after) == ([], [], [])


@pytest.mark.parametrize("until", [NOON, NOON - MINUTE, NOON + timedelta(days=1)])
def test_who_fell_silent_has_no_share(database: Database, until: object) -> None:
    with database.write() as db:
        record_shard_owner(db, "a#1", NOON + MINUTE)
        record_shard_owner(db, "b#2", until)  # type: ignore[arg-type]

        assert count_shard_owners(db, NOON) == 1
        assert list_shard_owners(db) == {"a#1"}


def test_what_the_dead_held_is_free_and_their_feeds_too(watched: Database) -> None:
    with watched.write() as db:
        claimed = claim_due_feeds(db, NOON, limit=4, lease_for=MINUTE, owner="a")
        others = claim_due_feeds(db, NOON, limit=2, lease_for=MINUTE, owner="b")
        lease_host_shards(db, range(SHARD_COUNT), "a#1", NOON + MINUTE)
        record_shard_owner(db, "a#1", NOON + MINUTE)
        release_shards_of_owners(db, ["a#1"], NOON + SECOND)
        freed = release_feeds_of_shards(db, range(SHARD_COUNT), {"a"})
        again = claim_due_feeds(db, NOON, limit=99, lease_for=MINUTE, owner="c")

        assert list_shard_owners(db) == frozenset()
        assert {shard.lease_until for shard in list_host_shards(db)} == {NOON + SECOND}
    assert freed == len(claimed) == 4
    assert {feed.id for feed in again}.isdisjoint(feed.id for feed in others)
    assert len(again) == len(SOURCES) - 2


def test_who_keeps_feeds_from_being_polled_is_named(watched: Database) -> None:
    url = SOURCES[0].url
    with watched.write() as db:
        [shard] = find_shards_of_feeds(db, NOON, urls=[url])
        all_shards = find_shards_of_feeds(db, NOON)
        lease_host_shards(db, all_shards, "host:1#9", NOON + MINUTE)
        [one] = list_feeds_of_shards(db, NOON, [shard], urls=[url])
        [due] = list_feeds_of_shards(db, NOON, all_shards)
        before = list_feeds_of_shards(db, NOON - MINUTE, all_shards)
        claim_due_feeds(db, NOON, limit=1, lease_for=MINUTE, owner="b", urls=[url])
        held = list_feeds_of_shards(db, NOON, [shard], urls=[url])

    assert (one.owner, one.feeds, one.until) == ("host:1", 1, NOON + MINUTE)
    assert due.feeds == len(SOURCES)
    assert (before, held) == ((), ())


def test_the_time_of_leases_is_that_of_the_database(postgresql: Database) -> None:
    with postgresql.write() as db:
        now = lock_host_shards(db)
        later = lock_host_shards(db)

    assert timedelta() <= later - now < MINUTE
    assert now.tzinfo is not None
