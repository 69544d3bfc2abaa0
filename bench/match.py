"""Matches news-like items against many topics: ours beside the bare scan, SQLite FTS5, tantivy and one `re` per topic.

    python bench/match.py [--topics 10,100,1000,10000] [--rounds 9] [--sets dense,sparse] [--check] [--items 20000]

One process, all engines in each round on the same items, in an order that rotates; medians of microseconds of CPU time
per item and of each round's ratio to the bare scan. A round takes its own share of the items, so that all of them are
used; engines that would take minutes get the first of the share (one batch at least), and their times are scaled by its
characters.
The items and the topics are made by bench/news.py. Aims are checked at the largest number of topics, and missing one
ends with exit code 1, as does, with --check, any difference from the plain reference (tests/match/reference.py), which
tries each topic alone: every hit on every item with its evidence, and on a sample every topic on every item.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.collector import collect_as_daemon
from bench.figures import collect_figures
from bench.news import NOON, Press
from bench.percolators import BareScan, Engine, Fts5, OneRe, Ours, Prepared, Tantivy
from tests.match.reference import matches
from watcher.match import EntryText, TopicMatcher, compile_topics, match_entry
from watcher.model.entry import StoredEntry
from watcher.model.topic import Topic

LIMIT = "bare scan"
SLICE = 0.2
"""Seconds that an engine may take of a round, unless one batch takes longer."""
MANY = 50_000


def main() -> int:
    options = _options()
    with collect_figures(as_json=options.json) as figures:
        return _measure(options, figures)


def _measure(options: argparse.Namespace, figures: dict[str, Any]) -> int:
    sizes = [int(size) for size in options.topics.split(",")]
    begun = time.perf_counter()
    press = Press()
    items = [Prepared(stored) for stored in press.items(options.items)]
    words = sorted(sum(len(column.split()) for column in item.columns) for item in items)
    print(
        f"{len(items):,} generated items, {sum(words):,} words: mean {sum(words) / len(words):.0f}, median"
        f" {words[len(words) // 2]}, p90 {words[int(len(words) * 0.9)]}, max {words[-1]:,};"
        f" ready in {time.perf_counter() - begun:.0f} s"
    )
    missed: list[str] = []
    for kind in options.sets.split(","):
        queries = press.topics(max(*sizes, MANY) if options.many else max(sizes), _stored(items), dense=kind == "dense")
        missed += _set(kind, queries, items, sizes, options, figures.setdefault(kind, {}))
    print("\n" + ("\n".join(f"MISSED: {line}" for line in missed) or "every aim met"))
    return 1 if missed else 0


def _set(
    kind: str,
    queries: list[str],
    items: list[Prepared],
    sizes: list[int],
    options: argparse.Namespace,
    figures: dict[str, Any],
) -> list[str]:
    missed: list[str] = []
    cost: dict[int, float] = {}
    print(f"\n{kind} set: us per item, median of {options.rounds} rounds (times the bare scan)")
    for size in sizes:
        matcher = _matcher(queries[:size])
        engines = _engines(matcher, options.engines.split(","))
        collect_as_daemon()
        times, hits = _race(engines, items, options.rounds)
        _print_table(size, times, hits)
        figures[str(size)] = {
            name: {"us": median(measured), "to_limit": _ratio(measured, times)} for name, measured in times.items()
        }
        cost[size] = median(times["ours"]) if "ours" in times else 0.0
        if size == max(sizes):
            missed += [f"{kind}: {fault}" for fault in _judge(kind, times)]
        if options.check:
            missed += [f"{kind}, {size:,} topics: {fault}" for fault in _differences(matcher, items, options.sample)]
        del engines, matcher
    growth = cost[max(sizes)] / cost[min(sizes)]
    aim = {"dense": 8.0, "sparse": 5.0}[kind]
    print(f"  growth of ours from {min(sizes):,} to {max(sizes):,} topics: {growth:.1f} (aim {aim:.0f})")
    if growth > aim:
        missed.append(f"{kind}: growth {growth:.1f}, aim {aim}")
    builds = ((max(sizes), 2.0, 100.0), *(((MANY, None, None),) if options.many else ()))
    for size, seconds_aim, memory_aim in builds if options.build else ():
        seconds, memory, per_item = _build_apart(queries[:size], _stored(items)[:500])
        print(f"  build of {size:,}: {seconds:.2f} s, {memory:.0f} MB; then {per_item:.0f} us per item")
        if seconds_aim and (seconds > seconds_aim or memory > (memory_aim or 0)):
            missed.append(f"{kind}: build of {size:,} took {seconds:.2f} s and {memory:.0f} MB")
    return missed


def _engines(matcher: TopicMatcher, names: Sequence[str]) -> dict[str, Engine]:
    queries = [matcher.query(topic.id) for topic in matcher.topics]
    patterns = matcher.index.patterns
    known: dict[str, Callable[[], Engine]] = {
        "raw_ac": lambda: BareScan(patterns, prepared=False),
        "raw_ac_alone": lambda: BareScan(patterns, prepared=True),
        "ours": lambda: Ours(matcher, spans=False),
        "ours_spans": lambda: Ours(matcher, spans=True),
        "fts5:500": lambda: Fts5(queries, 500),
        "fts5:50": lambda: Fts5(queries, 50),
        "tantivy:500": lambda: Tantivy(queries, 500),
        "naive_re": lambda: OneRe(queries),
    }
    shown = {"raw_ac": LIMIT, "raw_ac_alone": "bare scan, words split before", "ours_spans": "ours with spans"}
    return {shown.get(name, name): known[name]() for name in names}


def _race(
    engines: Mapping[str, Engine], items: list[Prepared], rounds: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Run every engine in every round, and give its microseconds per item and what it found per item."""
    share = len(items) // rounds
    times: dict[str, list[float]] = {name: [] for name in engines}
    hit_counts: dict[str, list[float]] = {name: [] for name in engines}
    names = list(engines)
    counts = {name: _affordable(engine, items, share) for name, engine in engines.items()}
    for number in range(rounds):
        mine = items[number * share : (number + 1) * share]
        characters = sum(len(item.padded) for item in mine)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            some = mine[: counts[name]]
            begun = time.process_time()
            hits = engines[name].run(some)
            took = time.process_time() - begun
            scale = characters / sum(len(item.padded) for item in some) / len(mine)
            times[name].append(took * scale * 1e6)
            hit_counts[name].append(hits * scale)
    return times, {name: median(round_counts) for name, round_counts in hit_counts.items()}


