"""What one scan found in one entry: which patterns occur and, only where asked, where the phrases of queries do.

A span is where a phrase occurs in the padded text, as the scan reports it: the number of a pattern, the blank before
the first word, and the position after the blank that follows the last. Between two spans there are as many words as
blanks, so that distances need no numbering of words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import itemgetter
from typing import TypeAlias

from watcher.match.entry_text import FIELD_BARRIER, EntryText
from watcher.match.evaluate import Evaluator, LinearEvaluator
from watcher.match.fields import FIELD_NUMBERS, TEXT_FIELDS
from watcher.match.node import Fields, Node, Occurrence, build_leaf, build_occurrence
from watcher.match.phrase import Phrase, matches_word

Span: TypeAlias = tuple[int, int, int]
"""Pattern, start and end. A bare tuple, since the scanner makes thousands of them for each entry."""
_TEXT_FIELDS = frozenset(TEXT_FIELDS)
_BLOCK = 512
MAX_LISTED_PATTERNS = 12
"""Of a group of more patterns, those that occur are looked up, rather than each in turn."""


@dataclass(frozen=True, slots=True)
class PhrasePatterns:
    """The numbers of a phrase's patterns; `conclusive` where each of them is proof of the phrase, `open_ended` where
    they end inside a word, `is_literal` where there is one, of all the phrase's words."""

    numbers: tuple[int, ...]
    conclusive: bool
    open_ended: bool
    is_literal: bool


@dataclass(frozen=True, slots=True)
class OrOptions:
    """The options of an OR with their positions: phrases by the numbers of their patterns, and all other nodes."""

    by_pattern: Mapping[int, tuple[tuple[int, Phrase], ...]]
    others: tuple[tuple[int, Node], ...]


