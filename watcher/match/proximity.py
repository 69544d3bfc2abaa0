"""Which occurrences are near which: pairs with few words between, in time that grows with their number.

Each operand's occurrences come in the order of `occurrence_key`, none twice. Of a pair, one begins and the other
follows: after it, with at most so many words between, or inside it, made of other words. Two that begin together share
their first word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TypeAlias

from watcher.match.budget import Check, iterate_checked
from watcher.match.node import Occurrence, build_occurrence

_Pair: TypeAlias = tuple[Occurrence, Occurrence]

MAX_NESTED_CANDIDATES = 8
"""How many of the occurrences that begin inside another one are tried."""

# By index where a sort or a set asks for thousands: in C, as fast as it gets.
occurrence_key = itemgetter(0, 1, 2, 4)
"""The order of occurrences: field, first word, last word, and the words they are made of."""
_get_first = itemgetter(1)
_get_last = itemgetter(2)


def join_near(
    lefts: list[Occurrence], rights: list[Occurrence], gap: int, check: Check | None = None, *, ordered: bool
) -> list[Occurrence]:
    """Return those that are near each other, joined; of what begins at one word, or ends at one word, the shortest."""
    pairs: dict[tuple[int, int, int], _Pair] = {}
    for field, field_lefts, field_rights in _split_by_field(lefts, rights):
        by_start: dict[int, _Pair] = {}
        by_end: dict[int, _Pair] = {}
        _keep_shortest(by_start, by_end, field_lefts, field_rights, gap, check)
        if not ordered:
            _keep_shortest(by_start, by_end, field_rights, field_lefts, gap, check)
        pairs |= {
            (field, start, max(a.last, b.last)): (a, b) for start, (a, b) in iterate_checked(by_start.items(), check)
        }
        pairs |= {(field, pair[0].first, end): pair for end, pair in iterate_checked(by_end.items(), check)}
    return [
        build_occurrence(
            (
                *extent,
                first.leaves + second.leaves,
                first.words + second.words if second.first > first.last else tuple(sorted(first.words + second.words)),
            )
        )
        for extent, (first, second) in iterate_checked(sorted(pairs.items(), key=_get_extent), check)
    ]


def exclude_near(
    lefts: list[Occurrence], rights: list[Occurrence], gap: int, check: Check | None = None, *, ordered: bool
) -> list[Occurrence]:
    """Return those on the left that are near none on the right (that follows them, if `ordered`)."""
    excluded: set[tuple[object, ...]] = set()
    for _field, field_lefts, field_rights in _split_by_field(lefts, rights):
        excluded.update(occurrence_key(left) for left, _right in _following(field_lefts, field_rights, gap, check))
        excluded.update(occurrence_key(left) for left, _right in _inside(field_lefts, field_rights, check))
        if not ordered:
            excluded.update(occurrence_key(left) for _right, left in _preceding(field_rights, field_lefts, gap, check))
            excluded.update(occurrence_key(left) for _right, left in _inside(field_rights, field_lefts, check))
    return [left for left in lefts if occurrence_key(left) not in excluded]


def closest_gap(occurrences: list[Occurrence], others: list[Occurrence]) -> int | None:
    """Return the number of words between the closest two of one field, the second after the first; None without any."""
    starts = sorted((other.field, other.first) for other in others)
    gaps = []
    for occurrence in occurrences:
        index = bisect_right(starts, (occurrence.field, occurrence.last))
        if index < len(starts) and starts[index][0] == occurrence.field:
            gaps.append(starts[index][1] - occurrence.last - 1)
    return min(gaps, default=None)


def sort_unique(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Return occurrences in order, each once."""
    by_key = {occurrence_key(occurrence): occurrence for occurrence in occurrences}
    return [by_key[key] for key in sorted(by_key)]


def _split_by_field(
    lefts: list[Occurrence], rights: list[Occurrence]
) -> Iterator[tuple[int, list[Occurrence], list[Occurrence]]]:
    for field in {left.field for left in lefts} & {right.field for right in rights}:
        yield (
            field,
            [left for left in lefts if left.field == field],
            [right for right in rights if right.field == field],
        )


