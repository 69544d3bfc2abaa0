"""The numbers of polling are those of its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.model.feed import Source
from watcher.store import claims, feeds, polling
from watcher.store.engine import Database
from watcher.store.feeds import Poll

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_polls_are_counted_by_outcome_from_a_moment_on(database: Database) -> None:
    with database.write() as db:
        feeds.sync(db, [Source(url="https://a.example/feed")], NOON, HOUR)
        [held] = claims.claim_due(db, NOON, limit=1, lease_for=HOUR)
        done = [("read", 0), ("unchanged", 1), ("timeout", 2), ("read", 3)]
        feeds.record(
            db,
            [
                Poll(feed_id=held.id, at=NOON + n * HOUR, outcome=outcome, wire_bytes=10, elapsed=timedelta(seconds=2))
                for outcome, n in done
            ],
        )
        feeds.put(db, [(held, replace(held, gaps=2, lost=7))])

    with database.read() as db:
        told = polling.since(db, NOON)

    assert told.outcomes == {"read": 1, "timeout": 1, "unchanged": 1}
    assert (told.polls, told.wire_bytes, told.elapsed) == (3, 30, timedelta(seconds=6))
    assert (told.gaps, told.lost) == (2, 7)
    assert set(told.callbacks.values()) == {0}


def test_nothing_polled_is_nothing_counted(database: Database) -> None:
    with database.read() as db:
        told = polling.since(db, NOON)

    assert (told.polls, told.gaps, told.lost, told.wire_bytes) == (0, 0, 0, 0)
