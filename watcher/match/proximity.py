"""What stands near what: pairs of occurrences with few words between, in time that grows with their number.

Each operand's occurrences come in `order`, none twice. Of a pair, one begins and the other follows: after it, with at
most so many words between, or inside it, made of other words. Two that begin together share their first word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TypeAlias

from watcher.match.budget import Check, iterate_checked
from watcher.match.syntax import Phrase

Leaf: TypeAlias = tuple[int, int, int, Phrase]
"""Field number, first and last word, and the clause they are evidence for."""
Occurrence: TypeAlias = tuple[int, int, int, tuple[Leaf, ...], tuple[int, ...]]
"""Field number, first and last word, the evidence, and the words it is made of."""
_Pair: TypeAlias = tuple[Occurrence, Occurrence]

MAX_NESTED_CANDIDATES = 8
"""How many of those that begin inside a stretch are tried."""

occurrence_key = itemgetter(0, 1, 2, 4)
_first = itemgetter(1)
_last = itemgetter(2)


def join_near(
    lefts: list[Occurrence], rights: list[Occurrence], gap: int, check: Check | None = None, *, ordered: bool
) -> list[Occurrence]:
    """Join those that are near each other; of what begins at one word, or ends at one word, the shortest."""
    found: dict[tuple[int, int, int], _Pair] = {}
    for number, some, others in _by_field(lefts, rights):
        from_: dict[int, _Pair] = {}
        until: dict[int, _Pair] = {}
        _keep(from_, until, some, others, gap, check)
        if not ordered:
            _keep(from_, until, others, some, gap, check)
        found |= {
            (number, first, max(pair[0][2], pair[1][2])): pair for first, pair in iterate_checked(from_.items(), check)
        }
        found |= {(number, pair[0][1], last): pair for last, pair in iterate_checked(until.items(), check)}
    return [
        (*extent, one[3] + other[3], one[4] + other[4] if other[1] > one[2] else tuple(sorted(one[4] + other[4])))
        for extent, (one, other) in iterate_checked(sorted(found.items(), key=_extent), check)
    ]


def exclude_near(
    lefts: list[Occurrence], rights: list[Occurrence], gap: int, check: Check | None = None, *, ordered: bool
) -> list[Occurrence]:
    """Keep those on the left that are near none on the right (that follows them, if `ordered`)."""
    touched: set[tuple[object, ...]] = set()
    for _number, some, others in _by_field(lefts, rights):
        touched.update(occurrence_key(one) for one, _other in _following(some, others, gap, check))
        touched.update(occurrence_key(one) for one, _other in _inside(some, others, check))
        if not ordered:
            touched.update(occurrence_key(other) for _one, other in _preceding(others, some, gap, check))
            touched.update(occurrence_key(other) for _one, other in _inside(others, some, check))
    return [one for one in lefts if occurrence_key(one) not in touched]


def closest_gap(ones: list[Occurrence], others: list[Occurrence]) -> int | None:
    """Count the words between the closest two in one field, the second after the first; None where there are none."""
    starts = sorted((o[0], o[1]) for o in others)
    gaps = []
    for one in ones:
        at = bisect_right(starts, (one[0], one[2]))
        if at < len(starts) and starts[at][0] == one[0]:
            gaps.append(starts[at][1] - one[2] - 1)
    return min(gaps, default=None)


def sort_unique(some: Iterable[Occurrence]) -> list[Occurrence]:
    """Put occurrences in order, each once."""
    found = {occurrence_key(each): each for each in some}
    return [found[key] for key in sorted(found)]


def _by_field(
    lefts: list[Occurrence], rights: list[Occurrence]
) -> Iterator[tuple[int, list[Occurrence], list[Occurrence]]]:
    for number in {one[0] for one in lefts} & {one[0] for one in rights}:
        yield number, [one for one in lefts if one[0] == number], [one for one in rights if one[0] == number]


def _keep(
    from_: dict[int, _Pair],
    until: dict[int, _Pair],
    ones: list[Occurrence],
    others: list[Occurrence],
    gap: int,
    check: Check | None,
) -> None:
    """Note the shortest pairs of which one of `ones` begins: from each word on, and until each word."""
    for pair in _following(ones, others, gap, check):
        at = pair[0][1]
        known = from_.get(at)
        if known is None or _shorter(pair, known):
            from_[at] = pair
    for pair in _preceding(ones, others, gap, check):
        at = pair[1][2]
        known = until.get(at)
        if known is None or _later(pair, known):
            until[at] = pair
    for pair in _inside(ones, others, check, joined=True):
        first, last = pair[0][1], max(pair[0][2], pair[1][2])
        if first not in from_ or _shorter(pair, from_[first]):
            from_[first] = pair
        if last not in until or _later(pair, until[last]):
            until[last] = pair


def _following(ones: list[Occurrence], others: list[Occurrence], gap: int, check: Check | None) -> Iterator[_Pair]:
    """Give each with the one after it that ends first, within `gap` words."""
    window: deque[Occurrence] = deque()
    coming = iter(others)
    next_ = next(coming, None)
    for one in iterate_checked(sorted(ones, key=_last), check):
        end = one[2]
        while next_ is not None and next_[1] <= end + 1 + gap:
            while window and window[-1][2] > next_[2]:
                window.pop()
            window.append(next_)
            next_ = next(coming, None)
        while window and window[0][1] <= end:
            window.popleft()
        if window:
            yield one, window[0]


def _preceding(ones: list[Occurrence], others: list[Occurrence], gap: int, check: Check | None) -> Iterator[_Pair]:
    """Give each of the others with the one before it that begins last, within `gap` words."""
    window: deque[Occurrence] = deque()
    coming = iter(sorted(ones, key=_last))
    next_ = next(coming, None)
    for other in iterate_checked(others, check):
        begin = other[1]
        while next_ is not None and next_[2] < begin:
            while window and window[-1][1] < next_[1]:
                window.pop()
            window.append(next_)
            next_ = next(coming, None)
        while window and window[0][2] + 1 + gap < begin:
            window.popleft()
        if window:
            yield window[0], other


def _inside(
    ones: list[Occurrence], others: list[Occurrence], check: Check | None, *, joined: bool = False
) -> Iterator[_Pair]:
    """Give each with those of the others that begin inside it and share no word with it, of the first few there; where
    they are joined, all that end inside it come to the same, and one will do."""
    firsts = list(map(_first, others))
    for one in iterate_checked(ones, check):
        begin, end = one[1], one[2]
        if begin == end:
            continue
        low = bisect_right(firsts, begin)
        held = False
        for other in others[low : low + MAX_NESTED_CANDIDATES]:
            if other[1] > end:
                break
            if not (held and other[2] <= end) and _apart(one[4], other[4]):
                held = joined and (held or other[2] <= end)
                yield one, other


def _apart(some: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return others[0] not in some if len(others) == 1 else set(some).isdisjoint(others)


def _shorter(pair: _Pair, known: _Pair) -> bool:
    """Tell which of two pairs that begin together ends first."""
    here, there = max(pair[0][2], pair[1][2]), max(known[0][2], known[1][2])
    return here < there or (here == there and _ranks(pair) < _ranks(known))


def _later(pair: _Pair, known: _Pair) -> bool:
    """Tell which of two pairs that end together begins last."""
    here, there = pair[0][1], known[0][1]
    return here > there or (here == there and _ranks(pair) < _ranks(known))


def _ranks(pair: _Pair) -> tuple[object, object]:
    return occurrence_key(pair[0]), occurrence_key(pair[1])


def _extent(found: tuple[tuple[int, int, int], _Pair]) -> tuple[int, int, int]:
    return found[0]
