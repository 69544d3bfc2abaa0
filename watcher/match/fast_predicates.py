"""Queries as quick tests that say only whether they hold: what most of an entry's topics are asked, and most fail.

`evaluate` says what a query means; here its plain shapes (words, their ORs, two of those near each other) are tested
where they stand in the padded text, and anything else is left to it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from watcher.match.entry_text import FIELD_BARRIER
from watcher.match.evaluate import discard_cached, find_cached_occurrences, narrow_fields
from watcher.match.scan_result import MAX_LISTED_PATTERNS, LeafPatterns, ScanResult, Span
from watcher.match.syntax import TEXT_FIELDS, And, AtLeast, FieldScope, First, Near, Node, NotNear, Or, Phrase, parts_of

Predicate: TypeAlias = Callable[[ScanResult], bool]
SpanSource: TypeAlias = Callable[[ScanResult], Sequence[Span]]
"""Gives where some leaves stand, in order."""
Fields: TypeAlias = tuple[str, ...]


class PredicateCompiler:
    """Makes tests for the queries of one index, of which `signs` tells how their leaves are betrayed."""

    def __init__(self, signs: Mapping[int, LeafPatterns]) -> None:
        self._signs = signs

    def test(self, node: Node, fields: Fields = TEXT_FIELDS) -> Predicate:
        """Make a node's test."""
        here = fields == TEXT_FIELDS
        match node:
            case Phrase() | Or() if (here or fields == ("title",)) and (place := self._place(node)) is not None:
                return self._any_word(_leaves(node) or ()) if here else _in_title(place)
            case Or(parts=parts):
                return _any_of(tuple(self.test(part, fields) for part in parts))
            case And(parts=parts, without=without):
                tests = tuple(self.test(part, fields) for part in parts)
                if len(tests) == 1 and not without:
                    return tests[0]
                return _all_of(tests, tuple(self.test(part, fields) for part in without))
            case FieldScope(field=field, part=part):
                return self.test(part, narrow_fields(field, fields))
            case Near(left=left, right=right, gap=gap, ordered=ordered) if here:
                if (one := self._place(left)) is not None and (other := self._place(right)) is not None:
                    return _near(one, other, gap, ordered=ordered)
            case NotNear(left=left, right=right, gap=gap, ordered=ordered) if here:
                if (one := self._place(left)) is not None and (other := self._place(right)) is not None:
                    return _not_near(one, other, gap, ordered=ordered)
            case AtLeast(count=count, part=part) if here and (place := self._place(part)) is not None:
                return _at_least(place, count)
            case First(count=count, part=part) if here and (place := self._place(part)) is not None:
                return _first(place, count)
            case _:
                pass
        return self._at_length(node, fields)

    def _place(self, node: Node) -> SpanSource | None:
        """Make what finds the words of a word or of an OR of words; None for anything else."""
        leaves = _leaves(node)
        if leaves is None:
            return None
        if all(self._plain(leaf) for leaf in leaves):
            numbers = tuple(dict.fromkeys(number for leaf in leaves for number in self._signs[id(leaf)].patterns))
            if len(numbers) == 1:
                return lambda scan, number=numbers[0]: scan.lists.get(number, ())  # type: ignore[misc]
            if len(numbers) <= MAX_LISTED_PATTERNS:
                return lambda scan: scan.gather(numbers)
            some = frozenset(numbers)
            return lambda scan: scan.gather(scan.held & some)
        if len(leaves) == 1:
            (leaf,) = leaves
            signs = self._signs[id(leaf)]
            return lambda scan: scan.standing(leaf, signs)

        def place(scan: ScanResult) -> Sequence[Span]:
            worth = scan.options(node) if len(leaves) > MAX_LISTED_PATTERNS and isinstance(node, Or) else leaves
            lists = [found for leaf in worth if (found := scan.stretches(leaf))]
            if len(lists) < 2:
                return lists[0] if lists else ()
            return sorted((each for found in lists for each in found), key=_start)

        return place

    def _plain(self, leaf: Phrase) -> bool:
        signs = self._signs[id(leaf)]
        return signs.certain and not signs.open

    def _any_word(self, leaves: tuple[Phrase, ...]) -> Predicate:
        """Make the test of whether one of some words is there: a look at the patterns, and at places only in doubt."""
        certain: set[int] = set()
        doubtful = []
        for leaf in leaves:
            signs = self._signs[id(leaf)]
            if signs.certain:
                certain.update(signs.patterns)
            else:
                doubtful.append((leaf, signs))
        some = frozenset(certain)
        if not doubtful:
            return lambda scan: not scan.held.isdisjoint(some)

        def test(scan: ScanResult) -> bool:
            if some and not scan.held.isdisjoint(some):
                return True
            for leaf, signs in doubtful:  # noqa: SIM110  (a loop is quicker than any())
                if scan.standing(leaf, signs):
                    return True
            return False

        return test

    def _at_length(self, node: Node, fields: Fields) -> Predicate:
        """Make the test that evaluates, where the parts that have to hold do so."""
        # Not FIRST: what its part excludes may come later, where FIRST does not look.
        needed = {Near: 2, NotNear: 1, AtLeast: 1}.get(type(node), 0)
        below = parts_of(node)
        parts = tuple(self.test(part, fields) for part in below[:needed])

        def test(scan: ScanResult) -> bool:
            for part in parts:
                if not part(scan):
                    return False
            found = find_cached_occurrences(node, scan.reading, scan, fields)
            discard_cached(below, scan, fields)
            return found is not None

        return test


