"""Stored times that lie in the future hold nothing back, and nothing that happened is rewritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.outgoing.world import alerts, daily, found
from tests.store.filled import NOON, bring, item
from watcher.model.digest import Coverage, Digest
from watcher.schedule.clock_steps import ClockStep
from watcher.store.database import Database
from watcher.store.digests.commands import add_digest
from watcher.store.digests.reporting import load_unreported_hits
from watcher.store.digests.slots import get_last_slot, get_last_slots
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.volume import is_volume_check_due, list_recent_alarms, record_alarms, record_volume_check
from watcher.store.outbox.leases import has_abandoned_deliveries
from watcher.store.outbox.queue import DeliveryDraft, add_deliveries, claim_delivery
from watcher.store.system.clock_faults import (
    Rescheduled,
    describe_clock_faults,
    record_clock_skew,
    record_clock_step,
    reschedule_all,
)
from watcher.store.system.workers import expire_workers, list_workers, record_heartbeat
from watcher.store.tables import digests as digest_table
from watcher.store.tables import feeds as feed_table

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
AHEAD = [2 * HOUR, timedelta(days=20), timedelta(days=400)]


def digest(name: str, slot_at: datetime, *hits: int) -> Digest:
    return Digest(
        name=name, title=name, slot_at=slot_at, window=(slot_at - HOUR, slot_at), timezone="UTC", coverage=Coverage(),
        topics=(), stories=(), hits=hits,
    )  # fmt: skip


@pytest.mark.parametrize("ahead", AHEAD)
def test_feed_polled_in_the_future_is_due_now(database: Database, ahead: timedelta) -> None:
    bring(database, [item(1, "Fog")], now=NOON + ahead)

    with database.write() as db:
        assert claim_due_feeds(db, NOON, limit=5, lease_for=MINUTE) == ()
        rearmed = reschedule_all(db, NOON)
        claimed = claim_due_feeds(db, NOON, limit=5, lease_for=MINUTE)

    assert (rearmed.feeds, rearmed.ahead) == (1, ahead)
    assert len(claimed) == 1


def test_feed_that_waits_by_right_goes_on_waiting(database: Database) -> None:
    bring(database, [item(1, "Fog")], now=NOON)
    with database.write() as db:
        db.execute(update(feed_table).values(next_poll_at=NOON + timedelta(days=30)))

        assert reschedule_all(db, NOON + MINUTE) == Rescheduled()
        assert claim_due_feeds(db, NOON + MINUTE, limit=5, lease_for=MINUTE) == ()


@pytest.mark.parametrize("ahead", AHEAD)
def test_slot_in_the_future_is_no_last_slot_and_can_still_come(database: Database, ahead: timedelta) -> None:
    future = NOON + ahead
    with database.write() as db:
        assert add_digest(db, digest("daily", NOON - HOUR), NOON, sent=True, html="", text="") is not None
        assert add_digest(db, digest("daily", future), future, sent=False, html="", text="") is not None

        assert get_last_slot(db, "daily", NOON) == NOON - HOUR
        assert get_last_slots(db, NOON) == {"daily": NOON - HOUR}
        assert reschedule_all(db, NOON).digests == 1
        assert reschedule_all(db, NOON).digests == 0
        again = add_digest(db, digest("daily", future), future, sent=True, html="", text="")

    assert again is not None


def test_what_happened_is_not_rewritten_by_a_clock_that_is_behind(database: Database) -> None:
    """A board without a battery begins in 1970: everything stored is right, and lies in its future."""
    bring(database, [item(1, "Fog")], now=NOON)
    with database.write() as db:
        add_digest(db, digest("daily", NOON), NOON, sent=True, html="", text="")

    with database.write() as db:
        reschedule_all(db, datetime(1970, 1, 1, tzinfo=UTC))

    with database.read() as db:
        feed = load_feeds(db)[0]
        slot = db.execute(select(digest_table.c.slot_at)).scalar_one()
    assert feed.poll.succeeded_at == NOON
    assert abs(slot - NOON) < timedelta(seconds=1)


@pytest.mark.parametrize("ahead", AHEAD)
def test_delivery_put_off_in_the_future_is_sent_now(database: Database, ahead: timedelta) -> None:
    future = NOON + ahead
    draft = DeliveryDraft(
        channel="mail", kind="email", recipient="a@desk.example", part=0, payload="", message_id="<1@x>",
        not_before=future,
    )  # fmt: skip
    with database.write() as db:
        digest_id = add_digest(db, digest("daily", future), future, sent=True, html="", text="")
        assert digest_id is not None
        add_deliveries(db, digest_id, [draft], future)

        assert reschedule_all(db, NOON).deliveries == 1
        assert claim_delivery(db, NOON, lease_for=MINUTE, channel="mail") is not None


@pytest.mark.parametrize("ahead", AHEAD)
def test_message_held_under_a_clock_that_was_ahead_is_abandoned(database: Database, ahead: timedelta) -> None:
    future = NOON + ahead
    draft = DeliveryDraft(
        channel="mail", kind="email", recipient="a@desk.example", part=0, payload="", message_id="<1@x>",
        not_before=future,
    )  # fmt: skip
    with database.write() as db:
        digest_id = add_digest(db, digest("daily", future), future, sent=True, html="", text="")
        assert digest_id is not None
        add_deliveries(db, digest_id, [draft], future)
        claim_delivery(db, future, lease_for=MINUTE, channel="mail")

        assert has_abandoned_deliveries(db, NOON)


@pytest.mark.parametrize("ahead", AHEAD)
def test_lease_of_a_process_in_the_future_is_given_up(database: Database, ahead: timedelta) -> None:
    record_heartbeat(database, "a", "host:1", NOON + ahead, MINUTE)

    with database.write() as db:
        assert list_workers(db, NOON) == ()
        assert expire_workers(db, NOON) == {"host:1"}


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("subscription", [alerts(), daily()])
def test_hit_matched_in_the_future_is_reported(database: Database, ahead: timedelta, subscription: object) -> None:
    found(database, "Five Eyes meet", at=NOON + ahead)

    with database.read() as db:
        untold = load_unreported_hits(db, subscription, NOON - HOUR, NOON)  # type: ignore[arg-type]

    assert [hit.title for hit in untold] == ["Five Eyes meet"]


@pytest.mark.parametrize("ahead", AHEAD)
def test_volume_looked_at_in_the_future_is_looked_at_again(database: Database, ahead: timedelta) -> None:
    with database.write() as db:
        record_volume_check(db, "alerts", NOON + ahead)
        record_alarms(db, "alerts", ["eyes"], [], NOON + ahead)

        assert is_volume_check_due(db, "alerts", NOON)
        assert list_recent_alarms(db, "alerts", NOON) == frozenset()


def test_faults_of_the_clock_are_described_while_they_are_recent(database: Database) -> None:
    with database.write() as db:
        record_clock_step(db, ClockStep(at=NOON + timedelta(days=20), by=timedelta(days=20)))
        record_clock_step(db, ClockStep(at=NOON, by=timedelta(days=-20)))
        record_clock_skew(db, timedelta(minutes=12), NOON)

        # The machine had been right before the first step: both were now, as its clock shows it now.
        assert describe_clock_faults(db, NOON - HOUR, NOON) == (
            "this machine's clock is 12 min ahead of the servers it asks",
            "the clock was set forward by 20 d at 2026-03-02 12:00 UTC",
            "the clock was set back by 20 d at 2026-03-02 12:00 UTC",
        )
        assert describe_clock_faults(db, NOON + HOUR, NOON + 2 * HOUR) == ()
        record_clock_skew(db, None, NOON)
        assert len(describe_clock_faults(db, NOON - HOUR, NOON)) == 2
