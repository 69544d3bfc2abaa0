"""The numbers of polling are those of its history."""

from __future__ import annotations

from datetime import timedelta

from tests.feed_builder import change_feed
from tests.moments import NOON
from watcher.model.feed import FeedConfig
from watcher.store.database import Database
from watcher.store.feeds.commands import save_polled_feeds
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.poll_history import PollRecord, add_polls
from watcher.store.feeds.poll_stats import get_poll_stats

HOUR = timedelta(hours=1)


def test_polls_are_counted_by_outcome_from_a_moment_on(database: Database) -> None:
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url="https://a.example/feed")], NOON, HOUR)
        [held] = claim_due_feeds(db, NOON, limit=1, lease_for=HOUR)
        done = [("read", 0), ("unchanged", 1), ("timeout", 2), ("read", 3)]
        add_polls(
            db,
            [
                PollRecord(
                    feed_id=held.id, at=NOON + n * HOUR, outcome=outcome, wire_bytes=10, elapsed=timedelta(seconds=2)
                )
                for outcome, n in done
            ],
        )
        save_polled_feeds(db, [(held, change_feed(held, gaps=2, lost=7))])

    with database.read() as db:
        stats = get_poll_stats(db, NOON)

    assert stats.outcomes == {"read": 1, "timeout": 1, "unchanged": 1}
    assert (stats.polls, stats.wire_bytes, stats.elapsed) == (3, 30, timedelta(seconds=6))
    assert (stats.gaps, stats.lost) == (2, 7)
    assert set(stats.callbacks.values()) == {0}


def test_nothing_polled_is_nothing_counted(database: Database) -> None:
    with database.read() as db:
        stats = get_poll_stats(db, NOON)

    assert (stats.polls, stats.gaps, stats.lost, stats.wire_bytes) == (0, 0, 0, 0)
