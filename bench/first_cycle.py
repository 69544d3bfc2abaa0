"""Where the processor time of a first cycle goes, when every item is new: the shares of the steps, from request to row.

    python bench/first_cycle.py [--feeds 300] [--topics 100] [--json]

Polls the feeds of bench/poll_server.py once, as the daemon does, into an empty SQLite database. Each step counts the
time of its own thread without that of the steps inside it; what no step counts is the event loop and fetching.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import poll_arms  # noqa: E402
from poll import Child  # noqa: E402

from bench.figures import collect_figures  # noqa: E402


class Clock:
    """Adds up the processor time of steps, in seconds: each without the steps that it calls."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._local = threading.local()
        self._lock = threading.Lock()

    def follow(self, owner: Any, name: str, step: str) -> None:
        """Count a function of a module or class as a step from now on."""
        setattr(owner, name, self._wrap(getattr(owner, name), step))

    def _wrap(self, function: Callable[..., Any], step: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def counted(*arguments: Any, **named: Any) -> Any:
            """Call the function, and count its time."""
            inner: list[float] = self._local.__dict__.setdefault("inner", [])
            inner.append(0.0)
            began = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                took = time.thread_time() - began
                with self._lock:
                    self.seconds[step] += took - inner.pop()
                if inner:
                    inner[-1] += took

        return counted


def follow_steps(clock: Clock) -> None:
    """Count the steps of ingestion; whatever the thread that writes does besides them is storing."""
    from watcher.match import EntryText, TopicMatcher
    from watcher.pipeline import batch_writer, ingest
    from watcher.reading import reader

    clock.follow(reader, "_parse_in_thread", "parse")
    clock.follow(batch_writer.BatchWriter, "_write_batch", "store")
    clock.follow(ingest, "to_entries", "identify")
    clock.follow(ingest, "diff_entries", "identify")
    clock.follow(ingest, "enrich_entries", "language")
    clock.follow(EntryText, "padded_texts", "tokenise")
    clock.follow(EntryText, "format_index_text", "tokenise")
    clock.follow(TopicMatcher, "match_entries", "match")
    clock.follow(ingest, "choose_stories", "stories")
    clock.follow(ingest, "load_known_entries_of_feeds", "store: look up")
    clock.follow(ingest, "insert_entries", "store: entries")
    clock.follow(ingest, "insert_hits", "store: hits")
    clock.follow(ingest, "save_polled_feeds", "store: feeds")


def measure(feeds: int, topics: int, figures: dict[str, Any]) -> None:
    """Poll all feeds once, and print each step's share of the processor time."""
    poll_arms.TOPICS = topics
    server = Child("poll_server.py", str(feeds))
    try:
        with tempfile.TemporaryDirectory() as folder:
            arm = poll_arms.Ours(feeds, Path(folder))
            clock = Clock()
            follow_steps(clock)
            began, used = time.perf_counter(), poll_arms.cpu_seconds()
            told = asyncio.run(arm.cycle())
            seconds, cpu = time.perf_counter() - began, poll_arms.cpu_seconds() - used
            items = arm.items()
            arm.database.close()
    finally:
        server.close()
    steps = dict(clock.seconds)
    steps["fetch and event loop"] = cpu - sum(steps.values())
    print(f"{feeds:,} feeds, {items:,} items, {told['hits']:,} hits, {topics} topics: {feeds / seconds:.0f} feeds/s")
    print(f"{1000 * cpu / feeds:.2f} ms of processor time a feed, {1e6 * cpu / items:.0f} us an item")
    for step, took in sorted(steps.items(), key=lambda step: -step[1]):
        print(f"  {step:22} {100 * took / cpu:5.1f} %   {1e6 * took / items:6.1f} us an item")
    print(f"  peak memory {poll_arms.peak_megabytes():.0f} MB")
    figures |= {
        "feeds": feeds, "items": items, "cpu_ms_a_feed": 1000 * cpu / feeds,
        "shares": {step: took / cpu for step, took in steps.items()}, "peak_mb": poll_arms.peak_megabytes(),
    }  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=300)
    arguments.add_argument("--topics", type=int, default=100)
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = arguments.parse_args()
    with collect_figures(as_json=given.json) as figures:
        measure(given.feeds, given.topics, figures)


if __name__ == "__main__":
    main()
