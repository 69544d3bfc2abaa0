"""Queries as fast predicates that only say whether they match: most topics fail on most entries, and need no more.

`evaluate` defines what a query means. Here its plain shapes (words, ORs of words, two of those near each other) are
tested on their spans in the padded text; anything else is evaluated in full.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from watcher.match.entry_text import FIELD_BARRIER
from watcher.match.fields import TEXT_FIELDS
from watcher.match.node import Fields, Node
from watcher.match.operators.at_least import AtLeast
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.operators.field_scope import FieldScope
from watcher.match.operators.first import First
from watcher.match.operators.near import Near
from watcher.match.operators.not_near import NotNear
from watcher.match.phrase import Phrase
from watcher.match.scan_result import MAX_LISTED_PATTERNS, PhrasePatterns, ScanResult, Span, get_start

Predicate: TypeAlias = Callable[[ScanResult], bool]
SpanSource: TypeAlias = Callable[[ScanResult], Sequence[Span]]
"""Returns where some phrases occur, in order."""


class PredicateCompiler:
    """Compiles the queries of one index to predicates; `patterns` are those of their phrases, by identity."""

    def __init__(self, patterns: Mapping[int, PhrasePatterns]) -> None:
        self._patterns = patterns

    def compile(self, node: Node, fields: Fields = TEXT_FIELDS) -> Predicate:
        """Return a node's predicate."""
        in_text = fields == TEXT_FIELDS
        match node:
            # Words in all of the text need no more than their patterns; in the title, the first span decides.
            case Phrase() | Or() if in_text and (phrases := _list_phrases(node)) is not None:
                return self._any_phrase(phrases)
            case Phrase() | Or() if fields == ("title",) and (source := self._get_source(node)) is not None:
                return _in_title(source)
            case Or(parts=parts):
                return _any_of(tuple(self.compile(part, fields) for part in parts))
            case And(parts=parts, without=without):
                predicates = tuple(self.compile(part, fields) for part in parts)
                if len(predicates) == 1 and not without:
                    return predicates[0]
                return _all_of(predicates, tuple(self.compile(part, fields) for part in without))
            case FieldScope(part=part):
                return self.compile(part, node.child_fields(fields))
            case _:
                predicate = self._compile_spans(node) if in_text else None
                return predicate or self._evaluate_in_full(node, fields)

    def _compile_spans(self, node: Node) -> Predicate | None:
        """Return the predicate of an operator whose operands are words or ORs of words; None for any other."""
        sources = [self._get_source(child) for child in node.children()]
        match node, sources:
            case Near(gap=gap, ordered=ordered), [left, right] if left is not None and right is not None:
                return _near(left, right, gap, ordered=ordered)
            case NotNear(gap=gap, ordered=ordered), [left, right] if left is not None and right is not None:
                return _not_near(left, right, gap, ordered=ordered)
            case AtLeast(count=count), [source] if source is not None:
                return _at_least(source, count)
            case First(count=count), [source] if source is not None:
                return _first(source, count)
            case _:
                return None

    def _get_source(self, node: Node) -> SpanSource | None:
        """Return what finds the spans of a phrase or of an OR of phrases; None for any other node."""
        phrases = _list_phrases(node)
        if phrases is None:
            return None
        if all(self._is_plain(phrase) for phrase in phrases):
            return self._get_plain_source(phrases)
        if len(phrases) == 1:
            (phrase,) = phrases
            patterns = self._patterns[id(phrase)]
            return lambda scan: scan.find_spans_of(phrase, patterns)

        def find_spans(scan: ScanResult) -> Sequence[Span]:
            """Return the spans of the phrases, in order."""
            present = scan.list_present_options(node) if len(phrases) > MAX_LISTED_PATTERNS else phrases
            lists = [spans for phrase in present if (spans := scan.find_spans(phrase))]
            if len(lists) < 2:
                return lists[0] if lists else ()
            return sorted((span for spans in lists for span in spans), key=get_start)

        return find_spans

    def _get_plain_source(self, phrases: tuple[Phrase, ...]) -> SpanSource:
        """Return what finds the spans of phrases that are where their patterns are."""
        numbers = tuple(dict.fromkeys(number for phrase in phrases for number in self._patterns[id(phrase)].numbers))
        if len(numbers) == 1:
            return lambda scan, number=numbers[0]: scan.spans_by_pattern.get(number, ())  # type: ignore[misc]
        if len(numbers) <= MAX_LISTED_PATTERNS:
            return lambda scan: scan.merge_spans(numbers)
        all_numbers = frozenset(numbers)
        return lambda scan: scan.merge_spans(scan.pattern_numbers & all_numbers)

    def _is_plain(self, phrase: Phrase) -> bool:
        patterns = self._patterns[id(phrase)]
        return patterns.conclusive and not patterns.open_ended

    def _any_phrase(self, phrases: tuple[Phrase, ...]) -> Predicate:
        """Return the predicate of whether a phrase occurs: the patterns decide, and spans only where they do not."""
        conclusive: set[int] = set()
        doubtful = []
        for phrase in phrases:
            patterns = self._patterns[id(phrase)]
            if patterns.conclusive:
                conclusive.update(patterns.numbers)
            else:
                doubtful.append((phrase, patterns))
        numbers = frozenset(conclusive)
        if not doubtful:
            return lambda scan: not scan.pattern_numbers.isdisjoint(numbers)

        def matches(scan: ScanResult) -> bool:
            """Return whether the node matches."""
            if numbers and not scan.pattern_numbers.isdisjoint(numbers):
                return True
            for phrase, patterns in doubtful:  # noqa: SIM110  (a loop is quicker than any())
                if scan.find_spans_of(phrase, patterns):
                    return True
            return False

        return matches

    def _evaluate_in_full(self, node: Node, fields: Fields) -> Predicate:
        """Return the predicate that evaluates a node, once the children that have to match do."""
        # Not of FIRST: what its part excludes may come later in the text, where FIRST does not look.
        needed = () if isinstance(node, First | Phrase) else node.positive_children()
        predicates = tuple(self.compile(child, fields) for child in needed)
        children = node.children()

        def matches(scan: ScanResult) -> bool:
            """Return whether the node matches."""
            for predicate in predicates:
                if not predicate(scan):
                    return False
            occurrences = scan.find_cached_occurrences(node, fields)
            scan.discard_cached(children, fields)
            return occurrences is not None

        return matches


