"""Checking, moving and restoring a database, on both kinds."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.store.filled import NOON, bring, document, item, topics
from watcher.errors import StoreError
from watcher.match import parse_query
from watcher.model.feed import Source
from watcher.pipeline.ingest import settle
from watcher.schedule import PollLimits
from watcher.store import archive, backup, care, claims, entries, feeds, hits
from watcher.store.engine import Database

DAY = timedelta(days=1)
EYES = topics(eyes='"five eyes"')


def test_a_sound_database_has_nothing_to_report_and_a_damaged_index_is_found_and_mended(database: Database) -> None:
    bring(database, [item(1, "Weather"), item(2, "Tides")])
    assert care.check(database) == ()
    with database.write() as db:
        db.execute(
            text("INSERT INTO archive(archive) VALUES ('delete-all')" if database.is_sqlite else "DELETE FROM archive")
        )

    wrong = care.check(database)
    care.reindex(database)

    assert len(wrong) == 1
    assert "index" in wrong[0]
    assert care.check(database) == ()
    with database.read() as db:
        assert len(archive.page(db, parse_query("tides")).items) == 1


def test_a_backup_restores_into_either_kind_of_database(database: Database, tmp_path: Path) -> None:
    bring(database, [item(1, "Five Eyes meet"), item(2, "Tides")], watched=EYES)
    file = tmp_path / "backup.db"

    backup.backup(database, file)

    with Database(f"sqlite:///{tmp_path / 'restored.db'}") as restored:
        backup.restore(restored, file)
        with restored.read() as db:
            assert entries.count(db) == 2
            assert [e.text for e in hits.page(db).items[0].hit.evidence] == ["Five Eyes"]
            assert len(archive.page(db, parse_query("tides")).items) == 1
        assert care.check(restored) == ()
        more = bring(restored, [item(1, "Five Eyes meet"), item(3, "Fog")], now=NOON + DAY)
        assert len(more.new) == 1


def test_copying_from_sqlite_to_postgresql_keeps_everything(sqlite: Database, postgresql: Database) -> None:
    bring(sqlite, [item(1, "Five Eyes meet"), item(2, "Tides")], watched=EYES)

    backup.copy(sqlite, postgresql)

    with sqlite.read() as one, postgresql.read() as other:
        assert hits.page(one).items == hits.page(other).items
        assert [m.stored for m in archive.page(one).items] == [m.stored for m in archive.page(other).items]
    assert bring(postgresql, [item(1, "Five Eyes meet"), item(3, "Fog")], now=NOON + DAY).new[0].id == 3


def test_nothing_is_overwritten(sqlite: Database, tmp_path: Path) -> None:
    bring(sqlite, [item(1, "Weather")])
    file = tmp_path / "backup.db"
    backup.backup(sqlite, file)

    with pytest.raises(StoreError, match="never overwrites"):
        backup.backup(sqlite, file)
    with pytest.raises(StoreError, match="in use"):
        backup.restore(sqlite, file)
    with pytest.raises(StoreError, match="no folder"):
        backup.backup(sqlite, tmp_path / "nowhere" / "backup.db")
    (tmp_path / "notes.txt").write_text("no database")
    with pytest.raises(StoreError), Database(f"sqlite:///{tmp_path / 'new.db'}") as empty:
        backup.restore(empty, tmp_path / "notes.txt")


def test_a_database_that_knows_its_feeds_and_nothing_more_can_be_restored_into(
    sqlite: Database, sqlite_too: Database, tmp_path: Path
) -> None:
    bring(sqlite, [item(1, "Weather")])
    backup.backup(sqlite, tmp_path / "backup.db")
    bring(sqlite_too, [], feed="https://elsewhere.example/feed.xml")

    rows = backup.restore(sqlite_too, tmp_path / "backup.db")

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

    rows = backup.restore(sqlite_too, sqlite.path)

    assert rows["entries"] == 1


def test_a_copy_that_is_interrupted_leaves_nothing_behind(sqlite: Database, sqlite_too: Database) -> None:
    bring(sqlite, [item(1, "Weather"), item(2, "Tides")])

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup.copy(sqlite, sqlite_too, stop)

    with sqlite_too.read() as db:
        assert backup.is_unused(db)
        assert entries.iterate(db) == ()
    assert backup.copy(sqlite, sqlite_too)["entries"] == 2


def test_a_backup_of_a_running_database_is_of_one_moment(database: Database, tmp_path: Path) -> None:
    """Every transaction brings one entry to each of two feeds: a backup that tears one in two would hold an odd one."""
    stop = threading.Event()

    def write() -> None:
        for number in count(1):
            if stop.is_set():
                return
            with database.write() as db:
                for feed in ("https://a.example/feed", "https://b.example/feed"):
                    sources = [Source(url="https://a.example/feed"), Source(url="https://b.example/feed")]
                    feeds.sync(db, sources, NOON, DAY)
                    [held] = claims.claim_due(db, NOON, limit=1, lease_for=DAY, urls=[feed])
                    settle(db, held, document(feed, [item(number, f"Story {number}")]), EYES, NOON, PollLimits(), 0.0)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while entry_count(database) < 20:
            pass
        for number in range(3):
            backup.backup(database, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()

    for number in range(3):
        with Database(f"sqlite:///{tmp_path / f'{number}.db'}") as kept:
            assert care.check(kept) == ()
            with kept.read() as db:
                assert len({*feeds.entry_counts(db).values()}) == 1
            assert entry_count(kept) >= 20


def entry_count(database: Database) -> int:
    with database.read() as db:
        return entries.count(db)
