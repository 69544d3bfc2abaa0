"""Checking, moving and restoring a database, on both kinds."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.pipeline.polling import ingest_poll
from tests.store.filled import NOON, bring, document, item, topics
from watcher.errors import StoreError
from watcher.match import parse_query
from watcher.model.feed import FeedConfig
from watcher.store.database import Database
from watcher.store.database.backup import back_up_database, copy_database, is_database_unused, restore_database
from watcher.store.database.maintenance import find_database_faults, reindex_entries
from watcher.store.entries.queries import count_entries, load_entries_after
from watcher.store.entries.search import search_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import count_entries_by_feed
from watcher.store.hits.search import find_hits

DAY = timedelta(days=1)
EYES = topics(eyes='"five eyes"')


def test_a_sound_database_has_nothing_to_report_and_a_damaged_index_is_found_and_mended(database: Database) -> None:
    bring(database, [item(1, "Weather"), item(2, "Tides")])
    assert find_database_faults(database) == ()
    with database.write() as db:
        db.execute(
            text("DELETE FROM archive" if database.is_shared else "INSERT INTO archive(archive) VALUES ('delete-all')")
        )

    wrong = find_database_faults(database)
    reindex_entries(database)

    assert len(wrong) == 1
    assert "index" in wrong[0]
    assert find_database_faults(database) == ()
    with database.read() as db:
        assert len(search_entries(db, parse_query("tides")).items) == 1


def test_a_backup_restores_into_either_kind_of_database(database: Database, tmp_path: Path) -> None:
    bring(database, [item(1, "Five Eyes meet"), item(2, "Tides")], matcher=EYES)
    file = tmp_path / "backup.db"

    back_up_database(database, file)

    with Database(f"sqlite:///{tmp_path / 'restored.db'}") as restored:
        restore_database(restored, file)
        with restored.read() as db:
            assert count_entries(db) == 2
            assert [e.text for e in find_hits(db).items[0].hit.evidence] == ["Five Eyes"]
            assert len(search_entries(db, parse_query("tides")).items) == 1
        assert find_database_faults(restored) == ()
        more = bring(restored, [item(1, "Five Eyes meet"), item(3, "Fog")], now=NOON + DAY)
        assert len(more.new) == 1


def test_copying_from_sqlite_to_postgresql_keeps_everything(sqlite: Database, postgresql: Database) -> None:
    bring(sqlite, [item(1, "Five Eyes meet"), item(2, "Tides")], matcher=EYES)

    copy_database(sqlite, postgresql)

    with sqlite.read() as db, postgresql.read() as other:
        assert find_hits(db).items == find_hits(other).items
        assert [m.stored for m in search_entries(db).items] == [m.stored for m in search_entries(other).items]
    assert bring(postgresql, [item(1, "Five Eyes meet"), item(3, "Fog")], now=NOON + DAY).new[0].id == 3


def test_nothing_is_overwritten(sqlite: Database, tmp_path: Path) -> None:
    bring(sqlite, [item(1, "Weather")])
    file = tmp_path / "backup.db"
    back_up_database(sqlite, file)

    with pytest.raises(StoreError, match="never overwrites"):
        back_up_database(sqlite, file)
    with pytest.raises(StoreError, match="in use"):
        restore_database(sqlite, file)
    with pytest.raises(StoreError, match="no folder"):
        back_up_database(sqlite, tmp_path / "nowhere" / "backup.db")
    (tmp_path / "notes.txt").write_text("no database")
    with pytest.raises(StoreError), Database(f"sqlite:///{tmp_path / 'new.db'}") as empty:
        restore_database(empty, tmp_path / "notes.txt")


def test_a_database_that_knows_its_feeds_and_nothing_more_can_be_restored_into(
    sqlite: Database, sqlite_too: Database, tmp_path: Path
) -> None:
    bring(sqlite, [item(1, "Weather")])
    back_up_database(sqlite, tmp_path / "backup.db")
    bring(sqlite_too, [], feed="https://elsewhere.example/feed.xml")

    rows = restore_database(sqlite_too, tmp_path / "backup.db")

    assert (rows["feeds"], rows["entries"]) == (1, 1)
    with sqlite_too.write() as db:
        assert db.execute(text("PRAGMA auto_vacuum")).scalar() == 2
        assert db.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_backup_is_read_as_it_lies_with_the_log_beside_it(
    sqlite: Database, sqlite_too: Database, tmp_path: Path
) -> None:
    bring(sqlite, [item(1, "Weather")])
    assert sqlite.path is not None
    assert sqlite.path.with_name("watcher.db-wal").stat().st_size > 0

    rows = restore_database(sqlite_too, sqlite.path)

    assert rows["entries"] == 1


def test_a_copy_that_is_interrupted_leaves_nothing_behind(sqlite: Database, sqlite_too: Database) -> None:
    bring(sqlite, [item(1, "Weather"), item(2, "Tides")])

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_database(sqlite, sqlite_too, stop)

    with sqlite_too.read() as db:
        assert is_database_unused(db)
        assert load_entries_after(db) == ()
    assert copy_database(sqlite, sqlite_too)["entries"] == 2


def test_a_backup_of_a_running_database_is_of_one_moment(database: Database, tmp_path: Path) -> None:
    """Every transaction brings one entry to each of two feeds: a backup that tears one in two would hold an odd one."""
    stop = threading.Event()

    def write() -> None:
        for number in count(1):
            if stop.is_set():
                return
            with database.write() as db:
                for feed in ("https://a.example/feed", "https://b.example/feed"):
                    sources = [FeedConfig(url="https://a.example/feed"), FeedConfig(url="https://b.example/feed")]
                    sync_feeds(db, sources, NOON, DAY)
                    [held] = claim_due_feeds(db, NOON, limit=1, lease_for=DAY, urls=[feed])
                    ingest_poll(db, held, document(feed, [item(number, f"Story {number}")]), EYES, NOON)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while entry_count(database) < 20:
            pass
        for number in range(3):
            back_up_database(database, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()

    for number in range(3):
        with Database(f"sqlite:///{tmp_path / f'{number}.db'}") as kept:
            assert find_database_faults(kept) == ()
            with kept.read() as db:
                assert len({*count_entries_by_feed(db).values()}) == 1
            assert entry_count(kept) >= 20


def entry_count(database: Database) -> int:
    with database.read() as db:
        return count_entries(db)