def _list_phrases(node: Node) -> tuple[Phrase, ...] | None:
    """Return the phrase, or the phrases of an OR of nothing else; None for any other node."""
    if isinstance(node, Phrase):
        return (node,)
    if isinstance(node, Or) and all(isinstance(part, Phrase) for part in node.parts):
        return tuple(part for part in node.parts if isinstance(part, Phrase))
    return None


def _in_title(source: SpanSource) -> Predicate:
    def matches(scan: ScanResult) -> bool:
        """Return whether the node matches."""
        spans = source(scan)
        return bool(spans) and spans[0][1] < scan.field_ends()[0]

    return matches


def _any_of(predicates: tuple[Predicate, ...]) -> Predicate:
    def matches(scan: ScanResult) -> bool:
        """Return whether the node matches."""
        for predicate in predicates:  # noqa: SIM110  (a loop is quicker than any())
            if predicate(scan):
                return True
        return False

    return matches


def _all_of(predicates: tuple[Predicate, ...], excluded: tuple[Predicate, ...]) -> Predicate:
    def matches(scan: ScanResult) -> bool:
        """Return whether the node matches."""
        for predicate in predicates:
            if not predicate(scan):
                return False
        for predicate in excluded:  # noqa: SIM110  (a loop is quicker than any())
            if predicate(scan):
                return False
        return True

    return matches


def _near(left: SpanSource, right: SpanSource, gap: int, *, ordered: bool) -> Predicate:
    def matches(scan: ScanResult) -> bool:
        """Return whether the node matches."""
        lefts = left(scan)
        if not lefts:
            return False
        rights = right(scan)
        if not rights:
            return False
        return _follows(scan.text, lefts, rights, gap) or (not ordered and _follows(scan.text, rights, lefts, gap))

    return matches


def _follows(text: str, spans: Sequence[Span], others: Sequence[Span], gap: int) -> bool:
    """Return whether one of the others begins after one of the spans, with at most `gap` words between."""
    if len(spans) == 1 and len(others) == 1:
        return spans[0][2] <= others[0][1] + 1 and _is_within(text, spans[0][2], others[0][1], gap)
    starts = [other[1] for other in others]
    for span in spans:
        end = span[2]
        index = bisect_left(starts, end - 1)
        if index < len(starts) and _is_within(text, end, starts[index], gap):
            return True
    return False


def _is_within(text: str, end: int, start: int, gap: int) -> bool:
    """Return whether at most `gap` words, and no end of a field, lie between the end of a span and the next start."""
    return _has_at_most(text, end, start + 1, gap) and text.find(FIELD_BARRIER, end, start) < 0


def _has_at_most(text: str, begin: int, end: int, count: int) -> bool:
    """Return whether a range holds at most `count` blanks; a long one is not read to its end."""
    near = begin + 16 * (count + 1)
    if near < end and text.count(" ", begin, near) > count:
        return False
    return text.count(" ", begin, end) <= count


def _not_near(left: SpanSource, right: SpanSource, gap: int, *, ordered: bool) -> Predicate:
    def matches(scan: ScanResult) -> bool:
        """Return whether the node matches."""
        lefts = left(scan)
        if not lefts:
            return False
        rights = right(scan)
        if not rights:
            return True
        text = scan.text
        starts = [span[1] for span in rights]
        ends = sorted(span[2] for span in rights)
        for _number, start, end in lefts:
            after = bisect_left(starts, end - 1)
            if after < len(starts) and _is_within(text, end, starts[after], gap):
                continue
            before = bisect_right(ends, start + 1)
            if not ordered and before > 0 and _is_within(text, ends[before - 1], start, gap):
                continue
            return True
        return False

    return matches


def _at_least(source: SpanSource, count: int) -> Predicate:
    return lambda scan: len({span[1] for span in source(scan)}) >= count


def _first(source: SpanSource, count: int) -> Predicate:
    def matches(scan: ScanResult) -> bool:
        """Return whether the node matches."""
        spans = source(scan)
        if not spans:
            return False
        text = scan.text
        summary, content = scan.field_ends()
        for _number, start, end in spans:
            begin = 0 if start < summary else summary + 2 if start < content else content + 2
            if _has_at_most(text, begin, end - 1, count):
                return True
        return False

    return matches
