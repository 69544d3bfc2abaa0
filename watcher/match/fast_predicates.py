"""Queries as fast predicates that only say whether they match: most topics fail on most entries, and need no more.

`evaluate` defines what a query means. Here its plain shapes (words, ORs of words, two of those near each other) are
tested on their spans in the padded text; anything else is evaluated in full. With thousands of topics, reading what a
predicate is made of takes longer than the test: each is one object, with as few others as can be.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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
from watcher.match.scan_result import MAX_LISTED_PATTERNS, PhrasePatterns, ScanResult, Span, merge_in_order

MAX_PAIRS = 12
"""Of spans of two operands, so many pairs are tried one by one."""


class Predicate(Protocol):
    """Decides whether a node matches."""

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        ...


class SpanSource(Protocol):
    """Knows where some phrases occur."""

    def find_spans(self, scan: ScanResult) -> Sequence[Span]:
        """Return the spans of the phrases, in order."""
        ...


class PredicateCompiler:
    """Compiles the queries of one index to predicates; `patterns` are those of their phrases, by identity."""

    def __init__(self, patterns: Mapping[int, PhrasePatterns]) -> None:
        self._patterns = patterns

    def compile(self, node: Node, fields: Fields = TEXT_FIELDS) -> Predicate:
        """Return a node's predicate."""
        in_text = fields == TEXT_FIELDS
        match node:
            # Words in all of the text need no more than their patterns; in the title, the first span decides.
            case Phrase() | Or() if in_text and (phrases := list_phrases(node)) is not None:
                return self._any_phrase(phrases)
            case Phrase() | Or() if fields == ("title",) and (source := self._get_source(node)) is not None:
                return _InTitle(source)
            case Or(parts=parts):
                return _AnyOf(tuple(self.compile(part, fields) for part in parts))
            case And(parts=parts, without=without):
                predicates = tuple(self.compile(part, fields) for part in parts)
                if len(predicates) == 1 and not without:
                    return predicates[0]
                return _AllOf(predicates, tuple(self.compile(part, fields) for part in without))
            case FieldScope(part=part):
                return self.compile(part, node.child_fields(fields))
            case _:
                predicate = self._compile_spans(node) if in_text else None
                return predicate or self._evaluate_in_full(node, fields)

    def _compile_spans(self, node: Node) -> Predicate | None:
        """Return the predicate of an operator whose operands are words or ORs of words; None for any other."""
        sources = [self._get_source(child) for child in node.children()]
        match node, sources:
            case Near(), [left, right] if left is not None and right is not None:
                return self._compile_near(node, left, right)
            case NotNear(gap=gap, ordered=ordered), [left, right] if left is not None and right is not None:
                return _NotNear(left, right, gap, ordered)
            case AtLeast(count=count), [source] if source is not None:
                return _AtLeast(source, count)
            case First(count=count), [source] if source is not None:
                return _First(source, count)
            case _:
                return None

    def _compile_near(self, node: Near, left: SpanSource, right: SpanSource) -> Predicate:
        """Return the predicate of NEAR: of patterns alone where they are all there is to its operands."""
        lefts, rights = self._list_numbers(node.left), self._list_numbers(node.right)
        doubtful = [
            phrase for child in (node.left, node.right) for phrase in list_phrases(child) or ()
            if not self._is_plain(phrase)
        ]  # fmt: skip
        if not doubtful:
            return _Near(lefts, rights, node.gap, node.ordered, None)
        # A pattern that ends inside a phrase may leave out a blank for each of its words, which the gap then has.
        slack = max(0 if self._patterns[id(phrase)].is_literal else len(phrase.parts) for phrase in doubtful)
        return _Near(lefts, rights, node.gap + slack, node.ordered, (left, right, node.gap))

    def _list_numbers(self, node: Node) -> Collection[int]:
        """Return the patterns of a phrase or an OR of phrases."""
        numbers = dict.fromkeys(n for phrase in list_phrases(node) or () for n in self._patterns[id(phrase)].numbers)
        return tuple(numbers) if len(numbers) <= MAX_LISTED_PATTERNS else frozenset(numbers)

    def _get_source(self, node: Node) -> SpanSource | None:
        """Return what finds the spans of a phrase or of an OR of phrases; None for any other node."""
        phrases = list_phrases(node)
        if phrases is None:
            return None
        if all(self._is_plain(phrase) for phrase in phrases):
            return _PlainSpans(self._list_numbers(node))
        if len(phrases) > MAX_LISTED_PATTERNS:
            return _ManySpans(node)
        return _PhraseSpans(tuple((phrase, self._patterns[id(phrase)]) for phrase in phrases))

    def _is_plain(self, phrase: Phrase) -> bool:
        patterns = self._patterns[id(phrase)]
        return patterns.conclusive and not patterns.open_ended

    def _any_phrase(self, phrases: tuple[Phrase, ...]) -> Predicate:
        """Return the predicate of whether a phrase occurs: the patterns decide, and spans only where they do not."""
        conclusive: dict[int, None] = {}
        doubtful = []
        for phrase in phrases:
            patterns = self._patterns[id(phrase)]
            if patterns.conclusive:
                conclusive.update(dict.fromkeys(patterns.numbers))
            else:
                doubtful.append((phrase, patterns))
        numbers = tuple(conclusive) if len(conclusive) <= MAX_LISTED_PATTERNS else frozenset(conclusive)
        return _AnyPhrase(numbers, tuple(doubtful))

    def _evaluate_in_full(self, node: Node, fields: Fields) -> Predicate:
        """Return the predicate that evaluates a node, once the children that have to match do."""
        # Not of FIRST: what its part excludes may come later in the text, where FIRST does not look.
        needed = () if isinstance(node, First | Phrase) else node.positive_children()
        return _Evaluation(node, fields, tuple(self.compile(child, fields) for child in needed))


