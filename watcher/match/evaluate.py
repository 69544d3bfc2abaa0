"""What a query means: the occurrences of its words in an entry, combined as its operators say.

An occurrence is (field number, first word, last word, leaves): a stretch of one field, and the words in it that count
as evidence. Every operator but NOT works on lists of occurrences; a list is sorted, an empty one is no match.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

from watcher.match.document import FIELD_NUMBER, Reading
from watcher.match.syntax import (
    SCOPES,
    TEXT_FIELDS,
    And,
    AtLeast,
    First,
    Forms,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Part,
    Prefix,
    Scoped,
    Whole,
    Wild,
    Words,
)

Leaf: TypeAlias = tuple[int, int, int, Words]
"""Field number, first and last word, and the clause they are evidence for."""
Occurrence: TypeAlias = tuple[int, int, int, tuple[Leaf, ...]]
Memory: TypeAlias = dict[tuple[int, tuple[str, ...], int | None], list[Occurrence] | None]
"""What ORs came to: sets are shared, and so are their nodes."""


class Finder(Protocol):
    """Knows where the leaves of queries occur in one entry."""

    known: Memory

    def find(self, leaf: Words, field: str) -> list[tuple[int, int]]:
        """Give (first, last) word of each occurrence of a leaf in a field, sorted."""
        ...

    def worth(self, node: Or, fields: tuple[str, ...]) -> Iterable[Node]:
        """Give the options of an OR that may hold at all."""
        ...


MOST_WITHIN = 8
"""How many partners are looked at inside one stretch."""


def scope_fields(scope: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Give the fields that a scope means inside another one: what both mean, or else the inner one's."""
    inside = SCOPES[scope]
    return tuple(name for name in inside if name in fields) or inside


def occurrences(
    node: Node, reading: Reading, finder: Finder, fields: tuple[str, ...] = TEXT_FIELDS, limit: int | None = None
) -> list[Occurrence] | None:
    """Find where a node holds in some fields, within the first `limit` words of each; None where it does not.

    A node without words of its own (lang:, domain:) gives [].
    """
    match node:
        case Words():
            here: list[Occurrence] = [
                (number, first, last, ((number, first, last, node),))
                for field in fields
                for number in (FIELD_NUMBER[field],)
                for first, last in finder.find(node, field)
                if limit is None or last < limit
            ]
            return here or None
        case Whole(field=field, value=value):
            return [] if reading.whole(field, value) else None
        case Scoped(field=field, part=part):
            return occurrences(part, reading, finder, scope_fields(field, fields), limit)
        case Or():
            key = (id(node), fields, limit)
            if key not in finder.known:
                options = [occurrences(part, reading, finder, fields, limit) for part in finder.worth(node, fields)]
                held = [some for some in options if some is not None]
                if len(held) == 1:
                    finder.known[key] = held[0]
                else:
                    merged = {o[:3]: o for some in held for o in some}
                    finder.known[key] = sorted(merged.values(), key=_order) if held else None
            return finder.known[key]
        case And(parts=parts, without=without):
            together: list[Occurrence] = []
            for part in parts:
                here_too = occurrences(part, reading, finder, fields, limit)
                if here_too is None:
                    return None
                together += here_too
            for part in without:
                if occurrences(part, reading, finder, fields, limit) is not None:
                    return None
            return sorted(together, key=_order)
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            lefts = occurrences(left, reading, finder, fields, limit)
            rights = occurrences(right, reading, finder, fields, limit) if lefts else None
            return near(lefts, rights, gap, ordered) if lefts and rights else None
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            lefts = occurrences(left, reading, finder, fields, limit)
            if not lefts:
                return None
            rights = occurrences(right, reading, finder, fields, limit)
            return (not_near(lefts, rights, gap, ordered) or None) if rights else lefts
        case AtLeast(count=count, part=part):
            some = occurrences(part, reading, finder, fields, limit)
            return some if some is not None and len({o[:2] for o in some}) >= count else None
        case First(count=count, part=part):
            return occurrences(part, reading, finder, fields, count if limit is None else min(count, limit))


def near(lefts: list[Occurrence], rights: list[Occurrence], gap: int, ordered: bool) -> list[Occurrence] | None:
    """Pair each occurrence with its nearest partner on either side within `gap` words of the same field.

    A partner inside a stretch has no words between; words are never partners of themselves.
    """
    pairs: dict[tuple[int, int, int], Occurrence] = {}
    from_left, from_right = _Places(rights), _Places(lefts)
    for a in lefts:
        for b in from_left.partners(a, gap, after=True, before=not ordered):
            _pair(pairs, a, b)
    for b in rights:
        for a in from_right.partners(b, gap, after=not ordered, before=True):
            _pair(pairs, a, b)
    return sorted(pairs.values(), key=_order) if pairs else None


