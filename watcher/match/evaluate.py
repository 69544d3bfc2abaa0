"""What a query means: the occurrences of its words in an entry, combined as its operators say.

An occurrence is (field number, first word, last word, leaves): a stretch of one field, and the words in it that count
as evidence. Every operator but NOT works on lists of occurrences; a list is sorted, an empty one is no match.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import TypeAlias

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
Find: TypeAlias = Callable[[Words, str], list[tuple[int, int]]]
"""Where a leaf occurs in a field: (first, last) word of each occurrence, sorted."""


def occurrences(
    node: Node, reading: Reading, find: Find, fields: tuple[str, ...] = TEXT_FIELDS
) -> list[Occurrence] | None:
    """Find where a node holds; None where it does not. A node without words of its own (lang:, domain:) gives []."""
    match node:
        case Words():
            here: list[Occurrence] = [
                (number, first, last, ((number, first, last, node),))
                for field in fields
                for number in (FIELD_NUMBER[field],)
                for first, last in find(node, field)
            ]
            return here or None
        case Whole(field=field, value=value):
            return [] if reading.whole(field, value) else None
        case Scoped(field=field, part=part):
            inside = SCOPES[field]
            narrowed = tuple(name for name in inside if name in fields) if field in TEXT_FIELDS else inside
            return occurrences(part, reading, find, narrowed or inside)
        case Or(parts=parts):
            options = [found for part in parts if (found := occurrences(part, reading, find, fields)) is not None]
            return sorted({o[:3]: o for some in options for o in some}.values(), key=_order) if options else None
        case And(parts=parts, without=without):
            together: list[Occurrence] = []
            for part in parts:
                held = occurrences(part, reading, find, fields)
                if held is None:
                    return None
                together += held
            if any(occurrences(part, reading, find, fields) is not None for part in without):
                return None
            return sorted(together, key=_order)
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            lefts = occurrences(left, reading, find, fields)
            rights = occurrences(right, reading, find, fields) if lefts is not None else None
            return near(lefts, rights, gap, ordered) if lefts and rights else None
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            lefts = occurrences(left, reading, find, fields)
            if not lefts:
                return None
            rights = occurrences(right, reading, find, fields)
            return not_near(lefts, rights or [], gap, ordered) or None
        case AtLeast(count=count, part=part):
            some = occurrences(part, reading, find, fields)
            return some if some is not None and len({o[:2] for o in some}) >= count else None
        case First(count=count, part=part):
            some = occurrences(part, reading, find, fields)
            return [o for o in some if o[2] < count] or None if some else None


def near(lefts: list[Occurrence], rights: list[Occurrence], gap: int, ordered: bool) -> list[Occurrence] | None:
    """Pair each occurrence with its nearest partner on either side within `gap` words of the same field."""
    pairs: dict[tuple[int, int, int], Occurrence] = {}
    for one, others, forward, backward in (
        (lefts, rights, True, not ordered),
        (rights, lefts, not ordered, True),
    ):
        starts = [(o[0], o[1]) for o in others]
        by_end = sorted(others, key=_end)
        ends = [(o[0], o[2]) for o in by_end]
        for a in one:
            if forward:
                index = bisect_right(starts, (a[0], a[2]))
                if index < len(others) and others[index][0] == a[0] and others[index][1] - a[2] - 1 <= gap:
                    _pair(pairs, a, others[index])
            if backward:
                index = bisect_left(ends, (a[0], a[1])) - 1
                if index >= 0 and by_end[index][0] == a[0] and a[1] - by_end[index][2] - 1 <= gap:
                    _pair(pairs, by_end[index], a)
    return sorted(pairs.values(), key=_order) if pairs else None


def not_near(lefts: list[Occurrence], rights: list[Occurrence], gap: int, ordered: bool) -> list[Occurrence]:
    """Keep the occurrences that have no partner within `gap` words (after them only, if `ordered`)."""
    starts = [(o[0], o[1]) for o in rights]
    by_end = sorted(rights, key=_end)
    ends = [(o[0], o[2]) for o in by_end]
    kept = []
    for a in lefts:
        index = bisect_right(starts, (a[0], a[2]))
        if index < len(rights) and rights[index][0] == a[0] and rights[index][1] - a[2] - 1 <= gap:
            continue
        if not ordered:
            index = bisect_left(ends, (a[0], a[1])) - 1
            if index >= 0 and by_end[index][0] == a[0] and a[1] - by_end[index][2] - 1 <= gap:
                continue
        kept.append(a)
    return kept


def find_in(reading: Reading) -> Find:
    """Look words up in an entry's own list of words: the plain way, which the many-topic index has to agree with."""
    known: dict[tuple[Words, str], list[tuple[int, int]]] = {}

    def find(leaf: Words, field: str) -> list[tuple[int, int]]:
        found = known.get((leaf, field))
        if found is None:
            found = known[leaf, field] = _find(leaf, field, reading)
        return found

    return find


def fits(leaf: Words, field: str, first: int, reading: Reading) -> bool:
    """Tell whether a leaf's parts, and its exact surfaces, stand in a field from word `first` on."""
    words = reading.words(field)
    if first + len(leaf.parts) > len(words):
        return False
    for offset, part in enumerate(leaf.parts):
        if not _holds(part, words[first + offset]):
            return False
    return all(reading.surface(field, first + offset) == said for offset, said in enumerate(leaf.exact))


def _find(leaf: Words, field: str, reading: Reading) -> list[tuple[int, int]]:
    positions = reading.positions(field)
    lead = leaf.parts[0]
    begins: list[int]
    match lead:
        case Literal(word=word):
            begins = positions.get(word, [])
        case Forms(forms=forms):
            begins = sorted(place for form in forms for place in positions.get(form, ()))
        case _:
            begins = sorted(place for word, places in positions.items() if _holds(lead, word) for place in places)
    if len(leaf.parts) == 1 and not leaf.exact:
        return [(place, place) for place in begins]
    width = len(leaf.parts) - 1
    return [(place, place + width) for place in begins if fits(leaf, field, place, reading)]


def _holds(part: Part, word: str) -> bool:
    match part:
        case Literal(word=wanted):
            return word == wanted
        case Prefix(start=start):
            return word.startswith(start)
        case Forms(forms=forms):
            return word in forms
        case Wild():
            return part.matches(word)


def _pair(pairs: dict[tuple[int, int, int], Occurrence], a: Occurrence, b: Occurrence) -> None:
    key = (a[0], min(a[1], b[1]), max(a[2], b[2]))
    if key not in pairs:
        pairs[key] = (*key, tuple(dict.fromkeys((*a[3], *b[3]))))


def _order(occurrence: Occurrence) -> tuple[int, int, int]:
    return occurrence[:3]


def _end(occurrence: Occurrence) -> tuple[int, int]:
    return occurrence[0], occurrence[2]
