"""Composing from a store: membership, slots, silence, alerts, quiet hours and edits, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import insert, update

from tests.outgoing.world import FULL, HOUR, MINUTE, NOON, alerts, daily, files, found, press
from watcher.errors import NotFoundError
from watcher.model.digest import Coverage, EmptyPolicy, QuietHours
from watcher.model.topic import Origin
from watcher.pipeline.digests import compose_due, compose_now, preview_digest
from watcher.store.database import Database
from watcher.store.digests.queries import find_digests
from watcher.store.digests.reporting import has_unreported_hits
from watcher.store.digests.slots import get_last_slot, register_subscriptions
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries
from watcher.store.outbox.queue import get_next_try_at
from watcher.store.system.clock_faults import reschedule_all
from watcher.store.tables import entries as entry_table
from watcher.store.tables import entry_versions

SEVEN = NOON.replace(hour=7)
DAY = timedelta(days=1)


def set_up(database: Database, *names: str, at: timedelta = -DAY) -> None:
    with database.write() as db:
        register_subscriptions(db, names, NOON + at)


def titles(digest: object) -> list[str]:
    return [line.lead.title for section in digest.sections for line in section.stories]  # type: ignore[attr-defined]


def test_a_slot_that_came_is_composed_once(database: Database) -> None:
    set_up(database, "daily")
    hit_ids = found(database, "Five Eyes partners meet", at=SEVEN - HOUR)

    first = compose_due(database, press([daily()]), SEVEN + MINUTE)
    second = compose_due(database, press([daily()]), SEVEN + 2 * MINUTE)

    assert [digest.hits for digest in first] == [hit_ids]
    assert first[0].slot_at == SEVEN
    assert second == ()
    with database.read() as db:
        assert count_deliveries_by_state(db) == {"pending": 1}


def test_a_hit_committed_late_is_told_by_the_next_digest(database: Database) -> None:
    set_up(database, "daily")
    found(database, "Five Eyes in time", at=SEVEN - HOUR)
    compose_due(database, press([daily()]), SEVEN)
    found(database, "Five Eyes too late", at=SEVEN - 2 * HOUR)

    [digest] = compose_due(database, press([daily()]), SEVEN + DAY)

    assert titles(digest) == ["Five Eyes too late"]


def test_slots_missed_in_sleep_are_one_digest(database: Database) -> None:
    set_up(database, "daily", at=-5 * DAY)
    found(database, "Five Eyes three days ago", at=NOON - 3 * DAY)
    found(database, "Five Eyes today", at=SEVEN - HOUR)

    composed = compose_due(database, press([daily()]), NOON)

    assert [digest.slot_at for digest in composed] == [SEVEN]
    assert len(composed[0].hits) == 2
    assert compose_due(database, press([daily()]), NOON + HOUR) == ()


def test_the_first_slot_of_a_new_digest_may_pass_while_nobody_runs(database: Database) -> None:
    assert compose_due(database, press([daily()]), SEVEN - 10 * MINUTE) == ()
    found(database, "Five Eyes overnight", at=SEVEN - 9 * MINUTE)

    [digest] = compose_due(database, press([daily()]), SEVEN + 3 * HOUR)

    assert digest.slot_at == SEVEN


def test_what_is_older_than_the_digest_reaches_back_is_left(database: Database) -> None:
    set_up(database, "daily", at=-30 * DAY)
    found(database, "Five Eyes long ago", at=NOON - 9 * DAY)

    [digest] = compose_due(database, press([daily(empty=EmptyPolicy.SEND)]), NOON)

    assert titles(digest) == []


@pytest.mark.parametrize(
    ("policy", "coverage", "sent"),
    [
        pytest.param(EmptyPolicy.SKIP, FULL, False, id="skip"),
        pytest.param(EmptyPolicy.SEND, FULL, True, id="send"),
        pytest.param(EmptyPolicy.WHEN_BAD, FULL, False, id="coverage good"),
        pytest.param(EmptyPolicy.WHEN_BAD, replace(FULL, failing=1), True, id="coverage bad"),
    ],
)
def test_silence_is_told_as_the_policy_says(
    sqlite: Database, policy: EmptyPolicy, coverage: Coverage, sent: bool
) -> None:
    set_up(sqlite, "daily")

    compose_due(sqlite, press([daily(empty=policy)], coverage=coverage), SEVEN)

    with sqlite.read() as db:
        assert [digest.sent for digest in find_digests(db).items] == [sent]
        assert bool(count_deliveries_by_state(db)) == sent
        assert get_last_slot(db, "daily", SEVEN) == SEVEN


def test_baseline_and_archive_finds_stay_out_unless_asked_for(database: Database) -> None:
    set_up(database, "daily", "all")
    found(database, "Five Eyes from before", at=SEVEN - HOUR, baseline=True)
    found(database, "Five Eyes from the archive", at=SEVEN - HOUR, origin=Origin.BACKFILL)
    wants = daily(name="all", include_baseline=True, include_backfill=True)

    few, many = compose_due(database, press([daily(), wants]), SEVEN)

    assert len(few.hits) == 0
    assert len(many.hits) == 2


def test_another_digest_tells_the_same_hit_for_itself(sqlite: Database) -> None:
    set_up(sqlite, "daily", "other")
    hit_ids = found(sqlite, "Five Eyes partners meet", at=SEVEN - HOUR)

    both = compose_due(sqlite, press([daily(), daily(name="other")]), SEVEN)

    assert [digest.hits for digest in both] == [hit_ids, hit_ids]


def test_an_alert_goes_out_at_once_and_not_twice(database: Database) -> None:
    set_up(database, "alerts")
    found(database, "Five Eyes alert", at=NOON)

    first = compose_due(database, press([alerts()]), NOON + MINUTE)
    second = compose_due(database, press([alerts()]), NOON + 2 * MINUTE)

    assert [titles(digest) for digest in first] == [["Five Eyes alert"]]
    assert second == ()


def test_a_new_alert_says_nothing_of_what_was_there_before_it(database: Database) -> None:
    found(database, "Five Eyes yesterday", at=NOON - DAY)

    assert compose_due(database, press([alerts()]), NOON) == ()
    assert compose_due(database, press([alerts()]), NOON + MINUTE) == ()


def test_a_story_that_was_alerted_is_quiet_for_its_cooldown_and_not_lost(database: Database) -> None:
    set_up(database, "alerts")
    found(database, "Five Eyes alert", at=NOON, story=7)
    compose_due(database, press([alerts()]), NOON)
    found(database, "Five Eyes alert again", at=NOON + HOUR, story=7, outlet="Harbour Times")

    during = compose_due(database, press([alerts()]), NOON + HOUR)
    later = compose_due(database, press([alerts()]), NOON + 7 * HOUR)

    assert during == ()
    assert [titles(digest) for digest in later] == [["Five Eyes alert again"]]


def test_looking_for_an_alerts_news_costs_the_same_however_many_stories_are_stored(sqlite: Database) -> None:
    set_up(sqlite, "alerts")
    found(sqlite, "Five Eyes alert", at=NOON, story=7)
    compose_due(sqlite, press([alerts()]), NOON)
    found(sqlite, "Five Eyes alert again", at=NOON + HOUR, story=7, outlet="Harbour Times")

    def count_steps() -> int:
        """Return the tens of steps that the database needs to find that the alert's cooldown holds all back."""
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        with sqlite.write() as db:
            db.exec_driver_sql("ANALYZE")  # as a daemon does at times: its figures changed the order of the tables
        sqlite.engine.dispose()
        with sqlite.read() as db:
            connection = db.connection.dbapi_connection
            assert connection is not None
            connection.set_progress_handler(count, 10)
            try:
                assert not has_unreported_hits(db, alerts(), NOON - DAY, NOON + HOUR)
            finally:
                connection.set_progress_handler(None, 0)
        return steps

    few = count_steps()
    for number in range(300):
        found(sqlite, f"Storm {number}", at=NOON - 2 * DAY, story=100 + number)
    many = count_steps()

    assert 0 < many < 1.5 * few


