"""Retention on both databases: what goes, what stays, what does not return, and what is counted after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from tests.pipeline.polling import ingest_poll
from tests.store.filled import FEED, NOON, bring, item, topics
from watcher.match import parse_query
from watcher.model.feed import Validators
from watcher.model.poll import Unchanged
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults, release_space, repair_database
from watcher.store.database.pruning import ENTRIES_PER_PRUNE, UNLISTED_FOR, Retention, _take_away, prune_database
from watcher.store.entries.search import search_entries
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import count_entries_by_feed, load_feeds
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.counts import count_hits_by_topic
from watcher.store.hits.search import find_hits
from watcher.store.system.counters import add_to_entry_counts, add_to_hit_counts, get_entry_count, get_hit_count
from watcher.store.system.status import get_status
from watcher.store.tables import digest_items, digests, entries, outbox, polls, stories, story_marks, tombstones
from watcher.store.tables import hits as hit_table

DAY = timedelta(days=1)
EYES = topics(eyes='"five eyes"')
LONG_AGO = NOON + 40 * DAY
SHORT = Retention(entries=DAY, hits=30 * DAY, polls=DAY, payloads=DAY)


def titles(database: Database) -> list[str]:
    with database.read() as db:
        return sorted(match.stored.entry.item.title for match in search_entries(db).items)


def tell(database: Database, hit_id: int, *, at: datetime = NOON) -> None:
    """Put a hit into a digest that was sent."""
    with database.write() as db:
        row = {
            "id": 1, "name": "daily", "slot_at": at, "window_from": at - DAY, "window_to": at, "composed_at": at,
            "hits": 1, "stories": 1,
        }  # fmt: skip
        db.execute(insert(digests), row)
        db.execute(insert(digest_items), {"name": "daily", "hit_id": hit_id, "digest_id": 1})
        sent = {
            "digest_id": 1, "channel": "mail", "kind": "email", "payload": "the words", "message_id": "<1>",
            "state": "sent", "next_try_at": at, "created_at": at, "sent_at": at, "changed_at": at,
        }  # fmt: skip
        db.execute(insert(outbox), sent)


def test_what_is_older_than_it_is_kept_goes_and_what_is_younger_stays(database: Database) -> None:
    bring(database, [item(1, "Weather"), item(2, "Five Eyes meet")], matcher=EYES)
    bring(database, [item(3, "Fog")], now=NOON + 2 * DAY)

    pruned = prune_database(database, SHORT, NOON + 2 * DAY)

    assert (pruned.entries, pruned.hits) == (1, 0)
    assert titles(database) == ["Five Eyes meet", "Fog"]
    with database.read() as db:
        assert search_entries(db, parse_query("weather")).items == ()
    assert find_database_faults(database) == ()


def test_what_a_sent_digest_or_a_label_refers_to_stays_for_good(database: Database) -> None:
    headlines = ("Five Eyes meet in Riga", "Quarrel among the Five Eyes allies", "New chair for Five Eyes panel")
    bring(database, [item(n, headline) for n, headline in enumerate(headlines)], matcher=EYES)
    with database.write() as db:
        reported, labelled, _plain = sorted(hit.id for hit in find_hits(db).items)
        set_hit_label(db, labelled, "irrelevant", NOON)
    tell(database, reported)

    pruned = prune_database(database, SHORT, LONG_AGO)

    assert (pruned.entries, pruned.hits) == (1, 1)
    assert titles(database) == sorted(headlines[:2])
    with database.read() as db:
        assert db.execute(select(digest_items.c.hit_id)).scalars().all() == [reported]


def test_a_story_and_the_counts_shrink_with_what_goes(database: Database) -> None:
    bring(database, [item(1, "Five Eyes ministers meet in Riga harbour")], matcher=EYES)
    bring(database, [item(2, "Five Eyes ministers meet in Riga harbour, officials say")], now=NOON + DAY, matcher=EYES)
    with database.write() as db:
        newest, _oldest = find_hits(db).items
        set_hit_label(db, newest.id, "relevant", NOON)

    prune_database(database, SHORT, LONG_AGO)

    with database.read() as db:
        [left] = find_hits(db).items
        assert (left.id, left.story_size) == (newest.id, 1)
        assert count_hits_by_topic(db) == {"eyes": 1}
        assert get_status(db, LONG_AGO).entries == get_entry_count(db) == 1
        assert set(count_entries_by_feed(db).values()) == {1}
    assert find_database_faults(database) == ()


@pytest.mark.parametrize("count", [2, 12])
def test_what_was_pruned_does_not_return_while_its_feed_lists_it_and_is_forgotten_after(
    database: Database, count: int
) -> None:
    items = [item(number, f"Weather {number}") for number in range(count)]
    bring(database, items)
    prune_database(database, SHORT, LONG_AGO)

    again = bring(database, [*items, item(99, "Fog")], now=LONG_AGO + DAY)

    assert [stored.entry.item.title for stored in again.new] == ["Fog"]
    assert again.lost == 0
    later = LONG_AGO + DAY + UNLISTED_FOR + timedelta(hours=1)
    bring(database, [item(99, "Fog")], now=later)
    assert prune_database(database, Retention(entries=90 * DAY), later).tombstones == count


@pytest.mark.parametrize(
    "wrong_by",
    [
        400 * DAY,
        timedelta(hours=2),
        -3 * DAY,
        *(pytest.param(by, marks=pytest.mark.slow) for by in (20 * DAY, -400 * DAY)),
    ],
    ids=str,
)
def test_entries_that_a_wrong_clock_dated_are_kept_for_their_time(database: Database, wrong_by: timedelta) -> None:
    # An item every two hours for six days; for eight hours of the fourth the clock is wrong.
    seen_at: dict[str, datetime] = {}
    kept_for, step, kept = 5 * DAY, timedelta(hours=2), set[str]()
    for number in range(150):
        now = NOON + number * step
        if number < 72:
            title = f"Weather {number:02}"
            [new] = bring(database, [item(number, title)], now=now).new
            noted = now + wrong_by if 36 <= number < 40 else now
            with database.write() as db:
                db.execute(update(entries).where(entries.c.id == new.id).values(first_seen_at=noted))
            seen_at[title] = now
        # Every six hours, and never while the clock is wrong.
        if number % 3 == 0 and not 36 <= number < 40:
            prune_database(database, Retention(entries=kept_for), now)

        with database.read() as db:
            kept = set(db.execute(select(entries.c.title)).scalars())
        assert {title for title, true in seen_at.items() if now - true < kept_for} <= kept

    assert kept == set()


def repeat_document(database: Database, now: datetime) -> None:
    """Store a poll that was sent the document it knew."""
    with database.write() as db:
        [claimed] = claim_due_feeds(db, now, limit=1, lease_for=timedelta(minutes=1), urls=[FEED])
        ingest_poll(db, claimed, Unchanged(by="hash", validators=Validators()), topics(), now)


@pytest.mark.parametrize("every", [timedelta(hours=3), timedelta(hours=13), 4 * DAY, 9 * DAY], ids=str)
def test_what_was_pruned_does_not_return_after_its_document_stood_unchanged(
    database: Database, every: timedelta
) -> None:
    items = [item(1, "Weather"), item(2, "Tides")]
    bring(database, items)
    prune_database(database, SHORT, LONG_AGO)
    now = LONG_AGO
    while now < LONG_AGO + 2 * UNLISTED_FOR:
        now += every
        repeat_document(database, now)

    pruned = prune_database(database, Retention(entries=90 * DAY), now)

    again = bring(database, [*items, item(3, "Fog")], now=now + DAY)
    assert [stored.entry.item.title for stored in again.new] == ["Fog"]
    assert pruned.tombstones == 0


def test_what_left_its_document_is_forgotten_although_the_document_stands_unchanged_since(database: Database) -> None:
    bring(database, [item(1, "Weather"), item(2, "Tides")])
    prune_database(database, SHORT, LONG_AGO)
    now = LONG_AGO + 2 * DAY
    bring(database, [item(2, "Tides")], now=now)
    while now < LONG_AGO + 2 * UNLISTED_FOR:
        now += timedelta(hours=6)
        repeat_document(database, now)

    pruned = prune_database(database, Retention(entries=90 * DAY), now)

    assert pruned.tombstones == 1
    with database.read() as db:
        assert db.execute(select(tombstones.c.key)).scalars().all() == ["guid:g2"]


@pytest.mark.parametrize("hours", [1, 6, 11, 12, 13, 23])
def test_what_was_listed_at_the_last_reading_before_an_outage_stays_known(database: Database, hours: int) -> None:
    items = [item(1, "Weather"), item(2, "Tides")]
    bring(database, items)
    prune_database(database, SHORT, LONG_AGO)
    last_read_at = LONG_AGO + timedelta(hours=hours)
    bring(database, [*items, item(3, "Fog")], now=last_read_at)
    for half_hours in range(-4, 60, 7):
        later = LONG_AGO + UNLISTED_FOR + half_hours * timedelta(minutes=30)
        assert prune_database(database, Retention(entries=90 * DAY), later).tombstones == 0

    again = bring(database, [*items, item(3, "Fog"), item(4, "Rain")], now=LONG_AGO + 20 * DAY)

    assert [stored.entry.item.title for stored in again.new] == ["Rain"]


def test_a_document_that_was_read_in_the_future_makes_nobody_forget_what_it_lists(database: Database) -> None:
    bring(database, [item(1, "Weather")], now=NOON + 400 * DAY)
    with database.write() as db:
        db.execute(update(entries).values(first_seen_at=NOON))
    prune_database(database, SHORT, LONG_AGO)

    pruned = prune_database(database, SHORT, LONG_AGO + 2 * UNLISTED_FOR)

    assert pruned.tombstones == 0


def test_tombstones_stay_while_their_feed_is_not_read(database: Database) -> None:
    bring(database, [item(1, "Weather")])
    prune_database(database, SHORT, LONG_AGO)

    pruned = prune_database(database, SHORT, LONG_AGO + 100 * DAY)

    assert pruned.tombstones == 0
    with database.read() as db:
        assert len(db.execute(select(tombstones.c.key)).all()) == 1


def test_history_payloads_marks_and_empty_stories_go_in_their_time(database: Database) -> None:
    bring(database, [item(1, "Five Eyes ministers meet in Riga harbour")], matcher=EYES)
    bring(database, [item(2, "Five Eyes panel picks another chair")], now=NOON + DAY, matcher=EYES)
    with database.write() as db:
        reported_id = min(hit.id for hit in find_hits(db).items)
    tell(database, reported_id)

    pruned = prune_database(database, SHORT, LONG_AGO)

    assert (pruned.polls, pruned.payloads) == (2, 1)
    with database.read() as db:
        assert db.execute(select(polls.c.id)).all() == []
        assert db.execute(select(outbox.c.payload)).scalars().all() == [""]
        assert db.execute(select(story_marks.c.mark)).all() == []
        assert db.execute(select(stories.c.size)).scalars().all() == [1]


def test_much_is_pruned_in_many_transactions_and_progress_is_told(database: Database) -> None:
    bring(database, [item(n, f"Weather number {n}") for n in range(ENTRIES_PER_PRUNE + 20)])
    heard: list[int] = []

    pruned = prune_database(database, SHORT, LONG_AGO, heard.append)

    assert pruned.entries == ENTRIES_PER_PRUNE + 20
    assert heard == [ENTRIES_PER_PRUNE, ENTRIES_PER_PRUNE + 20]
    assert titles(database) == []
    assert bring(database, [item(1, "Weather number 1")], now=LONG_AGO + DAY).new == ()


def test_a_label_that_comes_while_pruning_chooses_saves_its_entry(database: Database) -> None:
    bring(database, [item(1, "Five Eyes meet")], matcher=EYES)
    with database.read() as db:
        [hit] = find_hits(db).items
    with database.write() as db:
        db.execute(update(hit_table).values(label="relevant"))

        gone = _take_away(db, [hit.stored.id], LONG_AGO, LONG_AGO)

    assert gone == (0, 0)
    assert titles(database) == ["Five Eyes meet"]


def test_wrong_counts_are_found_and_mended(database: Database) -> None:
    bring(database, [item(1, "Five Eyes meet"), item(2, "Fog")], matcher=EYES)
    with database.write() as db:
        [feed] = load_feeds(db)
        add_to_entry_counts(db, {feed.id: 5})
        add_to_hit_counts(db, {("eyes", "2026-03-02", "live"): 2})

    wrong = find_database_faults(database)
    repair_database(database)

    assert [fault.split(":")[0] for fault in wrong] == ["counts", "counts"]
    assert find_database_faults(database) == ()
    with database.read() as db:
        assert (get_entry_count(db), get_hit_count(db)) == (2, 1)


def test_free_pages_are_given_back_and_a_busy_database_keeps_them_for_later(sqlite: Database) -> None:
    bring(sqlite, [item(n, f"Weather number {n}", "rain " * 400) for n in range(600)])
    assert sqlite.path is not None
    with sqlite.write():
        release_space(sqlite)  # somebody writes
    prune_database(sqlite, SHORT, LONG_AGO)

    with sqlite.read() as db:
        assert db.exec_driver_sql("PRAGMA freelist_count").scalar() == 0
