"""`watcher db`: what a person types to look after the database, on the real command line."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.store.filled import NOON, bring, item, topics
from watcher.store.database import Database

EYES = topics(eyes='"five eyes"')


def watcher(*arguments: str, database: Database | str, expect: int = 0) -> str:
    """Run the command; gives what it printed, or what it complained of."""
    url = database if isinstance(database, str) else database.url.render_as_string(hide_password=False)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER")}
    environ |= {"WATCHER_DATABASE_URL": url, "WATCHER_CONFIG": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-m", "watcher", *arguments], capture_output=True, text=True, env=environ, timeout=60
    )
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout if done.stdout else done.stderr


def said(*arguments: str, database: Database | str, expect: int = 0) -> Any:
    return json.loads(watcher(*arguments, "--json", database=database, expect=expect))


def fill(database: Database) -> None:
    bring(database, [item(1, "Five Eyes meet"), item(2, "Tides")], matcher=EYES)


def test_a_database_is_made_and_a_second_upgrade_says_there_was_nothing_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    first = said("db", "upgrade", database=url)
    again = watcher("db", "upgrade", database=url)

    assert (first["from"], first["kept"]) == (None, None)
    assert first["to"] in again
    assert "already" in again
    with sqlite3.connect(tmp_path / "new.db") as raw:
        assert raw.execute("PRAGMA auto_vacuum").fetchone() == (2,)


@pytest.mark.parametrize("command", ["check", "stats", "prune", "backup x.db"])
def test_a_database_that_is_not_there_is_not_made_by_looking_at_it(command: str, tmp_path: Path) -> None:
    path = tmp_path / "none.db"

    complaint = watcher("db", *command.split(), database=f"sqlite:///{path}", expect=1)

    assert str(path) in complaint
    assert not path.exists()


def test_check_finds_what_is_wrong_and_mends_the_index(database: Database) -> None:
    fill(database)
    assert said("db", "check", database=database)["ok"]
    with database.write() as db:
        db.execute(
            text("DELETE FROM archive" if database.is_shared else "INSERT INTO archive(archive) VALUES ('delete-all')")
        )

    broken = said("db", "check", database=database, expect=1)
    mended = said("db", "check", "--repair", database=database)

    assert not broken["ok"]
    assert len(broken["faults"]) == 1
    assert (mended["ok"], mended["faults"], mended["mended"]) == (True, [], broken["faults"])


def test_backup_and_restore_bring_everything_back(database: Database, tmp_path: Path) -> None:
    fill(database)
    file, url = tmp_path / "kept.db", f"sqlite:///{tmp_path / 'fresh' / 'watcher.db'}"

    written = said("db", "backup", str(file), database=database)
    restored = said("db", "restore", str(file), database=url)

    assert written == {"file": str(file), "bytes": file.stat().st_size}
    assert (restored["rows"]["entries"], restored["rows"]["hits"]) == (2, 1)
    assert said("db", "check", database=url)["ok"]
    assert "never overwrites" in watcher("db", "backup", str(file), database=database, expect=1)
    assert "in use already" in watcher("db", "restore", str(file), database=url, expect=1)
    assert len(list(file.parent.iterdir())) == len({file, tmp_path / "fresh", *tmp_path.glob("watcher.db*")})


def test_what_is_no_backup_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, only words" * 100)

    complaint = watcher(
        "db", "restore", str(tmp_path / "notes.txt"), database=f"sqlite:///{tmp_path / 'n.db'}", expect=1
    )

    assert complaint.count("\n") == 1
    assert "no backup" in complaint


def test_prune_says_what_went(database: Database) -> None:
    bring(database, [item(1, "Tides")], now=NOON - timedelta(days=1000))

    pruned = said("db", "prune", database=database)

    assert (pruned["entries"], pruned["hits"], pruned["polls"]) == (1, 0, 1)


def test_stats_count_every_table(database: Database) -> None:
    fill(database)

    table_counts = said("db", "stats", database=database)

    assert (table_counts["rows"]["entries"], table_counts["rows"]["hits"], table_counts["rows"]["feeds"]) == (2, 1, 1)
    assert table_counts["engine"] == database.backend.name
    assert table_counts["bytes"] > 10_000
    assert "entries" in watcher("db", "stats", database=database)


def test_everything_moves_to_postgresql_once(sqlite: Database, postgresql: Database) -> None:
    fill(sqlite)
    url = postgresql.url.render_as_string(hide_password=False)

    moved = said("db", "copy", "--to", url, database=sqlite)

    assert (moved["rows"]["entries"], moved["rows"]["hits"]) == (2, 1)
    assert said("db", "check", database=postgresql)["ok"]
    assert "in use already" in watcher("db", "copy", "--to", url, database=sqlite, expect=1)
    assert "is the database to be copied" in watcher("db", "copy", "--to", url, database=postgresql, expect=2)