def test_quiet_hours_hold_alerts_together_and_lose_none(database: Database) -> None:
    quiet = alerts(quiet=QuietHours(start=time(22), end=time(6, 30)), timezone="Europe/Berlin")
    set_up(database, "alerts")
    night = NOON.replace(hour=23)
    found(database, "Five Eyes at eleven", at=night)
    found(database, "Five Eyes at three", at=night + 4 * HOUR)

    held = compose_due(database, press([quiet]), night + 4 * HOUR)
    [digest] = compose_due(database, press([quiet]), night + 7 * HOUR)

    assert held == ()
    assert sorted(titles(digest)) == ["Five Eyes at eleven", "Five Eyes at three"]


def test_quiet_hours_hold_the_delivery_of_a_digest(sqlite: Database) -> None:
    set_up(sqlite, "daily")
    found(sqlite, "Five Eyes partners meet", at=SEVEN - HOUR)
    quiet = daily(quiet=QuietHours(start=time(6), end=time(9)))

    compose_due(sqlite, press([quiet]), SEVEN)

    with sqlite.read() as db:
        assert get_next_try_at(db) == SEVEN.replace(hour=9)


def test_a_headline_that_changed_after_it_was_told_is_told_as_edited_once(database: Database) -> None:
    set_up(database, "daily")
    found(database, "Five Eyes deny it", at=SEVEN - HOUR)
    compose_due(database, press([daily()]), SEVEN)
    with database.write() as db:
        row = {"title": "Five Eyes deny it", "summary": "", "content": "", "content_hash": b"hash"}
        when = {"seen_at": SEVEN - HOUR, "replaced_at": SEVEN + HOUR}
        db.execute(insert(entry_versions).values(entry_id=1, version=1, **row, **when))
        db.execute(update(entry_table).values(title="Five Eyes admit it", version=2, updated_at=SEVEN + HOUR))

    [second] = compose_due(database, press([daily()]), SEVEN + DAY)
    [third] = compose_due(database, press([daily(empty=EmptyPolicy.SEND)]), SEVEN + 2 * DAY)

    [line] = second.sections[0].stories
    assert (line.lead.title, line.lead.former_title, line.lead.edited) == (
        "Five Eyes admit it",
        "Five Eyes deny it",
        True,
    )
    assert third.sections == ()


