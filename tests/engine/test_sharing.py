"""What processes on one database owe each other: feeds by token, peace to hosts, and the work of those who died."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.moments import NOON
from tests.pipeline.polling import ingest_poll
from watcher.errors import StorageError, StorageFault
from watcher.match import compile_topics
from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import Failed, FailureKind
from watcher.pipeline.lease_recovery import recover_silent_leases
from watcher.store.database import Database
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds, filter_held_feeds, release_feeds
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feed
from watcher.store.sql import postgresql_backend
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


def urls(found: tuple[Feed, ...]) -> set[str]:
    return {feed.config.url for feed in found}


def test_what_is_settled_under_a_lost_claim_changes_nothing(shared: Database) -> None:
    [lost] = claim(shared, urls=[A])
    with shared.write() as db:
        release_feeds(db, [lost])
    [held] = claim(shared, urls=[A])
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


def test_a_transaction_of_polls_may_not_rest_for_long_and_no_other_is_changed(postgresql: Database) -> None:
    settings = "SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit')"

    with postgresql.write() as db:
        usual = tuple(db.exec_driver_sql(settings).one())
    with postgresql.write(lasting=False) as db:
        of_polls = tuple(db.exec_driver_sql(settings).one())
    with postgresql.write() as db:
        after = tuple(db.exec_driver_sql(settings).one())

    assert of_polls == ("30s", "off")
    assert usual[0] == "0"
    assert after == usual


def test_who_is_held_up_within_a_transaction_of_polls_loses_it_to_others(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(postgresql)
    claimed = claim(postgresql, urls=[A])
    brief = postgresql_backend._NOT_LASTING.replace("30s", "200ms")
    monkeypatch.setattr(postgresql_backend, "_NOT_LASTING", brief)

    def be_held_up() -> None:
        """Lock a feed and rest until another has taken its lock, which would wait for ever if nothing ended this."""
        with postgresql.write(lasting=False) as db:
            filter_held_feeds(db, claimed)
            with postgresql.write(lasting=False) as other:
                kept.update(filter_held_feeds(other, claimed))
            filter_held_feeds(db, claimed)

    kept: dict[int, Feed] = {}
    with pytest.raises(StorageError) as raised:
        be_held_up()

    assert kept == {feed.id: feed for feed in claimed}
    assert raised.value.fault is StorageFault.AWAY
