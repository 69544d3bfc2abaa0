"""Care of the database: pruning in small transactions, checks, sizes, and the word index made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, and_, delete, exists, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store import entries, feeds, hosts, migrate, search, stories
from watcher.store.engine import Database, Db
from watcher.store.tables import digest_items, metadata, outbox, tombstones
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds as feed_table
from watcher.store.tables import hits as hit_table
from watcher.store.tables import stories as story_table
from watcher.stories import WINDOW
from watcher.text.canon import ANALYSER_VERSION

BATCH = 500
"""Rows a transaction of pruning or indexing takes: the write lock is held for tens of milliseconds."""
UNLISTED_FOR = timedelta(days=7)
"""A pruned entry is forgotten for good once its feed was read so long after it last listed it."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept. `entries` concerns those without hits; what a digest or a label refers to stays."""

    entries: timedelta = timedelta(days=90)
    hits: timedelta = timedelta(days=730)
    polls: timedelta = timedelta(days=14)
    payloads: timedelta = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What pruning took away."""

    entries: int = 0
    polls: int = 0
    payloads: int = 0
    tombstones: int = 0
    freed_bytes: int = 0


def prune(database: Database, kept: Retention, now: datetime, progress: Progress = lambda _done: None) -> Pruned:
    """Take away what is past its time, in small transactions, and give the space back on SQLite."""
    size = size_of(database)
    gone = 0
    while some := _prune_entries(database, kept, now):
        gone += some
        progress(gone)
    with database.write() as db:
        old_polls = feeds.forget_polls(db, now - kept.polls)
        stories.forget_marks(db, now - WINDOW)
        hosts.forget(db, now - timedelta(days=1))
        emptied: CursorResult[Any] = db.execute(
            update(outbox)
            .where(outbox.c.state == "sent", outbox.c.sent_at < now - kept.payloads, outbox.c.payload != "")
            .values(payload="")
        )
        unlisted: CursorResult[Any] = db.execute(
            delete(tombstones).where(
                exists().where(
                    feed_table.c.id == tombstones.c.feed_id,
                    tombstones.c.seen_at < now - UNLISTED_FOR,
                    feed_table.c.read_at > now - UNLISTED_FOR,
                )
            )
        )
        db.execute(
            delete(story_table).where(
                story_table.c.last_at < now - WINDOW, ~exists().where(entry_table.c.story_id == story_table.c.id)
            )
        )
    give_back(database)
    return Pruned(
        entries=gone,
        polls=old_polls,
        payloads=emptied.rowcount,
        tombstones=unlisted.rowcount,
        freed_bytes=max(0, size - size_of(database)),
    )


def give_back(database: Database) -> None:
    """Return free pages to the file system (SQLite), and let the planner look at its statistics."""
    if database.path is None:
        return
    raw = database.engine.raw_connection()
    try:
        # A script, not a statement: executed as one statement the pragma frees a single page.
        raw.driver_connection.executescript("PRAGMA incremental_vacuum; PRAGMA optimize;")  # type: ignore[union-attr]
    finally:
        raw.close()


def check(database: Database) -> tuple[str, ...]:
    """Look for damage: the file, the schema, references, and the word index. Gives what is wrong, empty when sound."""
    with database.read() as db:
        standing = migrate.standing(db)
        if not standing.current:
            return (f"schema is at {standing.revision or 'nothing'}, expected {standing.expected}",)
        wrong = [f"schema: {difference}" for difference in migrate.differences(db)]
        if database.is_sqlite:
            wrong += [f"file: {row[0]}" for row in db.execute(text("PRAGMA integrity_check(20)")) if row[0] != "ok"]
            wrong += [f"reference: {tuple(row)}" for row in db.execute(text("PRAGMA foreign_key_check"))]
        wrong += _check_index(db)
    if database.is_sqlite:
        with database.write() as db:
            db.execute(text("INSERT INTO archive (archive) VALUES ('integrity-check')"))
    return tuple(wrong)


def stats(database: Database) -> Mapping[str, Any]:
    """Count the rows of every table and measure the database."""
    with database.read() as db:
        rows = {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "archive"
        }
        standing = migrate.standing(db)
    return {
        "rows": rows,
        "bytes": size_of(database),
        "revision": standing.revision,
        "analyser": ANALYSER_VERSION,
        "engine": "sqlite" if database.is_sqlite else "postgresql",
    }


def size_of(database: Database) -> int:
    """Measure the database, in bytes: the file and its log on SQLite."""
    if database.path is not None:
        files = [database.path, database.path.with_name(database.path.name + "-wal")]
        return sum(file.stat().st_size for file in files if file.exists())
    with database.read() as db:
        return int(db.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def reindex(database: Database, progress: Progress = lambda _done: None) -> int:
    """Make the word index anew from the stored entries; searches are incomplete while it runs."""
    with database.write() as db:
        search.rebuild(db)
    last, done = 0, 0
    while True:
        with database.write() as db:
            some = entries.iterate(db, after_id=last, limit=BATCH)
            search.index(db, some)
            if not some:
                search.mark_current(db)
                return done
        last = some[-1].id
        done += len(some)
        progress(done)


def _prune_entries(database: Database, kept: Retention, now: datetime) -> int:
    told = exists().where(digest_items.c.hit_id == hit_table.c.id)
    mine = hit_table.c.entry_id == entry_table.c.id
    with database.write() as db:
        worth = exists().where(
            and_(mine, (hit_table.c.matched_at >= now - kept.hits) | hit_table.c.label.is_not(None) | told)
        )
        ids = db.execute(
            select(entry_table.c.id)
            .where(entry_table.c.first_seen_at < now - kept.entries, ~worth)
            .order_by(entry_table.c.first_seen_at)
            .limit(BATCH)
        ).scalars().all()  # fmt: skip
        if not ids:
            return 0
        leaving = tuple(entries.get_many(db, ids).values())
        dialect = sqlite if db.dialect.name == "sqlite" else postgresql
        buried = [
            {
                "feed_id": stored.entry.feed_id,
                "key": stored.entry.key,
                "seen_at": now,
                "content_hash": stored.entry.content_hash,
            }
            for stored in leaving
        ]
        db.execute(dialect.insert(tombstones).on_conflict_do_nothing(), buried)
        search.forget(db, leaving)
        db.execute(delete(entry_table).where(entry_table.c.id.in_(tuple(ids))))
        return len(ids)


def _check_index(db: Db) -> list[str]:
    kept = db.execute(select(func.count()).select_from(entry_table)).scalar_one()
    table = "archive_docsize" if db.dialect.name == "sqlite" else "archive"
    indexed = db.execute(select(func.count()).select_from(text(table))).scalar_one()
    wrong = [] if kept == indexed else [f"index: holds {indexed} entries of {kept}; run `watcher db check --repair`"]
    if not search.is_current(db):
        wrong.append("index: made by another version's analyser; run `watcher db check --repair`")
    return wrong