def list_phrases(node: Node) -> tuple[Phrase, ...] | None:
    """Return the phrase, or the phrases of an OR of nothing else; None for any other node."""
    if isinstance(node, Phrase):
        return (node,)
    if isinstance(node, Or) and all(isinstance(part, Phrase) for part in node.parts):
        return tuple(part for part in node.parts if isinstance(part, Phrase))
    return None


@dataclass(slots=True, eq=False)
class _PlainSpans:
    """The spans of phrases that are where their patterns are."""

    numbers: Collection[int]

    def find_spans(self, scan: ScanResult) -> Sequence[Span]:
        """Return the spans of the phrases, in order."""
        return scan.merge_present(self.numbers)


@dataclass(slots=True, eq=False)
class _PhraseSpans:
    """The spans of a few phrases of any kind."""

    phrases: tuple[tuple[Phrase, PhrasePatterns], ...]

    def find_spans(self, scan: ScanResult) -> Sequence[Span]:
        """Return the spans of the phrases, in order."""
        return scan.find_spans_of_any(self.phrases)


@dataclass(slots=True, eq=False)
class _ManySpans:
    """The spans of an OR of many phrases of any kind."""

    node: Node

    def find_spans(self, scan: ScanResult) -> Sequence[Span]:
        """Return the spans of the phrases, in order."""
        present = scan.list_present_options(self.node)
        return merge_in_order([spans for phrase in present if (spans := scan.find_spans(phrase))])


@dataclass(slots=True, eq=False)
class _AnyPhrase:
    """Whether a phrase occurs: one of these patterns, or one of these phrases, whose patterns prove nothing."""

    conclusive: Collection[int]
    doubtful: tuple[tuple[Phrase, PhrasePatterns], ...]

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        if not scan.pattern_numbers.isdisjoint(self.conclusive):
            return True
        for phrase, patterns in self.doubtful:  # noqa: SIM110  (a loop is quicker than any())
            if scan.find_spans_of(phrase, patterns):
                return True
        return False


@dataclass(slots=True, eq=False)
class _InTitle:
    source: SpanSource

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        spans = self.source.find_spans(scan)
        return bool(spans) and spans[0][1] < scan.field_ends()[0]


@dataclass(slots=True, eq=False)
class _AnyOf:
    predicates: tuple[Predicate, ...]

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        for predicate in self.predicates:  # noqa: SIM110  (a loop is quicker than any())
            if predicate.matches(scan):
                return True
        return False


@dataclass(slots=True, eq=False)
class _AllOf:
    predicates: tuple[Predicate, ...]
    excluded: tuple[Predicate, ...]

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        for predicate in self.predicates:
            if not predicate.matches(scan):
                return False
        for predicate in self.excluded:  # noqa: SIM110  (a loop is quicker than any())
            if predicate.matches(scan):
                return False
        return True


@dataclass(slots=True, eq=False)
class _Evaluation:
    """Evaluates a node in full, where all predicates match."""

    node: Node
    fields: Fields
    predicates: tuple[Predicate, ...]

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        for predicate in self.predicates:
            if not predicate.matches(scan):
                return False
        occurrences = scan.find_cached_occurrences(self.node, self.fields)
        scan.discard_cached(self.node.children(), self.fields)
        return occurrences is not None


