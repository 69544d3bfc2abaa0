"""Compares the quick reader with feedparser over a folder of recorded feeds: share, differences, and time.

    python bench/readers.py FOLDER [--show]

Without a folder: the documents of the tests, which are odd on purpose.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

import feedparser

from watcher.errors import ParseError
from watcher.model.entry import Item
from watcher.model.poll import Parsed
from watcher.parse import parse_bytes
from watcher.parse.judge import read_loosely

ODD = Path(__file__).parent.parent / "tests" / "feeds"
URL = "https://feeds.post.example/rss/all.xml"
FIELDS = ("title", "link", "id", "date")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=ODD)
    arguments.add_argument("--show", action="store_true", help="print each difference")
    given = arguments.parse_args()
    tally: Counter[str] = Counter()
    said: list[str] = []
    took = {"ours": 0.0, "feedparser, nothing sanitised": 0.0, "feedparser": 0.0}
    for path in sorted(given.folder.iterdir()):
        if path.is_file() and not path.name.endswith(".expected.json"):
            compare(path, tally, said, took)
    for name, count in sorted(tally.items()):
        print(f"{name:40} {count:8,}")
    for name, seconds in took.items():
        print(f"{name:40} {seconds:8.3f} s   {seconds / took['ours']:6.1f} x ours")
    if given.show:
        print(*said, sep="\n")
    sys.exit(1 if tally["crashed"] else 0)


def compare(path: Path, tally: Counter[str], said: list[str], took: dict[str, float]) -> None:
    """Read a document with both, and count where they differ."""
    body = path.read_bytes()
    tally["documents"] += 1
    ours: Parsed | None = None
    begun = time.perf_counter()
    try:
        ours = parse_bytes(body, URL)
    except ParseError as error:
        tally[f"refused: {error.kind}"] += 1
    except Exception as error:
        tally["crashed"] += 1
        said.append(f"{path.name}: CRASHED {error!r}")
    took["ours"] += time.perf_counter() - begun
    begun = time.perf_counter()
    feedparser.parse(BytesIO(body))
    took["feedparser"] += time.perf_counter() - begun
    begun = time.perf_counter()
    try:
        judged = read_loosely(body, URL)
    except ParseError:
        judged = None
    took["feedparser, nothing sanitised"] += time.perf_counter() - begun
    if ours is None:
        if judged is not None and judged.items:
            said.append(f"{path.name}: refused, feedparser reads {len(judged.items)} items")
        return
    tally[f"read by: {ours.parser}"] += 1
    if ours.parser != "quick" or judged is None:
        return
    tally["items on the quick path"] += len(ours.items)
    if len(ours.items) != len(judged.items):
        tally["another number of items"] += 1
        said.append(f"{path.name}: {len(ours.items)} items, feedparser {len(judged.items)}")
        return
    for one, other in zip(ours.items, judged.items, strict=True):
        for field, mine, theirs in zip(FIELDS, facts(one), facts(other), strict=True):
            if mine != theirs:
                tally[f"different: {field}"] += 1
                said.append(f"{path.name}: {field} {mine!r}, feedparser {theirs!r}")


def facts(item: Item) -> tuple[object, ...]:
    return item.title, item.url, item.guid, item.published_at


if __name__ == "__main__":
    main()
