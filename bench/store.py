"""The store at a size: inserting, searching, listing, pruning, on both databases; beside bare drivers and `reader`.

    python bench/store.py [--entries 1000000] [--databases sqlite postgresql] [--only ask] [--keep FOLDER] [--check]
    python bench/store.py --databases postgresql --entries 1000000 --copies 20 --only ask --asked ' of a '

Entries are invented from a seed (bench/zipf.py): a hundred topics find one hit in five entries. They are stored by our
own code, most in transactions of 500, the last in transactions of 20. PostgreSQL is a real server with fsync on (its
settings are printed). Aims: 5,000 entries/s on SQLite and 3,000 on PostgreSQL in transactions of 20, five times what
`reader` indexes; newest 50 with highlights p99 in 10 ms (25 on PostgreSQL), 50 with a topic or a source, best 50 in
100, and 25 while 2,000 entries a second arrive; 1.6 kB an entry on disk. --check fails where one is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.collector import collect_as_daemon
from bench.figures import collect_figures
from bench.store_ask import Times, arriving, ask, bare_questions, questions
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
from bench.store_copies import multiply_entries
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

    def most(self, what: str, measured: float, most: float) -> None:
        self.lines.append((measured <= most, f"{what}: {measured:,.1f} (at most {most:,.0f})"))

    def least(self, what: str, measured: float, least: float) -> None:
        self.lines.append((measured >= least, f"{what}: {measured:,.1f} (at least {least:,.0f})"))

    def times(self, kind: str, times_by_question: dict[str, Times], *, arriving: bool = False) -> None:
        for name, times in times_by_question.items():
            if name.startswith(("newest 50,", "newest 50 of", "best 50,")):
                bound = 25 if arriving else NEWEST[kind]
                bound = 50 if " of a " in name else 100 if name.startswith("best") else bound
                self.most(
                    f"{kind}, {name}{', while entries arrive' if arriving else ''}, p99 ms", times.at(0.99), bound
                )


PARTS = ("ingest", "size", "ask", "arriving", "prune", "check", "reader")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=list(INGEST))
    arguments.add_argument("--queries", type=int, default=200, help="how often each question is asked")
    arguments.add_argument("--only", nargs="+", default=PARTS, choices=PARTS, help="parts, each in its turn")
    arguments.add_argument("--asked", default="", help="questions whose name contains this")
    arguments.add_argument("--sample", type=int, default=20_000, help="entries stored in transactions of 20")
    arguments.add_argument("--copies", type=int, default=1, help="PostgreSQL: so many times the entries, by copying")
    arguments.add_argument("--reader", type=int, default=10_000, help="entries that `reader` indexes; 0 leaves it out")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--keep", type=Path, help="a folder whose SQLite file is filled once and used again")
    arguments.add_argument("--check", action="store_true", help="fail where an aim is missed")
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    arguments.add_argument("--arrive", help=argparse.SUPPRESS)
    arguments.add_argument("--rate", type=int, default=2_000, help="entries a second that arrive while it is asked")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    corpus = Corpus(seed=given.seed)
    if given.arrive:
        arrive(given.arrive, corpus, given.rate)
        return
    collect_as_daemon()
    aims = Aims()
    with collect_figures(as_json=given.json) as figures:
        measure_all(corpus, given, aims, figures)
    if given.check and not all(met for met, _line in aims.lines):
        raise SystemExit(1)


def measure_all(corpus: Corpus, given: argparse.Namespace, aims: Aims, figures: dict[str, Any]) -> None:
    """Measure every database, then what `reader` does with the same entries, and print which aims are met."""
    rates: dict[str, Rate] = {}
    for kind in given.databases:
        with tempfile.TemporaryDirectory(dir=given.keep) as name:
            with world(kind, given.keep or Path(name), corpus) as filled:
                rates[kind] = measure(filled, given, aims, figures.setdefault(kind, {}))
    if "reader" in given.only and given.reader and (peer := peer_search(corpus, given.reader)) is not None:
        print(f"\nreader, {given.reader:,} of the same entries: search {peer[0]:,.0f} entries/s, update {peer[1]:,.0f}")
        figures["reader"] = {"search_rate": peer[0], "update_rate": peer[1]}
        for kind, rate in rates.items():
            print(f"  {kind} in transactions of 20 / reader's search: {rate.per_second / peer[0]:.1f}")
            aims.least(f"{kind} in transactions of 20 / reader's search", rate.per_second / peer[0], 5)
    print("\nAims")
    for met, line in aims.lines:
        print(f"  {'met   ' if met else 'MISSED'} {line}")


def measure(filled: World, given: argparse.Namespace, aims: Aims, figures: dict[str, Any]) -> Rate:
    """Fill a database and put everything to it that is asked for."""
    kind, parts = filled.kind, given.only
    settings = ", ".join(f"{name}={value}" for name, value in SERVER.items()) if kind == "postgresql" else "WAL"
    print(f"\n{kind} ({settings}); load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    reserved = given.sample * 2 if "ingest" in parts else 0
    if (missing := given.entries // given.copies - reserved - stored(filled)) > 0:
        began = time.perf_counter()
        print(f"  transactions of 500  {fill(filled, missing, 500)}")
        print(f"  filled in {time.perf_counter() - began:,.0f} s, {stored(filled):,} entries")
    if given.copies > 1:
        began = time.perf_counter()
        multiply_entries(filled, given.copies)
        print(f"  copied in {time.perf_counter() - began:,.0f} s, {stored(filled):,} entries")
    some = measure_ingest(filled, given.sample, aims, figures) if "ingest" in parts else Rate()
    size = settle_down(filled)
    figures["entries"], figures["bytes_an_entry"] = stored(filled), size / stored(filled)
    print(f"  {size / 1e6:,.0f} MB, {size / stored(filled):,.0f} bytes an entry")
    if "size" in parts:
        aims.most(f"{kind}, bytes an entry", size / stored(filled), BYTES)
    if "ask" in parts or "arriving" in parts:
        measure_questions(filled, given, aims, figures)
    if "prune" in parts and not given.keep:
        began = time.perf_counter()
        count = stored(filled)
        kept = Retention(entries=moment(count) - moment(count // 10), hits=moment(count) - moment(count // 10))
        gone = prune_database(filled.database, kept, moment(count))
        took = time.perf_counter() - began
        print(f"  pruned {gone.entries:,} entries in {took:.1f} s, {gone.entries / took:,.0f} a second")
    if "check" in parts:
        began = time.perf_counter()
        faults = find_database_faults(filled.database)
        print(f"  check: {faults or 'sound'} in {time.perf_counter() - began:.1f} s")
        if faults:
            raise SystemExit("the database is damaged")
    return some


def measure_ingest(filled: World, sample: int, aims: Aims, figures: dict[str, Any]) -> Rate:
    """Store entries in transactions of 500 and of 20, by our code and by the bare driver in turn; return ours of 20.

    The ratios are medians of the rounds, of processor time: on SQLite all of it is this process's own.
    """
    rounds, sizes = 5, (500, 20)
    taken: list[dict[str, Rate]] = []
    for _round in range(rounds):
        taken.append({})
        for size in sizes:
            taken[-1] |= {
                f"ours {size}": fill(filled, sample // rounds, size),
                f"bare {size}": fill_bare(filled, sample // rounds, size),
            }
    rates = {name: sum((round_rates[name] for round_rates in taken), Rate()) for name in taken[0]}
    figures["ingest"] = {name: {"rate": rate.per_second, "cpu_rate": rate.cpu_rate} for name, rate in rates.items()}
    for size in sizes:
        ours = rates[f"ours {size}"]
        print(f"  transactions of {size:<4} {ours}, {ours.hits / ours.entries:.2f} hits an entry")
        print(f"  bare driver, of {size:<4} {rates[f'bare {size}']}")
        for other in sizes:
            ratio = statistics.median(
                round_rates[f"ours {size}"].cpu_rate / round_rates[f"bare {other}"].cpu_rate for round_rates in taken
            )
            by_clock = ours.per_second / rates[f"bare {other}"].per_second
            figures["ingest"][f"ours {size} to bare {other}"] = {"cpu": ratio, "clock": by_clock}
            print(f"    ours / bare of {other}: {by_clock:.2f}, of processor time {ratio:.2f}")
    fill(filled, 1_000, 20)
    print(f"  nothing new, of 20   {offer_again(filled, 1_000, 20)}")
    aims.least(f"{filled.kind}, entries/s in transactions of 20", rates["ours 20"].per_second, INGEST[filled.kind])
    return rates["ours 20"]


def measure_questions(filled: World, given: argparse.Namespace, aims: Aims, figures: dict[str, Any]) -> None:
    """Ask what the page and the command ask, beside the bare statements; then while entries arrive."""
    kind = filled.kind
    asked = {name: askings for name, askings in questions(filled, given.queries).items() if given.asked in name}
    if "ask" in given.only:
        with bare_questions(filled, given.queries) as bare:
            times_by_question, driver = ask(filled, asked, given.queries, bare)
        for name, times in times_by_question.items():
            beside = (
                f"   bare p50 {driver[name].at(0.5):.2f}, p99 {driver[name].at(0.99):.2f}" if name in driver else ""
            )
            print(f"  {name:38} {times}{beside}")
        figures["ask"] = {
            name: {"p50": times.at(0.5), "p99": times.at(0.99)}
            | ({"bare_p50": driver[name].at(0.5), "bare_p99": driver[name].at(0.99)} if name in driver else {})
            for name, times in times_by_question.items()
        }
        aims.times(kind, times_by_question)
    if "arriving" in given.only:
        searches = {
            name: askings for name, askings in asked.items() if name.startswith(("newest 50,", "hits of a topic"))
        }
        with arriving(filled, given.rate):
            print(f"  while {given.rate:,} entries a second arrive:")
            meanwhile, _bare = ask(filled, searches, given.queries)
        for name, times in meanwhile.items():
            print(f"  {name:38} {times}")
        aims.times(kind, meanwhile, arriving=True)


def arrive(url: str, corpus: Corpus, rate: int) -> None:
    """Store entries at a rate until standard input ends."""
    import select

    with Database(url) as database:
        filled = _prepared("", database, corpus)
        done = Rate()
        first = stored(filled)
        began = time.perf_counter()
        for batch in corpus.batches(first, 10_000_000, 20, filled.feed_ids):
            keep(filled, batch, first + done.entries, done)
            wait = done.entries / rate - (time.perf_counter() - began)
            if select.select([sys.stdin], [], [], max(0.0, wait))[0]:
                break
        print(f"  ({done.entries / (time.perf_counter() - began):,.0f} entries a second came)", flush=True)


if __name__ == "__main__":
    main()
