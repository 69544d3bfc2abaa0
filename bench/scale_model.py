"""What breaks first at a size that no machine here has: a model of this design, from measured costs.

    python bench/scale_model.py [--feeds 1000000] [--interval 5] [--entries 20000] [--topics 1000] [--days 90]
    python bench/scale_model.py --measure        costs of this machine in place of the noted ones (a minute)
    python bench/scale_model.py --costs FILE     costs of a file, as --measure --json prints them

For each kind of work: how much of it there is in a second, how much one unit of what does it can do, and how many units
that takes. Work that adds up over processes is counted in cores or servers; work that one database does for all is a
ceiling: above 1.0 it breaks, the highest first. Nothing here was run at such a size: every line is computed.
docs/decisions/0010-beyond-one-machine.md draws the conclusions.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

MB = 1e6
TB = 1e12
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Measured costs: CPU seconds of one core, rates of one server, bytes. The values are those noted for two cores."""

    quiet_poll: float = 0.0014
    """CPU seconds of a poll that brings nothing new (bench/poll.py, mixed cycle)."""
    read_item: float = 0.00025
    """CPU seconds to read an item of a document (bench/readers.py, bench/poll.py)."""
    match_entry: float = 0.0001
    """CPU seconds to match an entry against `match_topics` topics (bench/match.py)."""
    match_topics: int = 1_000
    store_entry: float = 0.00014
    """CPU seconds of our own for an entry in a transaction of 500, hits and stories included (bench/store.py)."""
    embed_entry: float = 0.055
    """CPU seconds for the vector of a headline with its summary (bench/meaning.py)."""
    entry_bytes: float = 2_300
    """Bytes of an entry in the database with its indices (bench/store.py)."""
    bare_rows: float = 9_600
    """Entries a second that COPY brings into one PostgreSQL with the same indices (bench/store.py, bare driver)."""
    leases: float = 20_000
    """Feeds a second that all processes together lease with turns at hosts (bench/workers.py)."""
    story_lookups: float = 2_500
    """Entries a second whose neighbours one database finds by blocking keys, about (bench/story_scale.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked: feeds, minutes between polls, entries a second, topics, and days that entries are kept."""

    feeds: int = 1_000_000
    interval: float = 5.0
    entries: float = 20_000.0
    topics: int = 1_000
    days: int = 90
    hit_share: float = 0.02
    """Hits to an entry: only they are joined to stories."""

    @property
    def polls(self) -> float:
        """Polls a second."""
        return self.feeds / (self.interval * 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of work: what there is of it, what one unit does, and whether more units do more."""

    name: str
    demand: float
    capacity: float
    unit: str
    is_shared: bool
    seam: str

    @property
    def units(self) -> float:
        return self.demand / self.capacity


def compute_parts(load: Load, costs: Costs) -> tuple[Part, ...]:
    """Return the parts of the work: first what one database does for all, the fullest first, then what adds up."""
    # Matching grows with the topics that share a word with an entry; by bench/match.py 10 to 10,000 cost 5 to 8 times.
    growth = max(load.topics / costs.match_topics, 0.001) ** 0.27
    shared = [
        Part(
            name="entries into one database",
            demand=load.entries,
            capacity=costs.bare_rows,
            unit="primary server",
            is_shared=True,
            seam="pipeline/batch_writer",
        ),
        Part(
            name="leases and turns at hosts",
            demand=load.polls,
            capacity=costs.leases,
            unit="primary server",
            is_shared=True,
            seam="pipeline/host_shards",
        ),
        Part(
            name="neighbours of hits",
            demand=load.entries * load.hit_share,
            capacity=costs.story_lookups,
            unit="primary server",
            is_shared=True,
            seam="store/stories/placement",
        ),
        Part(
            name="entries kept, in disks of 8 TB",
            demand=load.entries * costs.entry_bytes * SECONDS_A_DAY * load.days / TB,
            capacity=8,
            unit="disk",
            is_shared=True,
            seam="store/entries",
        ),
    ]
    cores = (
        ("polls: asking and comparing", load.polls, costs.quiet_poll, "fetch"),
        ("reading items", load.entries, costs.read_item, "reading"),
        ("matching", load.entries, costs.match_entry * growth, "match"),
        ("storing: our own part", load.entries, costs.store_entry, "store"),
        ("vectors", load.entries, costs.embed_entry, "inference"),
    )
    added = [
        Part(name=name, demand=demand, capacity=1 / cost, unit="core", is_shared=False, seam=seam)
        for name, demand, cost, seam in cores
    ]
    return (*sorted(shared, key=lambda part: -part.units), *added)


def measure_costs() -> Costs:
    """Measure on this machine what takes seconds: reading, matching, storing on SQLite, and the bytes of an entry."""
    from bench.news import Press
    from bench.percolators import Ours, Prepared
    from bench.store_build import fill, settle_down, stored, world
    from bench.zipf import Corpus
    from tests.web_server import rss
    from watcher.match import compile_topics
    from watcher.model.topic import Topic
    from watcher.parse import parse_bytes

    usual, press = Costs(), Press()
    items = [Prepared(entry) for entry in press.items(2_000)]
    document = rss(*((str(n), f"{item.columns[0]}|{item.columns[1]}") for n, item in enumerate(items[:200])))
    read = _measure(lambda: parse_bytes(document, url="https://press.example/feed")) / 200
    queries = press.topics(usual.match_topics, [item.stored for item in items], dense=True)
    matcher = compile_topics([Topic(id=f"t{n}", name="", query=query) for n, query in enumerate(queries)])
    engine = Ours(matcher, spans=False)
    matched = _measure(lambda: engine.run(items)) / len(items)
    with tempfile.TemporaryDirectory() as name, world("sqlite", Path(name), Corpus(seed=1)) as sample:
        rate = fill(sample, 10_000, 500)
        size = settle_down(sample) / stored(sample)
    return Costs(
        read_item=read,
        match_entry=matched,
        store_entry=rate.own_seconds / rate.entries,
        entry_bytes=size,
    )


def _measure(run: Callable[[], object]) -> float:
    """Return the CPU seconds of a run, the least of three."""
    best = float("inf")
    for _round in range(3):
        begun = time.process_time()
        run()
        best = min(best, time.process_time() - begun)
    return best


def print_parts(load: Load, parts: Sequence[Part]) -> None:
    """Print the computed table."""
    print(
        f"{load.feeds:,} feeds every {load.interval:g} min ({load.polls:,.0f} polls/s), {load.entries:,.0f} entries/s, "
        f"{load.topics:,} topics, kept {load.days} days. Computed, not run."
    )
    print("\nOne database does it for all; above 1.0 it breaks, the first line first")
    for part in parts:
        if part.is_shared:
            print(f"  {part.name:32} {part.demand:9,.0f} of {part.capacity:9,.0f}  {part.units:7.2f}   {part.seam}")
    print("\nAdds up over processes: cores")
    for part in parts:
        if not part.is_shared:
            print(f"  {part.name:32} {part.demand:9,.0f}/s           {part.units:10,.1f}   {part.seam}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=Load().feeds)
    parser.add_argument("--interval", type=float, default=Load().interval, help="minutes between polls of a feed")
    parser.add_argument("--entries", type=float, default=Load().entries, help="new entries a second")
    parser.add_argument("--topics", type=int, default=Load().topics)
    parser.add_argument("--days", type=int, default=Load().days, help="how long entries are kept")
    parser.add_argument("--costs", type=Path, help="a JSON file of costs")
    parser.add_argument("--measure", action="store_true", help="measure costs on this machine")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    costs = Costs(**json.loads(given.costs.read_text("utf-8"))) if given.costs else Costs()
    if given.measure:
        costs = measure_costs()
    load = Load(feeds=given.feeds, interval=given.interval, entries=given.entries, topics=given.topics, days=given.days)
    parts = compute_parts(load, costs)
    if given.json:
        units = {part.name: part.units for part in parts}
        print(json.dumps(asdict(costs) if given.measure else units, indent=1))
    else:
        print_parts(load, parts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
