"""Several at work on one database: nothing is stored twice, nobody waits for ever, and the counts are right."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import func, select

from tests.store.filled import NOON, document, item, topics
from watcher.errors import NotFoundError
from watcher.match import compile_topics, parse_query
from watcher.model.digest import Coverage, Digest
from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import Modified
from watcher.model.topic import Origin
from watcher.pipeline.ingest import IngestRules, ingest_polls
from watcher.pipeline.ingest_result import IngestResult
from watcher.schedule import PollLimits
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.digests.commands import add_digest, lock_subscription
from watcher.store.entries.queries import load_entries_after
from watcher.store.entries.search import search_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.hits.commands import set_hit_label, upsert_hits
from watcher.store.hits.search import find_hits
from watcher.store.system.counters import get_entry_count
from watcher.store.tables import digest_items, stories
from watcher.store.tables import digests as digest_table
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table

FEEDS = [f"https://outlet-{n}.example/feed" for n in range(12)]
WORDS = ("riga", "harbour", "ministers", "treaty", "strike", "flood", "barrier", "budget", "eyes", "vote")
WATCHED = topics(**{word: word for word in WORDS})
DAY = timedelta(days=1)


def watch(database: Database) -> list[Feed]:
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url=url) for url in FEEDS], NOON, timedelta(minutes=15))
        return list(claim_due_feeds(db, NOON, limit=100, lease_for=DAY))


def together(*work: Callable[[], object]) -> list[object]:
    """Carry out all of it at once, and raise what any of it raises."""
    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(task) for task in work]]


def of(feed: Feed, numbers: range) -> Modified:
    chance = random.Random(feed.config.url)
    titles = [" ".join(chance.sample(WORDS, 6)) for _ in range(60)]
    return document(feed.config.url, [item(number, f"{titles[number % 60]} {number // 20}") for number in numbers])


def settle(database: Database, held: list[Feed], numbers: range, minutes: int = 0) -> tuple[IngestResult, ...]:
    now = NOON + timedelta(minutes=minutes)
    with database.write(lasting=False) as db:
        rules = IngestRules(matcher=WATCHED, limits=PollLimits(), jitter=lambda: 0.0)
        return ingest_polls(db, [(feed, of(feed, numbers)) for feed in held], rules, now)


def test_two_who_settle_the_same_polls_store_each_item_hit_and_story_once(database: Database) -> None:
    held = watch(database)

    together(*(lambda order=order: settle(database, held[::order], range(15)) for order in (1, -1, 1)))

    with database.read() as db:
        assert len(load_entries_after(db)) == 15 * len(FEEDS)
        pairs = db.execute(select(hit_table.c.topic_id, hit_table.c.entry_id)).all()
        assert len(pairs) == len(set(pairs)) > 0
        count = db.execute(select(func.count()).where(entry_table.c.story_id.is_not(None))).scalar()
        assert count == sum(db.execute(select(stories.c.size)).scalars())
    assert find_database_faults(database) == ()


def test_pollers_a_replay_a_pruner_and_people_do_not_stand_in_each_others_way(database: Database) -> None:
    held = watch(database)
    parts = [held[n::3] for n in range(3)]
    settle(database, held, range(4))
    everything = compile_topics([*WATCHED.topics, *topics(late="number OR riga").topics])

    def poll(part: list[Feed]) -> Callable[[], None]:
        chance = random.Random(part[0].id)

        def polls() -> None:
            for turn in range(1, 9):
                chance.shuffle(part)
                settle(database, part, range(turn * 4, turn * 4 + 8), minutes=turn)

        return polls

    def replay() -> None:
        for _ in range(8):
            with database.write() as db:
                stored = load_entries_after(db, limit=60)
                upsert_hits(db, everything.match_entries(stored, NOON, Origin.BACKFILL))

    def prune() -> None:
        for hours in range(8):
            kept = Retention(entries=timedelta(), hits=timedelta(minutes=1))
            prune_database(database, kept, NOON + timedelta(minutes=hours))

    def judge() -> None:
        for _ in range(20):
            with database.write() as db:
                hits = find_hits(db, limit=5).items
                for hit in hits[:1]:
                    with suppress(NotFoundError):  # on PostgreSQL it may have been pruned in between
                        set_hit_label(db, hit.id, "relevant", NOON)
            with database.read() as db:
                search_entries(db, parse_query("riga"))

    together(*map(poll, parts), replay, prune, judge)

    assert find_database_faults(database) == ()
    with database.read() as db:
        assert get_entry_count(db) == len(load_entries_after(db, limit=5_000))


def test_of_two_who_compose_one_slot_one_does_and_every_hit_is_told_once(database: Database) -> None:
    settle(database, watch(database), range(6))
    with database.read() as db:
        ids = tuple(hit.id for hit in find_hits(db, limit=500).items)
    digest = Digest(
        name="daily",
        title="Daily",
        slot_at=NOON,
        window=(NOON - DAY, NOON),
        timezone="UTC",
        topics=(),
        stories=(),
        coverage=Coverage(),
        hits=ids,
    )

    def compose() -> int | None:
        with database.write() as db:
            lock_subscription(db, "daily")
            return add_digest(db, digest, NOON, sent=True, html="", text="")

    made = together(compose, compose, compose)

    assert sorted(made, key=str)[1:] == [None, None]
    with database.read() as db:
        assert db.execute(select(func.count()).select_from(digest_table)).scalar() == 1
        assert db.execute(select(func.count()).select_from(digest_items)).scalar() == len(ids) > 0
