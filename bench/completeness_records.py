"""Which of the expected items a tool has stored: compares its records with them, whatever it did to their text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

RECORDED = "recorded"
"""The kind of an item that feedparser read in a recorded document: other tools may clean its headline otherwise."""

Record = tuple[str, str, str]
"""What a tool stored: address of the feed, headline, text."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An item that has to be kept."""

    number: int
    feed: str
    kind: str
    edition: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What a tool held after a poll: the items it kept, and the records beyond them."""

    kept: frozenset[Expected]
    doubles: list[Record]

    def count_kept(self, edition: int) -> int:
        return sum(item.edition == edition for item in self.kept)


def assign_records(records: Sequence[Record], expected: Sequence[Expected]) -> Stored:
    """Assign each stored record to an item of its feed, by headline and text, each item once; the rest are doubles.

    Both are compared by letters and digits alone, since the tools keep HTML, Markdown and plain text. A text that has
    an item's text in it outweighs the headline, which several items may share or which a tool made of the text. Of
    recorded documents, records that fit nothing are assigned to what is left of their feed, so that they are counted.
    """
    by_feed: defaultdict[str, list[_Needle]] = defaultdict(list)
    for item in expected:
        by_feed[item.feed].append(_Needle(item, reduce_text(item.title), reduce_text(item.text)))
    kept: set[Expected] = set()
    doubles, unfitting = [], []
    for record in (record for record in records if record[0] in by_feed):
        fitting = list(_find_fitting(by_feed[record[0]], reduce_text(record[1]), reduce_text(record[2])))
        free = next((item for item in fitting if item not in kept), None)
        if free is not None:
            kept.add(free)
        elif fitting:
            doubles.append(record)
        else:
            unfitting.append(record)
    for record in unfitting:
        left = (item for item in expected if item.feed == record[0] and item.kind == RECORDED)
        free = next((item for item in left if item not in kept), None)
        if free is None:
            doubles.append(record)
        else:
            kept.add(free)
    return Stored(frozenset(kept), doubles)


@dataclass(frozen=True, slots=True)
class _Needle:
    item: Expected
    title: str
    text: str


def _find_fitting(needles: Sequence[_Needle], title: str, text: str) -> Iterator[Expected]:
    """Yield the items that a record may be: those of its headline and text; else of one of the two."""
    same_title = [needle for needle in needles if needle.title == title]
    same_text = [needle for needle in same_title or needles if needle.text and needle.text in text]
    yield from (needle.item for needle in same_text or same_title)


def reduce_text(text: str) -> str:
    """Return the letters and digits of a text, in lower case."""
    return "".join(filter(str.isalnum, text.casefold()))
