"""Shares of the processor's time in one first cycle: fetch, parse, identify, tokenise, match, stories and store.

    python bench/first_cycle.py [--feeds 300] [--json]

The server and the feeds of bench/poll.py, all items new, a hundred topics, SQLite. Functions at the borders of the
parts are timed on the clock of their own thread; what one calls of another part counts for that one. What no part has
is the event loop with its requests, decompression and hashes of bodies: it counts as fetching.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from bench.figures import collect_figures

PARTS = ("fetch", "parse", "identify", "language", "tokenise", "match", "stories", "store")


class Shares:
    """Seconds of processor time by part, without what a part called of another one."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._local = threading.local()

    def time(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts its time for a part."""

        @functools.wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            # Seconds that the calls below took, one number for each call that is under way.
            below: list[float] = self._local.__dict__.setdefault("below", [])
            below.append(0.0)
            began = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                took = time.thread_time() - began
                inner = below.pop()
                if below:
                    below[-1] += took
                with self._lock:
                    self.seconds[part] += took - inner

        return timed


def time_parts(shares: Shares) -> None:
    """Time the functions at which the parts begin."""
    from watcher.match.entry_text import EntryText
    from watcher.match.topic_matcher import TopicMatcher
    from watcher.pipeline import ingest
    from watcher.pipeline.batch_writer import BatchWriter
    from watcher.reading import reader

    borders: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
        ("parse", reader, ("parse",)),
        ("identify", ingest, ("to_entries", "diff_entries", "apply_budget")),
        ("language", ingest, ("enrich_entries",)),
        ("tokenise", EntryText, ("padded_texts", "format_index_text")),
        ("match", TopicMatcher, ("match_entries",)),
        ("stories", ingest, ("choose_stories",)),
        ("store", BatchWriter, ("_write_batch",)),
    )
    for part, owner, names in borders:
        for name in names:
            setattr(owner, name, shares.time(part, getattr(owner, name)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=300)
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = arguments.parse_args()
    with collect_figures(as_json=given.json) as figures:
        measure(given.feeds, figures)


def measure(feeds: int, figures: dict[str, Any]) -> None:
    """Run one cycle and print what each part took."""
    from bench.poll import Child
    from bench.poll_arms import Ours

    server = Child("poll_server.py", str(feeds))
    try:
        with tempfile.TemporaryDirectory() as folder:
            arm = Ours(feeds, Path(folder))
            shares = Shares()
            time_parts(shares)
            began = time.process_time()
            asyncio.run(arm.cycle())
            total = time.process_time() - began
            items = arm.items()
    finally:
        server.close()
    seconds = {**shares.seconds, "fetch": total - sum(shares.seconds.values())}
    print(f"{feeds:,} feeds, {items:,} new items; {1000 * total / feeds:.1f} ms of processor time a feed\n")
    for part in PARTS:
        print(f"{part:10} {100 * seconds[part] / total:5.1f} %   {1e6 * seconds[part] / items:6.0f} us an item")
    figures |= {
        "cpu_ms": 1000 * total / feeds,
        "items": items,
        "shares": {part: seconds[part] / total for part in PARTS},
    }


if __name__ == "__main__":
    main()