@dataclass(slots=True, eq=False)
class _Near:
    """Whether two operands are near each other: first by their patterns, which nine in ten are too far apart for.

    `operands` and their gap are what is looked at then; None where the patterns decide.
    """

    lefts: Collection[int]
    rights: Collection[int]
    gap: int
    ordered: bool
    operands: tuple[SpanSource, SpanSource, int] | None

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        lefts = scan.merge_present(self.lefts)
        rights = scan.merge_present(self.rights) if lefts else ()
        if not rights or not _are_near(scan.text, lefts, rights, self.gap, ordered=self.ordered):
            return False
        if self.operands is None:
            return True
        left, right, gap = self.operands
        return _are_near(scan.text, left.find_spans(scan), right.find_spans(scan), gap, ordered=self.ordered)


def _are_near(text: str, lefts: Sequence[Span], rights: Sequence[Span], gap: int, *, ordered: bool) -> bool:
    """Return whether one of the left spans is near one of the right."""
    if len(lefts) * len(rights) <= MAX_PAIRS:
        return _has_pair(text, lefts, rights, gap, ordered=ordered)
    return _follows(text, lefts, rights, gap) or (not ordered and _follows(text, rights, lefts, gap))


def _has_pair(text: str, lefts: Sequence[Span], rights: Sequence[Span], gap: int, *, ordered: bool) -> bool:
    """Return whether one of the right spans is near one of the left: for few, to try each pair is the quickest."""
    for _number, start, end in lefts:
        for _other_number, other_start, other_end in rights:
            if other_start >= end - 1:
                if _is_within(text, end, other_start, gap):
                    return True
            elif not ordered and start >= other_end - 1 and _is_within(text, other_end, start, gap):
                return True
    return False


def _follows(text: str, spans: Sequence[Span], others: Sequence[Span], gap: int) -> bool:
    """Return whether one of the others begins after one of the spans, with at most `gap` words between."""
    starts = [other[1] for other in others]
    for span in spans:
        end = span[2]
        index = bisect_left(starts, end - 1)
        if index < len(starts) and _is_within(text, end, starts[index], gap):
            return True
    return False


def _is_within(text: str, end: int, start: int, gap: int) -> bool:
    """Return whether at most `gap` words, and no end of a field, lie between the end of a span and the next start."""
    near = end + 16 * (gap + 1)
    if near < start and text.count(" ", end, near) > gap:
        return False  # what is far away is not read to its end
    return text.count(" ", end, start + 1) <= gap and text.find(FIELD_BARRIER, end, start) < 0


def _has_at_most(text: str, begin: int, end: int, count: int) -> bool:
    """Return whether a range holds at most `count` blanks; a long one is not read to its end."""
    near = begin + 16 * (count + 1)
    if near < end and text.count(" ", begin, near) > count:
        return False
    return text.count(" ", begin, end) <= count


@dataclass(slots=True, eq=False)
class _NotNear:
    left: SpanSource
    right: SpanSource
    gap: int
    ordered: bool

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        lefts = self.left.find_spans(scan)
        if not lefts:
            return False
        rights = self.right.find_spans(scan)
        if not rights:
            return True
        places = ((start, end) for _number, start, end in lefts)
        return next(exclude_near_places(scan.text, places, rights, self.gap, ordered=self.ordered), None) is not None


def exclude_near_places(
    text: str, places: Iterable[tuple[int, int]], rights: Sequence[Span], gap: int, *, ordered: bool
) -> Iterator[tuple[int, int]]:
    """Yield the places, each with its start and end as in a span, that are near none of the spans on the right."""
    starts = [span[1] for span in rights]
    ends = sorted(span[2] for span in rights)
    # The nearest on either side decides: all others are farther away.
    for start, end in places:
        after = bisect_left(starts, end - 1)
        if after < len(starts) and _is_within(text, end, starts[after], gap):
            continue
        before = bisect_right(ends, start + 1)
        if not ordered and before > 0 and _is_within(text, ends[before - 1], start, gap):
            continue
        yield start, end


@dataclass(slots=True, eq=False)
class _AtLeast:
    source: SpanSource
    count: int

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        return len({span[1] for span in self.source.find_spans(scan)}) >= self.count


@dataclass(slots=True, eq=False)
class _First:
    source: SpanSource
    count: int

    def matches(self, scan: ScanResult) -> bool:
        """Return whether the node matches."""
        spans = self.source.find_spans(scan)
        if not spans:
            return False
        text = scan.text
        summary, content = scan.field_ends()
        for _number, start, end in spans:
            begin = 0 if start < summary else summary + 2 if start < content else content + 2
            if _has_at_most(text, begin, end - 1, self.count):
                return True
        return False
