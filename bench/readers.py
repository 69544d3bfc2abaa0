"""Compares three readers over a folder of recorded feeds: the watcher's, feedparser and fastfeedparser.

    python bench/readers.py [FOLDER] [--show]

For each reader: how many documents it reads, how many of their items have a headline, an address, a date and a text,
how many of those agree with the watcher's, and the time it takes. Without a folder: the documents of the tests, which
are odd on purpose. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import sys
import time
from calendar import timegm
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import fastfeedparser
import feedparser

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import collect_figures
from watcher.errors import ParseError
from watcher.parse import parse_bytes
from watcher.parse.feedparser_reader import read_loosely
from watcher.text.html import html_to_text, title_to_text
from watcher.text.urls import http_url

ODD = Path(__file__).parent.parent / "tests" / "feeds"
URL = "https://feeds.post.example/rss/all.xml"
FIELDS = ("title", "link", "date", "text")
OURS = "watcher"

Facts: TypeAlias = tuple[str, str | None, datetime | None, str]
"""An item's headline, address, date and words: those of its summary and content together."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=ODD)
    arguments.add_argument("--show", action="store_true", help="print each item in which a reader differs")
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = arguments.parse_args()
    with collect_figures(as_json=given.json) as figures:
        compare_readers(given, figures)
    sys.exit(0)


def compare_readers(given: argparse.Namespace, figures: dict[str, Any]) -> None:
    """Read all documents with every reader, and print what each has."""
    paths = [path for path in sorted(given.folder.iterdir()) if not path.name.endswith(".expected.json")]
    bodies = {path.name: path.read_bytes() for path in paths if path.is_file()}
    reports = {name: read_all(bodies, read) for name, read in READERS.items()}
    print(f"{len(bodies)} documents\n")
    print(
        f"{'':30} {'documents':>9} {'items':>7}"
        + "".join(f" {field:>7} {'=':>7}" for field in FIELDS)
        + f" {'seconds':>9}"
    )
    for name, (documents, seconds) in reports.items():
        print_row(name, documents, reports[OURS][0], seconds)
        figures[name] = {"documents": len(documents), "items": sum(map(len, documents.values())), "seconds": seconds}
    if given.show:
        for name, (documents, _seconds) in reports.items():
            show_differences(name, documents, reports[OURS][0])


def read_all(
    bodies: dict[str, bytes], read: Callable[[bytes], Sequence[Facts] | None]
) -> tuple[dict[str, Sequence[Facts]], float]:
    """Return the items of each document that a reader reads, and the seconds of processor time that it takes."""
    documents: dict[str, Sequence[Facts]] = {}
    seconds = 0.0
    for name, body in bodies.items():
        started = time.process_time()
        items = read(body)
        seconds += time.process_time() - started
        if items is not None:
            documents[name] = items
    return documents, seconds


def print_row(
    name: str, documents: dict[str, Sequence[Facts]], ours: dict[str, Sequence[Facts]], seconds: float
) -> None:
    """Print what a reader has, and how much of it is what the watcher has (where both have as many items)."""
    items = [item for document in documents.values() for item in document]
    agree: Counter[str] = Counter()
    for mine, theirs in paired(ours, documents):
        agree.update(
            field for field, value, other in zip(FIELDS, mine, theirs, strict=True) if other and value == other
        )
    counts = [sum(1 for item in items if item[place]) for place in range(len(FIELDS))]
    columns = "".join(f" {count:7,} {agree[field]:7,}" for field, count in zip(FIELDS, counts, strict=True))
    print(f"{name:30} {len(documents):9,} {len(items):7,}{columns} {seconds:9.3f}")


def show_differences(name: str, documents: dict[str, Sequence[Facts]], ours: dict[str, Sequence[Facts]]) -> None:
    """Print the documents and items in which a reader differs from the watcher."""
    for document in sorted(ours.keys() | documents.keys()):
        mine, theirs = len(ours.get(document, ())), len(documents.get(document, ()))
        if mine != theirs:
            print(f"{name}: {document}: {theirs} items, watcher {mine}")
    for our_item, other in paired(ours, documents):
        for field, mine_said, theirs_said in zip(FIELDS, our_item, other, strict=True):
            if mine_said != theirs_said:
                print(f"{name}: {field} {str(theirs_said)[:120]!r}, watcher {str(mine_said)[:120]!r}")


def paired(ours: dict[str, Sequence[Facts]], theirs: dict[str, Sequence[Facts]]) -> list[tuple[Facts, Facts]]:
    """Return the items of both readers side by side, of the documents in which both find as many."""
    names = [name for name in ours if name in theirs and len(ours[name]) == len(theirs[name])]
    return [pair for name in names for pair in zip(ours[name], theirs[name], strict=True)]


def read_ours(body: bytes) -> list[Facts] | None:
    """Read a document as the watcher does."""
    try:
        items = parse_bytes(body, URL).items
    except ParseError:
        return None
    return [(item.title, item.url, item.published_at, words(item.summary, item.content)) for item in items]


def read_judged(body: bytes) -> list[Facts] | None:
    """Read a document with feedparser as the watcher falls back to it."""
    try:
        items = read_loosely(body, URL).items
    except ParseError:
        return None
    return [(item.title, item.url, item.published_at, words(item.summary, item.content)) for item in items]


def read_feedparser(body: bytes) -> list[Facts] | None:
    """Read a document with feedparser as it comes."""
    parsed = feedparser.parse(BytesIO(body))
    return [facts(entry) for entry in parsed.entries] if parsed.entries or parsed.version else None


def read_fastfeedparser(body: bytes) -> list[Facts] | None:
    """Read a document with fastfeedparser as it comes."""
    try:
        return [facts(entry) for entry in fastfeedparser.parse(body).entries]
    except Exception:  # it raises whatever its parsers raise
        return None


def facts(entry: Any) -> Facts:
    """Return what a peer read of an item, in the watcher's forms, so that only differences of reading count."""
    contents = [str(part.get("value") or "") for part in entry.get("content") or [] if isinstance(part, dict)]
    summary, content = str(entry.get("summary") or ""), max(contents, key=len, default="")
    if (parsed := entry.get("published_parsed") or entry.get("updated_parsed")) is not None:
        date = datetime.fromtimestamp(timegm(parsed), UTC)
    else:
        date = iso_date(entry.get("published") or entry.get("updated"))
    link = str(entry.get("link") or "")
    texts = words(html_to_text(summary), html_to_text(content) if content != summary else "")
    return title_to_text(str(entry.get("title") or "")), http_url(link, URL) if link else None, date, texts


def iso_date(written: object) -> datetime | None:
    """Return a moment written by ISO 8601, None for anything else."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def words(summary: str, content: str) -> str:
    """Return the words of an item, however they are spaced and split."""
    return "".join(f"{summary}{content if summary not in content else content.replace(summary, '', 1)}".split())


READERS: dict[str, Callable[[bytes], Sequence[Facts] | None]] = {
    OURS: read_ours,
    "watcher's use of feedparser": read_judged,
    "feedparser": read_feedparser,
    "fastfeedparser": read_fastfeedparser,
}


if __name__ == "__main__":
    main()