def not_near(lefts: list[Occurrence], rights: list[Occurrence], gap: int, ordered: bool) -> list[Occurrence]:
    """Keep the occurrences that have no partner within `gap` words (after them only, if `ordered`)."""
    places, inside = _Places(rights), _Places(lefts)
    touched = {a[:3] for b in rights for a in inside.within(b) if not (ordered and a[1] > b[1])}
    return [
        a
        for a in lefts
        if a[:3] not in touched and next(places.partners(a, gap, after=True, before=not ordered), None) is None
    ]


def nearest(ones: list[Occurrence], others: list[Occurrence]) -> int | None:
    """Count the words between the closest two in one field, the second after the first; None where there are none."""
    starts = sorted((o[0], o[1]) for o in others)
    gaps = []
    for one in ones:
        at = bisect_right(starts, (one[0], one[2]))
        if at < len(starts) and starts[at][0] == one[0]:
            gaps.append(starts[at][1] - one[2] - 1)
    return min(gaps, default=None)


class _Places:
    """Occurrences in order of where they begin and of where they end, to find the nearest ones."""

    def __init__(self, some: list[Occurrence]) -> None:
        self._by_start = sorted(some, key=_order)
        self._starts = [(o[0], o[1]) for o in self._by_start]
        self._by_end = sorted(some, key=_end)
        self._ends = [(o[0], o[2]) for o in self._by_end]

    def partners(self, a: Occurrence, gap: int, *, after: bool, before: bool) -> Iterator[Occurrence]:
        """Give the nearest one after, the nearest one before, and some that begin inside."""
        index = bisect_right(self._starts, (a[0], a[2]))
        if after and index < len(self._by_start):
            b = self._by_start[index]
            if b[0] == a[0] and b[1] - a[2] - 1 <= gap:
                yield b
        if before and (index := bisect_left(self._ends, (a[0], a[1]))) > 0:
            b = self._by_end[index - 1]
            if b[0] == a[0] and a[1] - b[2] - 1 <= gap:
                yield b
        for b in self.within(a):
            if after or b[1] < a[1]:
                yield b

    def within(self, a: Occurrence) -> Iterator[Occurrence]:
        """Give the first few that begin inside a stretch and share no word with it."""
        if a[1] == a[2]:
            return
        index = bisect_left(self._starts, (a[0], a[1]))
        for b in self._by_start[index : index + MOST_WITHIN]:
            if b[0] != a[0] or b[1] > a[2]:
                return
            if _apart(a, b):
                yield b


class InWords:
    """Looks leaves up in an entry's own words: the plain way, which the many-topic index has to agree with."""

    def __init__(self, reading: Reading) -> None:
        self.known: Memory = {}
        self._reading = reading

    def find(self, leaf: Words, field: str) -> list[tuple[int, int]]:
        return _find(leaf, field, self._reading)

    def worth(self, node: Or, fields: tuple[str, ...]) -> Iterable[Node]:
        return node.parts


def fits(leaf: Words, field: str, first: int, reading: Reading) -> bool:
    """Tell whether a leaf's parts, and its exact surfaces, stand in a field from word `first` on."""
    words = reading.words(field)
    if first + len(leaf.parts) > len(words):
        return False
    for offset, part in enumerate(leaf.parts):
        if not holds(part, words[first + offset]):
            return False
    return all(reading.surface(field, first + offset) == said for offset, said in enumerate(leaf.exact))


def _find(leaf: Words, field: str, reading: Reading) -> list[tuple[int, int]]:
    lead = leaf.parts[0]
    begins: list[int]
    match lead:
        case Literal(word=word):
            begins = reading.begins(field, word)
        case Forms(forms=forms):
            begins = sorted(place for form in forms for place in reading.begins(field, form))
        case _:
            positions = reading.positions(field)
            begins = sorted(place for word, places in positions.items() if holds(lead, word) for place in places)
    if len(leaf.parts) == 1 and not leaf.exact:
        return [(place, place) for place in begins]
    width = len(leaf.parts) - 1
    return [(place, place + width) for place in begins if fits(leaf, field, place, reading)]


def holds(part: Part, word: str) -> bool:
    """Tell whether a folded word is what a part asks for."""
    match part:
        case Literal(word=wanted):
            return word == wanted
        case Prefix(start=start):
            return word.startswith(start)
        case Forms(forms=forms):
            return word in forms
        case Wild():
            return part.matches(word)


def _apart(a: Occurrence, b: Occurrence) -> bool:
    """Tell whether two stretches are made of different words."""
    return all(x[2] < y[1] or y[2] < x[1] for x in a[3] for y in b[3])


def _pair(pairs: dict[tuple[int, int, int], Occurrence], a: Occurrence, b: Occurrence) -> None:
    key = (a[0], min(a[1], b[1]), max(a[2], b[2]))
    if key not in pairs:
        pairs[key] = (*key, tuple(dict.fromkeys((*a[3], *b[3]))))


def _order(occurrence: Occurrence) -> tuple[int, int, int]:
    return occurrence[:3]


def _end(occurrence: Occurrence) -> tuple[int, int]:
    return occurrence[0], occurrence[2]