class ScanResult(Evaluator):
    """The patterns that one entry contains; evaluates the queries of an index in it."""

    def __init__(
        self,
        entry: EntryText,
        written: str,
        text: str,
        spans: list[Span],
        patterns: Mapping[int, PhrasePatterns],
        options: Mapping[int, OrOptions],
    ) -> None:
        super().__init__(entry)
        self.text = text
        self.spans_by_pattern: dict[int, list[Span]] = {}
        """The spans of each pattern that occurs, in order."""
        self._index_spans(spans)
        self.pattern_numbers = set(self.spans_by_pattern)
        """The patterns that occur."""
        self._written = written
        self._patterns = patterns
        self._options = options
        self._word_numbers: dict[int, list[int]] = {}
        self._leaves: dict[tuple[int, Fields], list[Occurrence] | None] = {}
        self._written_words: list[str] | None = None
        self._barriers: tuple[int, int] | None = None
        self._ends: tuple[int, int] | None = None
        self._blanks: list[int] = []
        self.leaf_spans: dict[int, Span] = {}
        """Where leaves are in the text, by identity."""
        self._other_fields: LinearEvaluator | None = None

    def _index_spans(self, spans: Iterable[Span]) -> None:
        by_pattern = self.spans_by_pattern
        for span in spans:
            number = span[0]
            if number in by_pattern:
                by_pattern[number].append(span)
            else:
                by_pattern[number] = [span]

    def merge_spans(self, numbers: Iterable[int]) -> Sequence[Span]:
        """Return the spans of some patterns, in order."""
        by_pattern = self.spans_by_pattern
        return merge_in_order([by_pattern[number] for number in numbers if number in by_pattern])

    def merge_present(self, numbers: Collection[int]) -> Sequence[Span]:
        """Return the same; of a set, which holds many, those that occur are looked up."""
        return self.merge_spans(self.pattern_numbers & numbers if isinstance(numbers, frozenset) else numbers)

    def find_spans(self, phrase: Phrase) -> Sequence[Span]:
        """Return where a phrase occurs in the padded text, in order."""
        return self.find_spans_of(phrase, self._patterns[id(phrase)])

    def find_spans_of(self, phrase: Phrase, patterns: PhrasePatterns) -> Sequence[Span]:
        """Return where a phrase occurs, for callers that have its patterns at hand."""
        # A phrase is where its pattern is, or up to the end of that word, or where it is written so too; of wildcards,
        # and of prefixes inside a phrase, each place is looked at.
        numbers = patterns.numbers
        spans = self.spans_by_pattern.get(numbers[0], ()) if len(numbers) == 1 else self.merge_spans(numbers)
        if not spans or (patterns.conclusive and not patterns.open_ended):
            return spans
        if patterns.conclusive:
            return [(number, start, self.text.find(" ", end) + 1) for number, start, end in spans]
        if patterns.is_literal:
            return [span for span in spans if self._is_written(phrase, span[1], span[2] - 1)]
        phrase_spans = []
        for number, start, _end in spans:
            end = self._find_phrase_end(phrase, start)
            if end:
                phrase_spans.append((number, start, end))
        return phrase_spans

    def find_spans_of_any(self, phrases: Iterable[tuple[Phrase, PhrasePatterns]]) -> Sequence[Span]:
        """Return where some phrases occur, in order."""
        is_absent = self.pattern_numbers.isdisjoint
        return merge_in_order(
            [
                spans
                for phrase, patterns in phrases
                if not is_absent(patterns.numbers) and (spans := self.find_spans_of(phrase, patterns))
            ]
        )

    def list_present_options(self, node: Node) -> list[Phrase]:
        """Return the phrases among an OR's options of which a pattern occurs."""
        by_pattern = self._options[id(node)].by_pattern
        numbers = self.pattern_numbers & by_pattern.keys()
        return list(dict(option for number in numbers for option in by_pattern[number]).values())

    def plausible_options(self, node: Node, fields: Fields) -> Iterable[Node]:
        """Return the options of an OR that can match, in order: phrases of which a pattern occurs, and all others."""
        if not _TEXT_FIELDS.issuperset(fields):
            return node.children()
        options = self._options[id(node)]
        plausible: dict[int, Node] = dict(options.others)
        for number in self.pattern_numbers & options.by_pattern.keys():
            plausible.update(options.by_pattern[number])
        return [plausible[position] for position in sorted(plausible)]

    def find_phrase(self, phrase: Phrase, field: str) -> list[tuple[int, int]]:
        """Return (first, last) word of each occurrence of a phrase in a field, sorted."""
        if field not in _TEXT_FIELDS:
            if self._other_fields is None:
                self._other_fields = LinearEvaluator(self.entry)
            return self._other_fields.find_phrase(phrase, field)
        numbers = self._word_numbers.get(id(phrase))
        if numbers is None:
            numbers = self._word_numbers[id(phrase)] = self._number_spans(self.find_spans(phrase))
        if not numbers:
            return []
        summary, content = self._count_words_before_barriers()
        low, high = (
            (0, summary) if field == "title" else (summary + 1, content) if field == "summary" else (content + 1, 10**9)
        )
        width = len(phrase.parts) - 1
        return [(number - low, number - low + width) for number in numbers if low <= number < high]

    def _find_leaves(self, phrase: Phrase, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the occurrences of a phrase, made once for all queries that have an equal phrase.

        Equal phrases have one object of patterns; what is returned is shared and not to be changed.
        """
        if limit is not None:
            return super()._find_leaves(phrase, fields, limit)
        leaves, key = self._leaves, (id(self._patterns[id(phrase)]), fields)
        if key not in leaves:
            in_text = fields == TEXT_FIELDS
            leaves[key] = self._find_leaves_in_text(phrase) if in_text else super()._find_leaves(phrase, fields, None)
        return leaves[key]

    def _find_leaves_in_text(self, phrase: Phrase) -> list[Occurrence] | None:
        """Return the same of title, summary and content, with one look at where the phrase is in all of them."""
        spans = self.find_spans(phrase)
        if not spans:
            return None
        summary, content = self._count_words_before_barriers()
        width = len(phrase.parts) - 1
        occurrences = []
        for number, span in zip(self._number_spans(spans), spans, strict=True):
            field, low = (
                (_TITLE, 0) if number < summary else (_SUMMARY, summary + 1) if number < content
                else (_CONTENT, content + 1)
            )  # fmt: skip
            first = number - low
            last = first + width
            words = (first,) if not width else (*range(first, last + 1),)
            leaf = build_leaf((field, first, last, phrase))
            self.leaf_spans[id(leaf)] = span
            occurrences.append(build_occurrence((field, first, last, (leaf,), words)))
        return occurrences

    def get_patterns(self, phrase: Phrase) -> PhrasePatterns:
        """Return the patterns of a phrase: one object for all phrases that are equal."""
        return self._patterns[id(phrase)]

    def field_ends(self) -> tuple[int, int]:
        """Return the positions of the blanks before the two barriers, where the title and the summary end."""
        if self._ends is None:
            first = self.text.find(FIELD_BARRIER) - 1
            self._ends = first, self.text.find(FIELD_BARRIER, first + 2) - 1
        return self._ends

    def _number_spans(self, spans: Iterable[Span]) -> list[int]:
        """Return the number of the first word of each span, barriers counted as words."""
        return [self._number_word(start) for _pattern, start, _end in spans]

    def _number_word(self, start: int) -> int:
        """Return the number of the word after the blank at `start`: that of the blanks before it."""
        text = self.text
        if not self._blanks:
            # Counted up to each block once, so that a word far down in a long text costs no more than one at its top.
            counts = (text.count(" ", begin, begin + _BLOCK) for begin in range(0, len(text), _BLOCK))
            self._blanks = [0, *accumulate(counts)]
        block = start // _BLOCK
        return self._blanks[block] + text.count(" ", block * _BLOCK, start)

    def _find_phrase_end(self, phrase: Phrase, start: int) -> int:
        """Return the position after the blank that follows a phrase, which begins after the blank at `start`; 0 where
        it does not occur there."""
        text = self.text
        begin = start + 1
        for part in phrase.parts:
            end = text.find(" ", begin)
            if end < 0 or not matches_word(part, text[begin:end]):
                return 0
            begin = end + 1
        return 0 if phrase.exact and not self._is_written(phrase, start, begin - 1) else begin

    def _is_written(self, phrase: Phrase, start: int, end: int) -> bool:
        """Return whether the words between two blanks are written as a phrase demands."""
        if self._written.isascii():
            return self._written[start + 1 : end] == " ".join(phrase.exact)
        # Folding may change a word's length outside of ASCII: the words are counted instead.
        if self._written_words is None:
            self._written_words = self._written.split(" ")
        first = self._number_word(start) + 1
        return tuple(self._written_words[first : first + len(phrase.exact)]) == phrase.exact

    def _count_words_before_barriers(self) -> tuple[int, int]:
        """Return the numbers of the two barriers, counted as words from 0."""
        if self._barriers is None:
            first, second = self.field_ends()
            self._barriers = self._number_word(first), self._number_word(second)
        return self._barriers


def merge_in_order(lists: Sequence[Sequence[Span]]) -> Sequence[Span]:
    """Return the spans of some lists, none of them empty, in order."""
    if len(lists) < 2:
        return lists[0] if lists else ()
    return sorted(chain.from_iterable(lists), key=_get_start)


_TITLE, _SUMMARY, _CONTENT = (FIELD_NUMBERS[field] for field in TEXT_FIELDS)
_get_start = itemgetter(1)
