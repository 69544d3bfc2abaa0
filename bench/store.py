"""The store at a size: inserting, searching, listing, pruning, on both databases; beside bare drivers and `reader`.

    python bench/store.py [--entries 1000000] [--databases sqlite postgresql] [--keep FOLDER] [--check]

Entries are invented from a seed (bench/zipf.py): a hundred topics find one hit in five entries. They are stored by our
own code, most in transactions of 500, the last in transactions of 20. PostgreSQL is a real server with fsync on (its
settings are printed). Aims: 5,000 entries/s on SQLite and 3,000 on PostgreSQL in transactions of 20, five times what
`reader` indexes; newest 50 with highlights p99 in 10 ms (25 on PostgreSQL), 50 with a topic or a source, best 50 in
100, and 25 while 2,000 entries a second arrive; 1.6 kB an entry on disk. --check fails where one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.store_ask import Times, arriving, ask, ask_bare, questions
from bench.store_build import (
    SERVER,
    Rate,
    World,
    _prepared,
    fill,
    fill_bare,
    keep,
    offer_again,
    peer_search,
    settle_down,
    stored,
    world,
)
from bench.zipf import Corpus, moment
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults
from watcher.store.database.pruning import Retention, prune_database

INGEST = {"sqlite": 5_000, "postgresql": 3_000}
NEWEST = {"sqlite": 10, "postgresql": 25}
BYTES = 1_600


@dataclass(slots=True)
class Aims:
    """What was wanted and what was measured."""

    lines: list[tuple[bool, str]] = field(default_factory=list)

    def most(self, what: str, found: float, most: float) -> None:
        self.lines.append((found <= most, f"{what}: {found:,.1f} (at most {most:,.0f})"))

    def least(self, what: str, found: float, least: float) -> None:
        self.lines.append((found >= least, f"{what}: {found:,.1f} (at least {least:,.0f})"))

    def times(self, kind: str, found: dict[str, Times], *, arriving: bool = False) -> None:
        for name, times in found.items():
            if name.startswith(("newest 50,", "newest 50 of", "best 50,")):
                bound = 25 if arriving else NEWEST[kind]
                bound = 50 if " of a " in name else 100 if name.startswith("best") else bound
                self.most(
                    f"{kind}, {name}{', while entries arrive' if arriving else ''}, p99 ms", times.at(0.99), bound
                )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=list(INGEST))
    arguments.add_argument("--queries", type=int, default=200, help="how often each question is asked")
    arguments.add_argument("--sample", type=int, default=20_000, help="entries stored in transactions of 20")
    arguments.add_argument("--reader", type=int, default=10_000, help="entries that `reader` indexes; 0 leaves it out")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--keep", type=Path, help="a folder whose SQLite file is filled once and used again")
    arguments.add_argument("--check", action="store_true", help="fail where an aim is missed")
    arguments.add_argument("--arrive", help=argparse.SUPPRESS)
    arguments.add_argument("--rate", type=int, default=2_000, help="entries a second that arrive while it is asked")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    corpus = Corpus(seed=given.seed)
    if given.arrive:
        arrive(given.arrive, corpus, given.rate)
        return
    aims = Aims()
    rates: dict[str, Rate] = {}
    for kind in given.databases:
        with tempfile.TemporaryDirectory(dir=given.keep) as name:
            with world(kind, given.keep or Path(name), corpus) as one:
                rates[kind] = measure(one, given, aims)
    if given.reader and (peer := peer_search(corpus, given.reader)) is not None:
        print(f"\nreader, {given.reader:,} of the same entries: search {peer[0]:,.0f} entries/s, update {peer[1]:,.0f}")
        for kind, rate in rates.items():
            print(f"  {kind} in transactions of 20 / reader's search: {rate.per_second / peer[0]:.1f}")
            aims.least(f"{kind} in transactions of 20 / reader's search", rate.per_second / peer[0], 5)
    print("\nAims")
    for met, line in aims.lines:
        print(f"  {'met   ' if met else 'MISSED'} {line}")
    if given.check and not all(met for met, _line in aims.lines):
        raise SystemExit(1)


def measure(one: World, given: argparse.Namespace, aims: Aims) -> Rate:
    """Fill a database and put everything to it."""
    kind = one.kind
    settings = ", ".join(f"{name}={value}" for name, value in SERVER.items()) if kind == "postgresql" else "WAL"
    print(f"\n{kind} ({settings}); load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if (missing := given.entries - given.sample * 2 - stored(one)) > 0:
        began = time.perf_counter()
        print(f"  transactions of 500  {fill(one, missing, 500)}")
        print(f"  filled in {time.perf_counter() - began:,.0f} s, {stored(one):,} entries")
    some = fill(one, given.sample, 20)
    again = offer_again(one, given.sample, 20)
    bare = fill_bare(one, given.sample, 20)
    print(f"  transactions of 20   {some}, {some.hits / some.entries:.2f} hits an entry")
    print(f"  nothing new, of 20   {again}")
    print(f"  bare driver, of 20   {bare}   ours / bare: {some.per_second / bare.per_second:.2f}")
    size = settle_down(one)
    print(f"  {size / 1e6:,.0f} MB, {size / stored(one):,.0f} bytes an entry")
    aims.least(f"{kind}, entries/s in transactions of 20", some.per_second, INGEST[kind])
    aims.most(f"{kind}, bytes an entry", size / stored(one), BYTES)

    asked = questions(one, given.queries)
    found, driver = ask(one, asked, given.queries), ask_bare(one, given.queries)
    for name, times in found.items():
        beside = f"   bare p50 {driver[name].at(0.5):.2f}" if name in driver else ""
        print(f"  {name:38} {times}{beside}")
    aims.times(kind, found)
    searches = {name: askings for name, askings in asked.items() if name.startswith(("newest 50,", "hits of a topic"))}
    with arriving(one, given.rate):
        print(f"  while {given.rate:,} entries a second arrive:")
        meanwhile = ask(one, searches, given.queries)
    for name, times in meanwhile.items():
        print(f"  {name:38} {times}")
    aims.times(kind, meanwhile, arriving=True)

    if not given.keep:
        began = time.perf_counter()
        count = stored(one)
        kept = Retention(entries=moment(count) - moment(count // 10), hits=moment(count) - moment(count // 10))
        gone = prune_database(one.database, kept, moment(count))
        took = time.perf_counter() - began
        print(f"  pruned {gone.entries:,} entries in {took:.1f} s, {gone.entries / took:,.0f} a second")
    began = time.perf_counter()
    faults = find_database_faults(one.database)
    print(f"  check: {faults or 'sound'} in {time.perf_counter() - began:.1f} s")
    if faults:
        raise SystemExit("the database is damaged")
    return some


def arrive(url: str, corpus: Corpus, rate: int) -> None:
    """Store entries at a rate until standard input ends."""
    import select

    with Database(url) as database:
        one = _prepared("", database, corpus)
        done = Rate()
        first = stored(one)
        began = time.perf_counter()
        for batch in corpus.batches(first, 10_000_000, 20, one.feed_ids):
            keep(one, batch, first + done.entries, done)
            wait = done.entries / rate - (time.perf_counter() - began)
            if select.select([sys.stdin], [], [], max(0.0, wait))[0]:
                break
        print(f"  ({done.entries / (time.perf_counter() - began):,.0f} entries a second came)", flush=True)


if __name__ == "__main__":
    main()
