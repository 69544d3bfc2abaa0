"""Checking, moving and restoring a database, on both kinds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.store.filled import NOON, bring, item, topics
from watcher.errors import StoreError
from watcher.match import parse_query
from watcher.store import archive, backup, care, entries, hits
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
    with pytest.raises(StoreError, match="already"):
        backup.restore(sqlite, file)
    (tmp_path / "notes.txt").write_text("no database")
    with pytest.raises(StoreError), Database(f"sqlite:///{tmp_path / 'new.db'}") as empty:
        backup.restore(empty, tmp_path / "notes.txt")
