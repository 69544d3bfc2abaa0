"""Reads every document of feedparser's own test suite; compares titles, links, ids and dates with what feedparser says.

The documents come from feedparser's source package; without one at hand, pip fetches it:

    python bench/feedparser_suite.py [feedparser-6.0.14.tar.gz] [--show]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser

from watcher.errors import ParseError
from watcher.model.entry import Item
from watcher.parse import parse_bytes
from watcher.text.html import title_to_text
from watcher.text.urls import http_url

VERSION = "6.0.14"
BASE = "http://127.0.0.1:8097/"
HEADER = re.compile(rb"^Header:\s+([^:\s]+):\s*(.+?)\s*$", re.MULTILINE)
FIELDS = ("title", "link", "id", "date")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("package", nargs="?", type=Path)
    arguments.add_argument("--show", action="store_true", help="print each difference")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = given.package or downloaded(Path(folder))
        tally, differences = compared(package)
    for name, count in sorted(tally.items()):
        print(f"{name:32} {count:6,}")
    if given.show:
        print(*differences, sep="\n")
    sys.exit(1 if tally["crashed"] else 0)


def downloaded(folder: Path) -> Path:
    """Fetch the source package with pip."""
    command = [sys.executable, "-m", "pip", "download", "-q", f"feedparser=={VERSION}"]
    subprocess.run([*command, "--no-binary", ":all:", "--no-deps", "-d", str(folder)], check=True)
    return next(folder.glob("feedparser-*.tar.gz"))


def documents(package: Path) -> Iterator[tuple[str, bytes]]:
    """Give each document of the suite by its path below tests/."""
    with tarfile.open(package) as archive:
        for member in archive:
            name = member.name.partition("/tests/")[2]
            if member.isfile() and name.endswith((".xml", ".z", ".gz")):
                file = archive.extractfile(member)
                if file is not None:
                    yield name, file.read()


def compared(package: Path) -> tuple[Counter[str], list[str]]:
    """Read every document with both readers and count."""
    tally: Counter[str] = Counter({"crashed": 0})
    differences: list[str] = []
    for name, body in documents(package):
        tally["documents"] += 1
        headers = {key.decode().lower(): value.decode("latin-1") for key, value in HEADER.findall(body[:4096])}
        base = headers.get("content-location", BASE + name)
        theirs = feedparser.parse(BytesIO(body), response_headers={"content-location": base, **headers})
        try:
            ours = parse_bytes(body, base, headers.get("content-type"))
        except ParseError as error:
            tally[f"refused: {error.kind}"] += 1
            if theirs.entries:
                tally["refused, with entries"] += 1
                differences.append(f"{name}: refused ({error})")
            continue
        except Exception as error:
            tally["crashed"] += 1
            differences.append(f"{name}: CRASHED ({error!r})")
            continue
        tally[f"read by {ours.parser}"] += 1
        tally["entries"] += len(theirs.entries)
        if len(ours.items) != len(theirs.entries):
            tally["other number of entries"] += 1
            differences.append(f"{name}: {len(ours.items)} entries, feedparser {len(theirs.entries)}")
            continue
        for item, entry in zip(ours.items, theirs.entries, strict=True):
            for field, stated, expected in zip(FIELDS, facts(item), judged(entry, base), strict=True):
                alike = stated == expected
                tally[f"{field}: {'same' if alike else 'different'}"] += 1
                if not alike:
                    differences.append(f"{name}: {field} {stated!r}, feedparser {expected!r}")
    return tally, differences


def facts(item: Item) -> tuple[Any, ...]:
    """Give what is compared of an item of ours; a headline that was made of the text counts as none."""
    title = "" if (item.summary or item.content).replace("\n", " ").startswith(item.title) else item.title
    return title, item.url, item.guid, item.published_at


def judged(entry: Any, base: str) -> tuple[Any, ...]:
    """Give the same of an entry of feedparser's, in our terms."""
    title = title_to_text(entry.get("title", ""))
    text = title_to_text(entry.get("summary", "") or "")
    moment = entry.get("published_parsed") or entry.get("updated_parsed") or entry.get("created_parsed")
    link = entry.get("link")
    return (
        "" if text.startswith(title) else title,
        http_url(link, base) if link else None,
        entry.get("id"),
        datetime(*moment[:6], tzinfo=UTC) if moment else None,
    )


if __name__ == "__main__":
    main()
