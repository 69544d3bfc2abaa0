"""What the coverage of a window says of items that may be missing or were merged."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from tests.store.filled import FEED, NOON, bring, item
from watcher.store.database import Database
from watcher.store.feeds.poll_history import PollRecord, add_polls
from watcher.store.feeds.queries import load_feed
from watcher.store.system.status import measure_coverage
from watcher.store.tables import feeds as feed_table

HOUR = timedelta(hours=1)


def test_counts_of_a_windows_polls_say_what_is_missing_now(database: Database) -> None:
    bring(database, [item(1, "One")], now=NOON)
    with database.write() as db:
        feed_id = load_feed(db, FEED).id
        db.execute(update(feed_table).values(left_out=5))
        add_polls(db, [
            PollRecord(feed_id=feed_id, at=NOON - 30 * HOUR, outcome="read", left_out=100, recovered=50, merged=9),
            PollRecord(feed_id=feed_id, at=NOON + HOUR, outcome="read", left_out=4, merged=2, recovered=12),
            PollRecord(feed_id=feed_id, at=NOON + 2 * HOUR, outcome="read", left_out=4, merged=2, lost=3),
            PollRecord(feed_id=feed_id, at=NOON + 3 * HOUR, outcome="read", merged=1),
        ])  # fmt: skip

    with database.read() as db:
        known = measure_coverage(db, NOON, NOON + 4 * HOUR)

    # Three of the eight that were left out have been stored since; a repetition in every document is one.
    assert (known.left_out, known.merged, known.recovered, known.gaps, known.lost) == (5, 2, 12, 1, 3)
    assert known.notes == ("The Harbour Post: about 3 items may have been missed; 5 items not stored",)
