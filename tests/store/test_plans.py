"""What is done often looks things up: SQLite never walks a whole table for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.store.filled import NOON, bring, item, topics
from watcher.match import parse_query
from watcher.model.results import Filters
from watcher.store.database import Database, Db
from watcher.store.entries.search import search_entries
from watcher.store.feeds.poll_history import load_polls
from watcher.store.hits.search import find_hits
from watcher.store.stories.queries import load_story

EYES = topics(eyes='"five eyes"', tides="tides")
GROWING = re.compile(r"SCAN (entries|hits|stories|story_marks|tombstones|aliases|polls)\b(?!.* INDEX (ix|sqlite)_)")
GROWN = {
    "sqlite_autoindex_entries_1": "1000000 1000 1",
    "ix_entries_feed_id_id": "1000000 1000 1",
    "ix_entries_feed_id_title_mark": "1000000 1000 2",
    "ix_entries_feed_id_url_mark": "1000000 1000 1",
    "ix_entries_first_seen_at": "1000000 20",
    "ix_entries_story_id": "1000000 8",
    "sqlite_autoindex_hits_1": "200000 2000 1",
    "ix_hits_topic_id_id": "200000 2000 1",
    "ix_hits_entry_id": "200000 1",
    "ix_hits_matched_at": "200000 20",
    "story_marks": "50000 20 1",
    "ix_polls_feed_id_id": "1000000 1000 1",
    "ix_polls_at": "1000000 5",
    "ix_stories_last_at": "150000 5",
}
"""What the planner is told of a large archive."""
HOUR = timedelta(hours=1)


def filled(database: Database) -> None:
    """Fill a database a little, and let SQLite plan as if it were large."""
    items = [item(n, f"Five Eyes meet over tides, report {n}", "Harbour news from Riga.") for n in range(60)]
    bring(database, items, matcher=EYES)
    with database.write() as db:
        db.exec_driver_sql("ANALYZE")
        for index, statistics in GROWN.items():
            db.exec_driver_sql("UPDATE sqlite_stat1 SET stat = ? WHERE idx LIKE ?", (statistics, index))
        db.exec_driver_sql("ANALYZE sqlite_schema")


def scans(database: Database, work: Callable[[], object]) -> list[str]:
    """Carry out some work, and list the plans that walk a table that grows without end."""
    asked: list[tuple[str, object]] = []

    def hear(_db: object, _cursor: object, statement: str, parameters: object, _context: object, many: bool) -> None:
        if not many and statement.split(None, 1)[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}:
            asked.append((statement, parameters))

    engines = database.backend.reader, database.backend.writer
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        work()
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)
    assert asked
    with database.read() as db:
        plans = [
            (statement, [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)])  # type: ignore[arg-type]
            for statement, parameters in asked
        ]
    return [f"{step} in {statement}" for statement, plan in plans for step in plan if GROWING.search(step)]


def test_a_poll_looks_up_what_it_needs(sqlite: Database) -> None:
    filled(sqlite)

    def poll() -> None:
        fresh = [item(n, f"Five Eyes meet over tides, report {n}") for n in range(50, 70)]
        edited = [item(3, "Five Eyes quarrel over tides")]
        bring(sqlite, fresh + edited, now=NOON + HOUR, matcher=EYES)

    assert scans(sqlite, poll) == []


ONE_TOPIC, ONE_SOURCE = Filters(topics=("eyes",)), Filters(sources=("The Harbour Post",))


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(lambda db: search_entries(db, parse_query("riga")), id="a word"),
        pytest.param(lambda db: search_entries(db, parse_query("riga"), ONE_TOPIC), id="a word in a topic"),
        pytest.param(lambda db: search_entries(db, parse_query("riga"), ONE_SOURCE), id="a word in a source"),
        pytest.param(lambda db: search_entries(db, parse_query("riga"), order="score"), id="a word, best first"),
        pytest.param(lambda db: search_entries(db, None, ONE_TOPIC), id="entries of a topic"),
        pytest.param(lambda db: find_hits(db, ONE_TOPIC), id="hits of a topic"),
        pytest.param(lambda db: find_hits(db, ONE_TOPIC, query=parse_query("riga")), id="hits of a topic with a word"),
        pytest.param(lambda db: load_story(db, 1), id="a story"),
        pytest.param(lambda db: load_polls(db, 1), id="polls of a feed"),
    ],
)
@pytest.mark.parametrize("common", [False, True], ids=["rare words", "common words"])
def test_a_question_looks_up_what_it_needs(
    sqlite: Database, question: Callable[[Db], object], common: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sqlite)
    monkeypatch.setattr("watcher.store.entries.fulltext_index.MAX_COUNTED_ENTRIES", 1 if common else 5_000)

    def ask() -> None:
        with sqlite.read() as db:
            question(db)

    assert scans(sqlite, ask) == []
