"""What polling and storing lose while a backlog is read for meaning: the rates with a reader beside those without.

    python bench/meaning_load.py [--feeds 400] [--rounds 6] [--check]

Feeds are polled as in bench/poll.py, and items stored as a poll stores them, in rounds: one alone, the next while a
thread reads for meaning as the daemon's does (half a core for the encoder's process, batches, proposals for five
topics). A machine that is busy with other things shows nothing: both rates vary by more than what is measured.
Aim: at least 0.8 of the rates without. With --check a missed aim is exit code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import structlog

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from poll import Child  # noqa: E402
from poll_arms import Ours  # noqa: E402

from tests.store.filled import bring, item  # noqa: E402
from watcher import clock  # noqa: E402
from watcher.inference.bundled import BundledEncoder  # noqa: E402
from watcher.meaning.background import load_shipped_background  # noqa: E402
from watcher.pipeline.embedding import MeaningReader, ReadingOptions  # noqa: E402
from watcher.settings import load  # noqa: E402
from watcher.store.database import Database  # noqa: E402
from watcher.store.database.migrate import upgrade_schema  # noqa: E402
from watcher.store.meaning.progress import get_meaning_state  # noqa: E402

LEAST = 0.8
ITEMS_TOGETHER = 50
WORDS = "minister river budget council harbour storm strike export parliament school railway court".split()  # noqa: SIM905


@contextmanager
def read_beside(database: Database) -> Iterator[None]:
    """Read what is stored for its meaning, in a thread, as long as the block lasts."""
    topics = load(HERE.parent / "config", {}).topics
    with closing(BundledEncoder()) as encoder:
        reader = MeaningReader(
            database,
            encoder,
            lambda: ReadingOptions(topics=topics),
            clock.now,
            time.monotonic,
            owner="bench",
            find_shipped=load_shipped_background,
        )
        reader.run_for(timedelta())
        ended = threading.Event()

        def read() -> None:
            """Read until the block ends."""
            while not ended.is_set():
                reader.run_for(timedelta(seconds=5))

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            reader.stop()
            thread.join()


def store_items(database: Database, count: int, round_number: int) -> float:
    """Store items as polls do, some at a time; return how many a second."""
    began = time.perf_counter()
    for start in range(0, count, ITEMS_TOGETHER):
        numbers = [1 + round_number * count + start + at for at in range(ITEMS_TOGETHER)]
        titles = [" ".join(WORDS[(number * 7 + at * at) % len(WORDS)] for at in range(8)) for number in numbers]
        made = [item(number, f"{title} {number}") for number, title in zip(numbers, titles, strict=True)]
        bring(database, made, now=clock.now(), feed=f"https://bench.example/{round_number}/{start}")
    return count / (time.perf_counter() - began)


def count_backlog(database: Database) -> int:
    """Return how many entries wait to be read."""
    with database.read() as db:
        state = get_meaning_state(db)
    return state.backlog if state is not None else 0


def measure(database: Database, run: list[float], beside: list[float], work: object) -> None:
    """Append the rate of some work, alone and beside a reader."""
    assert callable(work)
    run.append(work())
    with read_beside(database):
        beside.append(work())


def report(name: str, alone: list[float], beside: list[float]) -> float:
    """Print the medians of a pair of rates; return the median of their ratios, each within a round."""
    ratio = statistics.median(with_reader / without for without, with_reader in zip(alone, beside, strict=True))
    print(
        f"{name:12} alone {statistics.median(alone):8.0f}/s  beside reading {statistics.median(beside):8.0f}/s"
        f"  ratio {ratio:.2f} (at least {LEAST})",
        flush=True,
    )
    return ratio


def main() -> int:
    """Measure storing, then polling."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=400)
    arguments.add_argument("--rounds", type=int, default=6)
    arguments.add_argument("--items", type=int, default=2_000, help="items that are stored in a round")
    arguments.add_argument("--check", action="store_true", help="exit 1 where an aim is missed")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        with Database(f"sqlite:///{folder}/stored.db") as database:
            upgrade_schema(database)
            numbers = iter(range(2 * given.rounds + 1))
            store_items(database, given.items, next(numbers))
            alone: list[float] = []
            beside: list[float] = []
            for _round in range(given.rounds):
                measure(database, alone, beside, lambda: store_items(database, given.items, next(numbers)))
            left = count_backlog(database)
        ratios.append(report("items stored", alone, beside))
        server = Child("poll_server.py", str(given.feeds))
        with closing(server):
            ours = Ours(given.feeds, Path(folder))
            asyncio.run(ours.cycle())
            editions = iter(range(1, 2 * given.rounds + 1))

            def poll() -> float:
                """Poll every feed once; return feeds a second."""
                server.ask(f"edition {next(editions)}")
                server.hear()
                began = time.perf_counter()
                asyncio.run(ours.cycle())
                return given.feeds / (time.perf_counter() - began)

            alone, beside = [], []
            for _round in range(given.rounds):
                measure(ours.database, alone, beside, poll)
            left = min(left, count_backlog(ours.database))
        ratios.append(report("feeds polled", alone, beside))
    print(f"backlog at the end: {left:,} entries (0 would mean that nothing was read beside)")
    return int(given.check and (min(ratios) < LEAST or not left))


if __name__ == "__main__":
    sys.exit(main())