def _leaves(node: Node) -> tuple[Phrase, ...] | None:
    if isinstance(node, Phrase):
        return (node,)
    if isinstance(node, Or) and all(isinstance(part, Phrase) for part in node.parts):
        return tuple(part for part in node.parts if isinstance(part, Phrase))
    return None


def _start(stretch: Span) -> int:
    return stretch[1]


def _in_title(place: SpanSource) -> Predicate:
    def test(scan: ScanResult) -> bool:
        found = place(scan)
        return bool(found) and found[0][1] < scan.field_ends()[0]

    return test


def _any_of(tests: tuple[Predicate, ...]) -> Predicate:
    def test(scan: ScanResult) -> bool:
        for each in tests:  # noqa: SIM110  (a loop is quicker than any())
            if each(scan):
                return True
        return False

    return test


def _all_of(tests: tuple[Predicate, ...], excluded: tuple[Predicate, ...]) -> Predicate:
    def test(scan: ScanResult) -> bool:
        for each in tests:
            if not each(scan):
                return False
        for each in excluded:  # noqa: SIM110  (a loop is quicker than any())
            if each(scan):
                return False
        return True

    return test


def _near(one: SpanSource, other: SpanSource, gap: int, *, ordered: bool) -> Predicate:
    def test(scan: ScanResult) -> bool:
        lefts = one(scan)
        if not lefts:
            return False
        rights = other(scan)
        if not rights:
            return False
        return _follows(scan.text, lefts, rights, gap) or (not ordered and _follows(scan.text, rights, lefts, gap))

    return test


def _follows(text: str, ones: Sequence[Span], others: Sequence[Span], gap: int) -> bool:
    """Tell whether one of the others begins after one of these, with at most `gap` words between."""
    if len(ones) == 1 and len(others) == 1:
        return ones[0][2] <= others[0][1] + 1 and _within(text, ones[0][2], others[0][1], gap)
    firsts = [other[1] for other in others]
    for each in ones:
        end = each[2]
        at = bisect_left(firsts, end - 1)
        if at < len(firsts) and _within(text, end, firsts[at], gap):
            return True
    return False


def _within(text: str, end: int, start: int, gap: int) -> bool:
    """Tell whether at most `gap` words, and no end of a field, lie between a stretch and the beginning of another."""
    return _fewer(text, end, start + 1, gap) and text.find(FIELD_BARRIER, end, start) < 0


def _fewer(text: str, begin: int, end: int, most: int) -> bool:
    """Tell whether at most so many blanks stand in a stretch; a long one is not read to its end."""
    near = begin + 16 * (most + 1)
    if near < end and text.count(" ", begin, near) > most:
        return False
    return text.count(" ", begin, end) <= most


def _not_near(one: SpanSource, other: SpanSource, gap: int, *, ordered: bool) -> Predicate:
    def test(scan: ScanResult) -> bool:
        lefts = one(scan)
        if not lefts:
            return False
        rights = other(scan)
        if not rights:
            return True
        text = scan.text
        firsts = [right[1] for right in rights]
        ends = sorted(right[2] for right in rights)
        for _number, start, end in lefts:
            after = bisect_left(firsts, end - 1)
            if after < len(firsts) and _within(text, end, firsts[after], gap):
                continue
            before = bisect_right(ends, start + 1)
            if not ordered and before > 0 and _within(text, ends[before - 1], start, gap):
                continue
            return True
        return False

    return test


def _at_least(place: SpanSource, count: int) -> Predicate:
    return lambda scan: len({stretch[1] for stretch in place(scan)}) >= count


def _first(place: SpanSource, count: int) -> Predicate:
    def test(scan: ScanResult) -> bool:
        found = place(scan)
        if not found:
            return False
        text = scan.text
        summary, content = scan.field_ends()
        for _number, start, end in found:
            begin = 0 if start < summary else summary + 2 if start < content else content + 2
            if _fewer(text, begin, end - 1, count):
                return True
        return False

    return test
