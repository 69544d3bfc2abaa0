"""What processes on one database owe each other: feeds by token, hosts by turn, and the work of those who died."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.moments import NOON
from tests.pipeline.polling import ingest_poll
from watcher.match import compile_topics
from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import Failed, FailureKind
from watcher.pipeline.lease_recovery import recover_silent_leases
from watcher.pipeline.work_batches import claim_batches, take_over_batch
from watcher.store.database import Database
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.hosts import reserve_host_slots
from watcher.store.feeds.leases import claim_due_feeds, claim_feed, filter_held_feeds, release_feeds
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feed
from watcher.store.system.workers import record_heartbeat

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
A = "https://news.example/a"
B = "https://news.example/b"
ELSEWHERE = "https://other.example/feed"
NOTHING = compile_topics(())


def watch(database: Database) -> None:
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url=url) for url in (A, B, ELSEWHERE)], NOON, timedelta(minutes=15))


@pytest.fixture
def shared(database: Database) -> Database:
    watch(database)
    return database


def claim(database: Database, now: datetime = NOON, owner: str = "one", **how: object) -> tuple[Feed, ...]:
    with database.write() as db:
        return claim_due_feeds(db, now, limit=10, lease_for=10 * MINUTE, owner=owner, **how)  # type: ignore[arg-type]


def take(database: Database, *offered: tuple[int, int]) -> tuple[Feed, ...]:
    with database.write() as db:
        return claim_feed(db, offered, NOON, lease_for=MINUTE, owner="worker")


def urls(found: tuple[Feed, ...]) -> set[str]:
    return {feed.config.url for feed in found}


def test_of_two_who_come_with_one_claim_one_gets_the_feed(shared: Database) -> None:
    [queued, *_] = claim(shared, urls=[A])

    first = take(shared, (queued.id, queued.lease))
    second = take(shared, (queued.id, queued.lease))

    assert urls(first) == {A}
    assert first[0].lease == queued.lease + 1
    assert second == ()


def test_a_claim_that_was_given_back_gives_nothing(shared: Database) -> None:
    [queued] = claim(shared, urls=[A])
    with shared.write() as db:
        release_feeds(db, [queued])

    assert take(shared, (queued.id, queued.lease)) == ()


def test_what_is_settled_under_a_lost_claim_changes_nothing(shared: Database) -> None:
    [lost] = claim(shared, urls=[A])
    [held] = take(shared, (lost.id, lost.lease))
    outcome = Failed(kind=FailureKind.TIMEOUT, message="too slow")

    with shared.write() as db:
        late = ingest_poll(db, lost, outcome, NOTHING, NOON)
        after = load_feed(db, A)
        rightful = ingest_poll(db, held, outcome, NOTHING, NOON)

    assert (late.is_stored, after.poll.failures) == (False, 0)
    assert rightful.is_stored
    with shared.read() as db:
        assert load_feed(db, A).poll.failures == 1
        assert len(load_polls(db, lost.id)) == 1


def test_of_a_chunk_no_more_is_kept_than_asked_for_and_the_rest_is_due_for_others(shared: Database) -> None:
    [chunk] = claim_batches(shared, NOON, max_batches=1)

    held = take_over_batch(shared, chunk, NOON, owner="worker", spacing=SECOND, max_feeds=1)

    assert len(chunk) == 3
    assert len(held) == 1
    assert claim_batches(shared, NOON, max_batches=0) == ()
    others = claim(shared)
    assert urls(others) == {A, B, ELSEWHERE} - {held[0][0].config.url}


def test_a_chunk_taken_over_has_turns_at_its_host_one_after_another(shared: Database) -> None:
    [chunk] = claim_batches(shared, NOON, max_batches=1)

    held = take_over_batch(shared, chunk, NOON, owner="worker", spacing=SECOND)

    turns = {feed.config.url: at for feed, at in held}
    assert sorted((turns[A], turns[B])) == [NOON, NOON + SECOND]
    assert turns[ELSEWHERE] == NOON
    assert take_over_batch(shared, chunk, NOON, owner="another", spacing=SECOND) == ()


def test_a_turn_far_off_is_given_back(shared: Database) -> None:
    with shared.write() as db:
        reserve_host_slots(db, {"news.example": 1000}, NOON, SECOND)
    [chunk] = claim_batches(shared, NOON, max_batches=1)

    held = take_over_batch(shared, chunk, NOON, owner="worker", spacing=SECOND)

    assert [feed.config.url for feed, _at in held] == [ELSEWHERE]
    assert urls(claim(shared)) == {A, B}


def test_the_feeds_of_one_who_fell_silent_are_free_and_of_nobody_else(shared: Database) -> None:
    claim(shared, owner="dead", urls=[A])
    claim(shared, owner="alive", urls=[B])
    record_heartbeat(shared, "worker:dead", "dead", NOON, 20 * SECOND)
    record_heartbeat(shared, "worker:alive", "alive", NOON, 5 * MINUTE)

    early = recover_silent_leases(shared, NOON + 10 * SECOND)
    silent = recover_silent_leases(shared, NOON + 30 * SECOND)
    again = recover_silent_leases(shared, NOON + 30 * SECOND)

    assert (early, silent, again) == ((0, 0), (1, 0), (0, 0))
    assert urls(claim(shared, NOON + 30 * SECOND)) == {A, ELSEWHERE}


def test_turns_at_a_host_follow_each_other_whoever_takes_them(shared: Database) -> None:
    with shared.write() as db:
        first = reserve_host_slots(db, {"news.example": 3, "other.example": 1}, NOON, SECOND)
    with shared.write() as db:
        second = reserve_host_slots(db, {"news.example": 1}, NOON + SECOND, SECOND)
        later = reserve_host_slots(db, {"news.example": 1}, NOON + MINUTE, SECOND)

    assert first == {"news.example": NOON, "other.example": NOON}
    assert second == {"news.example": NOON + 3 * SECOND}
    assert later == {"news.example": NOON + MINUTE}


def test_a_host_that_asks_for_peace_gets_it_while_others_settle_its_feeds(postgresql: Database) -> None:
    """Two processes that hear 429 from one roof at once must not wait for each other's feeds for ever."""
    watch(postgresql)
    claimed = {feed.config.url: feed for feed in claim(postgresql)}
    refused = Failed(kind=FailureKind.RATE_LIMITED, message="", status=429, retry_after=30 * MINUTE)

    with postgresql.write() as one, postgresql.write() as two:
        one.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        filter_held_feeds(two, [claimed[B]])
        ingest_poll(one, claimed[A], refused, NOTHING, NOON)
        ingest_poll(two, claimed[B], refused, NOTHING, NOON)

    with postgresql.read() as db:
        assert load_feed(db, A).poll.next_poll_at >= NOON + 30 * MINUTE
        assert load_feed(db, B).poll.next_poll_at >= NOON + 30 * MINUTE
        assert load_feed(db, ELSEWHERE).poll.next_poll_at == NOON
