"""What a query means: the occurrences of its words in an entry, combined as its operators say.

An occurrence is a stretch of one field, and the words in it that count as evidence. Every operator but NOT works on
lists of occurrences; a list is in order and holds none twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from watcher.match.budget import Check, get_current_check
from watcher.match.entry_text import FIELD_NUMBERS, EntryText
from watcher.match.proximity import Occurrence, exclude_near, join_near, sort_unique
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
    Wildcard,
    WordPattern,
)

OccurrenceCache: TypeAlias = dict[tuple[int, tuple[str, ...], int | None], list[Occurrence] | None]
"""What ORs came to: sets are shared, and so are their nodes."""


class LeafFinder(Protocol):
    """Knows where the leaves of queries occur in one entry."""

    known: OccurrenceCache
    check: Check | None

    def find(self, leaf: Phrase, field: str) -> list[tuple[int, int]]:
        """Give (first, last) word of each occurrence of a leaf in a field, sorted."""
        ...

    def worth(self, node: Or, fields: tuple[str, ...]) -> Iterable[Node]:
        """Give the options of an OR that may hold at all."""
        ...


def narrow_fields(scope: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Give the fields that a scope means inside another one: what both mean, or else the inner one's."""
    inside = SCOPES[scope]
    return tuple(name for name in inside if name in fields) or inside


def find_occurrences(
    node: Node, reading: EntryText, finder: LeafFinder, fields: tuple[str, ...] = TEXT_FIELDS, limit: int | None = None
) -> list[Occurrence] | None:
    """Find where a node holds in some fields, within the first `limit` words of each; None where it does not.

    A node without words of its own (lang:, domain:) gives [].
    """
    if isinstance(node, Phrase):
        return _said(node, finder, fields, limit)
    known, key = finder.known, (id(node), fields, limit)
    if key in known:
        return known[key]
    if (check := finder.check) is not None:
        check()
    found = _combined(node, reading, finder, fields, limit)
    if isinstance(node, Or):
        known[key] = found
    return found


def find_cached_occurrences(
    node: Node, reading: EntryText, finder: LeafFinder, fields: tuple[str, ...]
) -> list[Occurrence] | None:
    """Find where a node holds, for those who will ask again: what is nested deep is not evaluated at every level."""
    found = find_occurrences(node, reading, finder, fields)
    if not isinstance(node, Phrase):
        finder.known[id(node), fields, None] = found
    return found


def discard_cached(nodes: Iterable[Node], finder: LeafFinder, fields: tuple[str, ...]) -> None:
    """Let go of what was remembered of some nodes; ORs are kept, which many may share."""
    for node in nodes:
        if not isinstance(node, Or):
            finder.known.pop((id(node), fields, None), None)


def _said(leaf: Phrase, finder: LeafFinder, fields: tuple[str, ...], limit: int | None) -> list[Occurrence] | None:
    here: list[Occurrence] = [
        (number, first, last, ((number, first, last, leaf),), (first,) if first == last else (*range(first, last + 1),))
        for field in fields
        for number in (FIELD_NUMBERS[field],)
        for first, last in finder.find(leaf, field)
        if limit is None or last < limit
    ]
    return here or None


def _combined(
    node: Node, reading: EntryText, finder: LeafFinder, fields: tuple[str, ...], limit: int | None
) -> list[Occurrence] | None:
    match node:
        case Phrase():
            return _said(node, finder, fields, limit)
        case FieldEquals(field=field, value=value):
            return [] if reading.whole(field, value) else None
        case FieldScope(field=field, part=part):
            return find_occurrences(part, reading, finder, narrow_fields(field, fields), limit)
        case Or():
            options = [find_occurrences(part, reading, finder, fields, limit) for part in finder.worth(node, fields)]
            held = [some for some in options if some is not None]
            return held[0] if len(held) == 1 else sort_unique(o for some in held for o in some) if held else None
        case And(parts=parts, without=without):
            together: list[Occurrence] = []
            for part in parts:
                here = find_occurrences(part, reading, finder, fields, limit)
                if here is None:
                    return None
                together += here
            for part in without:
                if find_occurrences(part, reading, finder, fields, limit) is not None:
                    return None
            return sort_unique(together)
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            lefts = find_occurrences(left, reading, finder, fields, limit)
            rights = find_occurrences(right, reading, finder, fields, limit) if lefts else None
            return (join_near(lefts, rights, gap, finder.check, ordered=ordered) or None) if lefts and rights else None
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            lefts = find_occurrences(left, reading, finder, fields, limit)
            if not lefts:
                return None
            rights = find_occurrences(right, reading, finder, fields, limit)
            return (exclude_near(lefts, rights, gap, finder.check, ordered=ordered) or None) if rights else lefts
        case AtLeast(count=count, part=part):
            some = find_occurrences(part, reading, finder, fields, limit)
            return some if some is not None and len({o[:2] for o in some}) >= count else None
        case First(count=count, part=part):
            return find_occurrences(part, reading, finder, fields, count if limit is None else min(count, limit))


class LinearFinder:
    """Looks leaves up in an entry's own words: the plain way, which the many-topic index has to agree with."""

    def __init__(self, reading: EntryText) -> None:
        self.known: OccurrenceCache = {}
        self.check = get_current_check()
        self._reading = reading

    def find(self, leaf: Phrase, field: str) -> list[tuple[int, int]]:
        if self.check is not None:
            self.check()
        return _find(leaf, field, self._reading)

    def worth(self, node: Or, fields: tuple[str, ...]) -> Iterable[Node]:
        return node.parts


def phrase_occurs_at(leaf: Phrase, field: str, first: int, reading: EntryText) -> bool:
    """Tell whether a leaf's parts, and its exact surfaces, stand in a field from word `first` on."""
    words = reading.words(field)
    if first + len(leaf.parts) > len(words):
        return False
    for offset, part in enumerate(leaf.parts):
        if not matches_word(part, words[first + offset]):
            return False
    return all(reading.surface(field, first + offset) == said for offset, said in enumerate(leaf.exact))


def _find(leaf: Phrase, field: str, reading: EntryText) -> list[tuple[int, int]]:
    lead = leaf.parts[0]
    begins: list[int]
    match lead:
        case Literal(word=word):
            begins = reading.begins(field, word)
        case Inflections(forms=forms):
            begins = sorted(place for form in forms for place in reading.begins(field, form))
        case _:
            positions = reading.positions(field)
            begins = sorted(place for word, places in positions.items() if matches_word(lead, word) for place in places)
    if len(leaf.parts) == 1 and not leaf.exact:
        return [(place, place) for place in begins]
    width = len(leaf.parts) - 1
    return [(place, place + width) for place in begins if phrase_occurs_at(leaf, field, place, reading)]


def matches_word(part: WordPattern, word: str) -> bool:
    """Tell whether a folded word is what a part asks for."""
    match part:
        case Literal(word=wanted):
            return word == wanted
        case Prefix(start=start):
            return word.startswith(start)
        case Inflections(forms=forms):
            return word in forms
        case Wildcard():
            return part.matches(word)
