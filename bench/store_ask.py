"""Asks a filled database what the page and the command ask, many times each, and keeps the times."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.store_build import World
from bench.zipf import CLASSES, feed_url, moment
from watcher.match import parse_query
from watcher.model.results import Filters
from watcher.store.database import Db
from watcher.store.entries.search import search_entries
from watcher.store.feeds.queries import count_entries_by_feed
from watcher.store.hits.counts import count_hits_by_day, count_hits_by_topic
from watcher.store.hits.search import find_hits
from watcher.store.stories.queries import find_stories
from watcher.store.system.status import get_status

Ask = Callable[[Db], object]
BareAsk = Callable[[], object]


@dataclass(slots=True)
class Times:
    """How long a question took, each time it was asked, in milliseconds."""

    took: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    @contextmanager
    def once(self) -> Iterator[None]:
        """Time one asking: on the clock, and of this process's own time on the processor."""
        began, own = time.perf_counter(), time.process_time()
        yield
        self.took.append((time.perf_counter() - began) * 1000)
        self.own.append((time.process_time() - own) * 1000)

    def at(self, share: float) -> float:
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def __str__(self) -> str:
        middle, own = statistics.median(self.took), statistics.median(self.own)
        return f"p50 {middle:7.2f}   p95 {self.at(0.95):7.2f}   p99 {self.at(0.99):7.2f} ms   (own p50 {own:.2f})"


def questions(world: World, count: int) -> dict[str, Iterator[Ask]]:
    """Name what is asked, and give askings of each without end: no two in a row the same."""
    corpus = world.corpus
    topic_ids = [topic.id for topic in corpus.topics()]
    asked: dict[str, Iterator[Ask]] = {}

    def words(kind: str) -> list[str]:
        return corpus.words_of(kind, count)

    for kind in CLASSES:
        asked[f"newest 50, {kind} word"] = _cycle(_search(word, Filters()) for word in words(kind))
    asked["newest 50, phrase"] = _cycle(_search(phrase, Filters()) for phrase in corpus.phrases(count))
    for kind in CLASSES:
        asked[f"newest 50 of a topic, {kind} word"] = _cycle(
            _search(word, Filters(topics=(topic,)))
            for word, topic in zip(words(kind), itertools.cycle(topic_ids), strict=False)
        )
    for kind in CLASSES:
        asked[f"newest 50 of a source, {kind} word"] = _cycle(
            _search(word, Filters(sources=(feed_url(n % 400),))) for n, word in enumerate(words(kind))
        )
    for kind in CLASSES:
        asked[f"best 50, {kind} word"] = _cycle(_search(word, Filters(), order="score") for word in words(kind))
    asked["hits of a topic"] = _cycle(_hits(Filters(topics=(topic,))) for topic in topic_ids)
    asked["hits of a topic, by score"] = _cycle(_hits(Filters(topics=(topic,)), order="score") for topic in topic_ids)
    asked["hits, all topics"] = _cycle([_hits(Filters()), _hits(Filters(baseline=False))])
    for kind in CLASSES:
        asked[f"hits, {kind} word"] = _cycle(_hits(Filters(), word) for word in words(kind))
    end = moment(_entries(world))
    asked["status"] = _cycle([lambda db: get_status(db, end), lambda db: get_status(db, end)])
    asked["counts of topics and feeds"] = _cycle([lambda db: (count_hits_by_topic(db), count_entries_by_feed(db))])
    asked["chart of 30 days"] = _cycle([lambda db: count_hits_by_day(db, f"{end.date()}"[:8] + "01")])
    asked["newest stories"] = _cycle([lambda db: find_stories(db), lambda db: find_stories(db, limit=49)])
    return asked


def ask(
    world: World, asked: dict[str, Iterator[Ask]], times: int, bare: dict[str, Iterator[BareAsk]] | None = None
) -> tuple[dict[str, Times], dict[str, Times]]:
    """Ask everything in turn, so that a noisy moment hits all alike; what is asked of the driver, beside ours."""
    bare = bare or {}
    measured, driver = {name: Times() for name in asked}, {name: Times() for name in bare if name in asked}
    for name, askings in asked.items():
        for _ in range(5):  # warm
            with world.database.read() as db:
                next(askings)(db)
            if name in driver:
                next(bare[name])()
    for _ in range(times):
        for name, askings in asked.items():
            question = next(askings)
            with measured[name].once(), world.database.read() as db:
                question(db)
            if name in driver:
                statement = next(bare[name])
                with driver[name].once():
                    statement()
    return measured, driver