def _affordable(engine: Engine, items: list[Prepared], share: int) -> int:
    if not engine.scaled:
        engine.run(items[:50])
        return share
    least = min(engine.step, share) if engine.step > 1 else 2
    begun = time.process_time()
    engine.run(items[-least:])
    batches = int(SLICE / max(time.process_time() - begun, 1e-6))
    return min(share, least * max(1, batches))


def _print_table(size: int, times: Mapping[str, list[float]], hits: Mapping[str, float]) -> None:
    print(f"  {size:,} topics, {hits.get('ours', 0):.1f} hits per item")
    for name, measured in times.items():
        print(
            f"    {name:30} {median(measured):12,.1f}  x{_ratio(measured, times):,.2f}   (least {min(measured):,.1f})"
        )


def _ratio(measured: Sequence[float], times: Mapping[str, list[float]]) -> float:
    """Return the median of the rounds' ratios to the bare scan."""
    return median(mine / bare for mine, bare in zip(measured, times[LIMIT], strict=True))


def _judge(kind: str, times: Mapping[str, list[float]]) -> list[str]:
    missed = []
    ours = times["ours"]
    most = {"dense": 3.0, "sparse": 2.0}[kind]
    ratio = _ratio(ours, times)
    if ratio > most:
        missed.append(f"ours is {ratio:.2f} times the bare scan, aim {most}")
    for name, least in (("fts5:500", 3.0), ("fts5:50", 8.0)):
        if name in times:
            faster = median(theirs / mine for theirs, mine in zip(times[name], ours, strict=True))
            print(f"    ours is {faster:.1f} times as fast as {name} (aim {least:.0f})")
            if faster < least:
                missed.append(f"only {faster:.1f} times as fast as {name}, aim {least}")
    return missed


def _differences(matcher: TopicMatcher, items: list[Prepared], sample: int) -> list[str]:
    """Compare with what trying each topic alone gives: each hit there is, and on a sample each there should be."""
    wrong: list[str] = []
    checked = 0
    for item in items:
        for hit in matcher.match_entries((item.stored,), NOON):
            checked += 1
            if match_entry(matcher.query(hit.topic_id), item.stored) != hit.evidence:
                wrong.append(f"item {item.stored.id}, topic {hit.topic_id}: evidence differs from the topic alone")
    few = random.Random(len(matcher.topics)).sample(items, min(len(items), max(5, sample // len(matcher.topics))))
    for item in few:
        ours = set(matcher.match_topic_ids(EntryText(item.stored)))
        alone = {topic.id for topic in matcher.topics if matches(matcher.query(topic.id), item.stored)}
        checked += len(matcher.topics)
        wrong += [f"item {item.stored.id}, topic {topic}: index and reference differ" for topic in ours ^ alone]
    print(f"    checked: {checked:,} answers, {len(wrong)} differences")
    return wrong[:20]


def _matcher(queries: Sequence[str]) -> TopicMatcher:
    return compile_topics([Topic(id=f"t{number}", name="", query=query) for number, query in enumerate(queries)])


def _stored(items: Sequence[Prepared]) -> list[StoredEntry]:
    return [item.stored for item in items]


def _build_apart(queries: Sequence[str], items: Sequence[StoredEntry]) -> tuple[float, float, float]:
    """Build in a fresh process: seconds, megabytes of resident memory, and microseconds per item afterwards."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_build, (list(queries), list(items)))


def _build(queries: list[str], items: list[StoredEntry]) -> tuple[float, float, float]:
    before = _resident()
    begun = time.process_time()
    matcher = _matcher(queries)
    built = time.process_time() - begun
    memory = _resident() - before
    begun = time.process_time()
    for stored in items:
        matcher.match_topic_ids(EntryText(stored))
    return built, memory, (time.process_time() - begun) / len(items) * 1e6


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--topics", default="10,100,1000,10000")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--sets", default="dense,sparse")
    options.add_argument("--items", type=int, default=20_000)
    options.add_argument(
        "--engines", default="raw_ac,raw_ac_alone,ours,ours_spans,fts5:500,fts5:50,tantivy:500,naive_re"
    )
    options.add_argument("--check", action="store_true", help="compare every hit with trying each topic alone")
    options.add_argument("--sample", type=int, default=40_000, help="pairs of topic and item tried in full by --check")
    options.add_argument("--no-many", dest="many", action="store_false", help=f"leave out the {MANY:,} topics")
    options.add_argument("--no-build", dest="build", action="store_false", help="leave out the time to build")
    options.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main())
