"""What a query means, said as plainly as can be: every word against every part, every occurrence against every other.

It shares the reading of queries and the splitting of words with the product, and none of its matching: no index, no
nearest partners, nothing remembered. Slow, and what the quick ways are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product

from watcher.match.entry_text import EntryText
from watcher.match.syntax import (
    SCOPES,
    TEXT_FIELDS,
    And,
    AtLeast,
    FieldEquals,
    FieldScope,
    First,
    Inflections,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
    Prefix,
    Query,
    Wildcard,
    WordPattern,
)
from watcher.model.entry import StoredEntry


@dataclass(frozen=True)
class Place:
    """A stretch of a field, and the places of the words in it that were asked for."""

    field: str
    first: int
    last: int
    words: frozenset[int]


def matches(query: Query, stored: StoredEntry) -> bool:
    """Tell whether a query matches an entry."""
    return _places(query.root, EntryText(stored), TEXT_FIELDS, None) is not None


def _places(node: Node, reading: EntryText, fields: tuple[str, ...], limit: int | None) -> set[Place] | None:
    match node:
        case Phrase():
            return {place for field in fields for place in _words(node, reading, field, limit)} or None
        case FieldEquals(field=field, value=value):
            return set() if reading.field_equals(field, value) else None
        case FieldScope(field=field, part=part):
            inside = SCOPES[field]
            return _places(part, reading, tuple(name for name in inside if name in fields) or inside, limit)
        case Or(parts=parts):
            some = [_places(part, reading, fields, limit) for part in parts]
            held = [part_places for part_places in some if part_places is not None]
            return set().union(*held) if held else None
        case And(parts=parts, without=without):
            together: set[Place] = set()
            for part in parts:
                own_places = _places(part, reading, fields, limit)
                if own_places is None:
                    return None
                together |= own_places
            return None if any(_places(part, reading, fields, limit) is not None for part in without) else together
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            lefts, rights = (_places(part, reading, fields, limit) or set() for part in (left, right))
            return _shortest(_pairs(lefts, rights, gap, ordered=ordered)) or None
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            lefts, rights = (_places(part, reading, fields, limit) or set() for part in (left, right))
            return lefts - {a for a, _b in _pairs(lefts, rights, gap, ordered=ordered)} or None
        case AtLeast(count=count, part=part):
            some_places = _places(part, reading, fields, limit)
            enough = some_places is not None and len({(place.field, place.first) for place in some_places}) >= count
            return some_places if enough else None
        case First(count=count, part=part):
            return _places(part, reading, fields, count if limit is None else min(count, limit))


def _words(node: Phrase, reading: EntryText, field: str, limit: int | None) -> list[Place]:
    spelt = reading.words(field)
    width = len(node.parts)
    places = []
    for first in range(min(len(spelt), len(spelt) if limit is None else limit) - width + 1):
        stretch = range(first, first + width)
        if all(_is(part, spelt[at]) for part, at in zip(node.parts, stretch, strict=True)) and all(
            reading.written_word(field, at) == written for written, at in zip(node.exact, stretch, strict=False)
        ):
            places.append(Place(field, first, first + width - 1, frozenset(stretch)))
    return places


def _is(part: WordPattern, word: str) -> bool:
    match part:
        case Literal(word=wanted):
            return word == wanted
        case Prefix(start=start):
            return word[: len(start)] == start
        case Inflections(forms=forms):
            return word in forms
        case Wildcard(pattern=pattern):
            return fnmatchcase(word, pattern.replace("[", "[[]"))


def _pairs(lefts: set[Place], rights: set[Place], gap: int, *, ordered: bool) -> list[tuple[Place, Place]]:
    """Give those near each other; of what begins inside a stretch, the first few are tried."""

    def tried(a: Place, b: Place) -> bool:
        first, other = sorted((a, b), key=_order)
        inside = [place for place in (rights if first is a else lefts) if first.first < place.first <= first.last]
        return other.first > first.last or other in sorted(inside, key=_order)[:8]

    close = [(a, b) for a, b in product(lefts, rights) if _close(a, b, gap, ordered=ordered)]
    return [(a, b) for a, b in close if tried(a, b)]


def _shortest(pairs: list[tuple[Place, Place]]) -> set[Place]:
    """Join pairs: of those that begin at one word, and of those that end at one, only the shortest."""
    shortest: set[Place] = set()
    together = [(*sorted(pair, key=_order), max(pair[0].last, pair[1].last)) for pair in pairs]
    for first, other, last in together:
        mine = (_order(first), _order(other))
        rivals = [
            (end, _order(a), _order(b)) for a, b, end in together if (a.field, a.first) == (first.field, first.first)
        ]
        before = [(-a.first, _order(a), _order(b)) for a, b, end in together if (a.field, end) == (first.field, last)]
        if (last, *mine) == min(rivals) or (-first.first, *mine) == min(before):
            shortest.add(Place(first.field, first.first, last, first.words | other.words))
    return shortest


def _order(place: Place) -> tuple[int, int, list[int]]:
    return place.first, place.last, sorted(place.words)


def _close(a: Place, b: Place, gap: int, *, ordered: bool) -> bool:
    if a.field != b.field or (ordered and a.first > b.first):
        return False
    if a.last < b.first:
        return b.first - a.last - 1 <= gap
    if b.last < a.first:
        return a.first - b.last - 1 <= gap
    return not a.words & b.words