_BARE = {
    "sqlite": {
        "": "SELECT * FROM entries WHERE id IN"
        " (SELECT rowid FROM archive WHERE archive MATCH ? ORDER BY rowid DESC LIMIT 50)",
        " of a topic": "SELECT entries.* FROM archive JOIN entries ON entries.id = archive.rowid JOIN hits ON"
        " hits.entry_id = archive.rowid WHERE archive MATCH ? AND topic_id = ? ORDER BY archive.rowid DESC LIMIT 50",
        " of a source": "SELECT entries.* FROM archive JOIN entries ON entries.id = archive.rowid"
        " WHERE archive MATCH ? AND feed_id = ? ORDER BY archive.rowid DESC LIMIT 50",
    },
    "postgresql": {
        "": "SELECT * FROM entries WHERE id IN (SELECT entry_id FROM archive WHERE tokens @@ %s::tsquery"
        " ORDER BY entry_id DESC LIMIT 50)",
        " of a topic": "SELECT entries.* FROM archive JOIN entries ON entries.id = archive.entry_id JOIN hits ON"
        " hits.entry_id = archive.entry_id WHERE tokens @@ %s::tsquery AND topic_id = %s"
        " ORDER BY entries.id DESC LIMIT 50",
        " of a source": "SELECT entries.* FROM archive JOIN entries ON entries.id = archive.entry_id"
        " WHERE tokens @@ %s::tsquery AND feed_id = %s ORDER BY entries.id DESC LIMIT 50",
    },
}
"""What somebody would write who knows the tables: the newest 50 rows that hold a word, and pass a filter."""


@contextmanager
def bare_questions(world: World, count: int) -> Iterator[dict[str, Iterator[BareAsk]]]:
    """Yield askings of the driver alone, by the names of ours: no query is parsed, nothing is highlighted."""
    topic_ids = [topic.id for topic in world.corpus.topics()]
    feed_ids = dict(enumerate(world.feed_ids))
    raw = world.database.engine.raw_connection()
    connection: Any = raw.driver_connection

    def run(statement: str, *values: object) -> BareAsk:
        return lambda: connection.execute(statement, values).fetchall()

    try:
        asked: dict[str, Iterator[BareAsk]] = {}
        for kind in CLASSES:
            words = world.corpus.words_of(kind, count)
            topics = itertools.cycle(topic_ids)
            filters: dict[str, list[tuple[object, ...]]] = {
                "": [() for _word in words],
                " of a topic": [(topic,) for _word, topic in zip(words, topics, strict=False)],
                " of a source": [(feed_ids[n % 400],) for n, _word in enumerate(words)],
            }
            for name, statement in _BARE[world.kind].items():
                askings = [run(statement, word, *value) for word, value in zip(words, filters[name], strict=True)]
                asked[f"newest 50{name}, {kind} word"] = itertools.cycle(askings)
        yield asked
    finally:
        raw.close()


@contextmanager
def arriving(world: World, rate: int) -> Iterator[None]:
    """Let another process store `rate` entries a second meanwhile; it says at the end how many it managed."""
    url = world.database.url.render_as_string(hide_password=False)
    script = Path(__file__).with_name("store.py")
    command = [sys.executable, str(script), "--arrive", url, "--rate", str(rate)]
    feed = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sys.stderr)
    try:
        time.sleep(3)
        yield
    finally:
        feed.communicate(b"", timeout=60)


def _search(word: str, filters: Filters, *, order: str = "new") -> Ask:
    query = parse_query(word)
    return lambda db: search_entries(db, query, filters, order=order, limit=50)


def _hits(filters: Filters, word: str | None = None, *, order: str = "new") -> Ask:
    query = parse_query(word) if word else None
    return lambda db: find_hits(db, filters, query=query, order=order, limit=50)


def _cycle(askings: Sequence[Ask] | Iterator[Ask]) -> Iterator[Ask]:
    return itertools.cycle(list(askings))


def _entries(world: World) -> int:
    from bench.store_build import stored

    return stored(world)