def _keep_shortest(
    by_start: dict[int, _Pair],
    by_end: dict[int, _Pair],
    occurrences: list[Occurrence],
    others: list[Occurrence],
    gap: int,
    check: Check | None,
) -> None:
    """Keep the shortest pairs of which one of `occurrences` begins: from each word on, and until each word."""
    # Pairs one after the other, for each first and for each second one; then those of which one is inside the other,
    # which compete for both.
    for pair in _following(occurrences, others, gap, check):
        start = pair[0].first
        known = by_start.get(start)
        if known is None or _ends_before(pair, known):
            by_start[start] = pair
    for pair in _preceding(occurrences, others, gap, check):
        end = pair[1].last
        known = by_end.get(end)
        if known is None or _begins_after(pair, known):
            by_end[end] = pair
    for pair in _inside(occurrences, others, check, joined=True):
        start, end = pair[0].first, max(pair[0].last, pair[1].last)
        if start not in by_start or _ends_before(pair, by_start[start]):
            by_start[start] = pair
        if end not in by_end or _begins_after(pair, by_end[end]):
            by_end[end] = pair


def _following(
    occurrences: list[Occurrence], others: list[Occurrence], gap: int, check: Check | None
) -> Iterator[_Pair]:
    """Yield each with the one after it that ends first, within `gap` words: the minimum of a sliding window."""
    window: deque[Occurrence] = deque()
    upcoming = iter(others)
    next_ = next(upcoming, None)
    for occurrence in iterate_checked(sorted(occurrences, key=_get_last), check):
        end = occurrence.last
        while next_ is not None and next_.first <= end + 1 + gap:
            while window and window[-1].last > next_.last:
                window.pop()
            window.append(next_)
            next_ = next(upcoming, None)
        while window and window[0].first <= end:
            window.popleft()
        if window:
            yield occurrence, window[0]


def _preceding(
    occurrences: list[Occurrence], others: list[Occurrence], gap: int, check: Check | None
) -> Iterator[_Pair]:
    """Yield each of the others with the one before it that begins last, within `gap` words."""
    window: deque[Occurrence] = deque()
    upcoming = iter(sorted(occurrences, key=_get_last))
    next_ = next(upcoming, None)
    for other in iterate_checked(others, check):
        begin = other.first
        while next_ is not None and next_.last < begin:
            while window and window[-1].first < next_.first:
                window.pop()
            window.append(next_)
            next_ = next(upcoming, None)
        while window and window[0].last + 1 + gap < begin:
            window.popleft()
        if window:
            yield window[0], other


def _inside(
    occurrences: list[Occurrence], others: list[Occurrence], check: Check | None, *, joined: bool = False
) -> Iterator[_Pair]:
    """Yield each with those of the others that begin inside it and share no word with it, of the first few there.

    Where they are joined, all that end inside it come to the same, and one of them is enough.
    """
    starts = list(map(_get_first, others))
    for occurrence in iterate_checked(occurrences, check):
        begin, end = occurrence.first, occurrence.last
        if begin == end:
            continue
        low = bisect_right(starts, begin)
        has_one = False
        for other in others[low : low + MAX_NESTED_CANDIDATES]:
            if other.first > end:
                break
            if not (has_one and other.last <= end) and _are_disjoint(occurrence.words, other.words):
                has_one = joined and (has_one or other.last <= end)
                yield occurrence, other


def _are_disjoint(words: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return others[0] not in words if len(others) == 1 else set(words).isdisjoint(others)


def _ends_before(pair: _Pair, known: _Pair) -> bool:
    """Return whether a pair ends before another one that begins with it."""
    end, known_end = max(pair[0].last, pair[1].last), max(known[0].last, known[1].last)
    return end < known_end or (end == known_end and _get_rank(pair) < _get_rank(known))


def _begins_after(pair: _Pair, known: _Pair) -> bool:
    """Return whether a pair begins after another one that ends with it."""
    start, known_start = pair[0].first, known[0].first
    return start > known_start or (start == known_start and _get_rank(pair) < _get_rank(known))


def _get_rank(pair: _Pair) -> tuple[object, object]:
    return occurrence_key(pair[0]), occurrence_key(pair[1])


def _get_extent(joined: tuple[tuple[int, int, int], _Pair]) -> tuple[int, int, int]:
    return joined[0]