def test_a_digest_now_is_sent_even_when_it_is_empty(sqlite: Database) -> None:
    compose_now(sqlite, press([daily()]), "daily", NOON)

    with sqlite.read() as db:
        assert count_deliveries_by_state(db) == {"pending": 1}


def test_a_digest_nobody_set_up_is_named_with_the_nearest(sqlite: Database) -> None:
    with pytest.raises(NotFoundError, match="daily"):
        compose_now(sqlite, press([daily()]), "dayly", NOON)


def test_a_preview_changes_nothing(sqlite: Database) -> None:
    found(sqlite, "Five Eyes partners meet", at=NOON - HOUR)

    with sqlite.read() as db:
        shown = preview_digest(db, press([daily()]), "daily", NOON)

    assert titles(shown) == ["Five Eyes partners meet"]
    with sqlite.read() as db:
        assert find_digests(db).items == ()


def test_one_broken_digest_keeps_no_other_back(sqlite: Database, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(sqlite, "broken", "daily")
    found(sqlite, "Five Eyes partners meet", at=SEVEN - HOUR)

    composed = compose_due(sqlite, press([daily(name="broken", timezone="Mars/Olympus"), daily()]), SEVEN)

    assert [digest.name for digest in composed] == ["daily"]


def test_two_installations_with_one_configuration_send_under_two_identities(
    sqlite: Database, postgresql: Database
) -> None:
    names = []
    for database in (sqlite, postgresql):
        set_up(database, "daily")
        compose_now(database, press([daily()], [files()]), "daily", NOON)
        with database.read() as db:
            names.append(find_deliveries(db).items[0].message_id)

    assert names[0] != names[1]


def test_a_slot_that_comes_again_after_a_wrong_clock_has_another_identity(database: Database) -> None:
    set_up(database, "daily")
    slot, wrong = SEVEN + 20 * DAY, SEVEN + 20 * DAY + 3 * HOUR
    found(database, "Five Eyes meet", at=wrong - HOUR)
    [early] = compose_due(database, press([daily()], [files()]), wrong)
    with database.write() as db:
        reschedule_all(db, SEVEN)
    found(database, "Five Eyes quarrel", at=slot - HOUR)

    [right] = compose_due(database, press([daily()], [files()]), slot)

    assert (early.slot_at, right.slot_at) == (slot, slot)
    with database.read() as db:
        assert len({delivery.message_id for delivery in find_deliveries(db).items}) == 2


@pytest.mark.parametrize("days", [3, 20])
@pytest.mark.parametrize("is_alert", [False, True])
def test_a_moment_that_comes_again_after_a_wrong_clock_has_another_identity(
    database: Database, days: int, is_alert: bool
) -> None:
    # An alert's slot is the moment itself; a digest at the minute of its slot has the same window both times.
    subscription = alerts() if is_alert else daily(empty=EmptyPolicy.SEND)
    set_up(database, subscription.name)
    slot = SEVEN + days * DAY
    if is_alert:
        found(database, "Five Eyes meet", at=slot - HOUR)
    [first] = compose_due(database, press([subscription], [files()]), slot)
    with database.write() as db:
        reschedule_all(db, SEVEN)
    if is_alert:
        found(database, "Navy sinks a boat of the Five Eyes", at=slot - HOUR)

    [second] = compose_due(database, press([subscription], [files()]), slot)

    assert (first.slot_at, second.slot_at) == (slot, slot)
    with database.read() as db:
        assert len({delivery.message_id for delivery in find_deliveries(db).items}) == 2


def test_slot_composed_under_a_clock_that_was_ahead_silences_no_later_one(database: Database) -> None:
    set_up(database, "daily")
    found(database, "Five Eyes meet", at=SEVEN + 20 * DAY)
    compose_due(database, press([daily()]), SEVEN + 20 * DAY)
    found(database, "Five Eyes quarrel", at=SEVEN - HOUR)

    [digest] = compose_due(database, press([daily()]), SEVEN + MINUTE)

    assert digest.slot_at == SEVEN
    assert titles(digest) == ["Five Eyes quarrel"]
