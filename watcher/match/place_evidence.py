"""The evidence of queries of which each place of each word counts: most are ANDs and ORs of words.

`evidence` is the way for all queries, by occurrences. Where no operator chooses among the places of a word, what they
come to is the same as all places in the text, taken from the scan and put in order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeAlias

from watcher.match.evidence import MAX_EVIDENCE, build_evidence, extract_evidence
from watcher.match.fast_predicates import exclude_near_places, list_phrases
from watcher.match.fields import TEXT_FIELDS
from watcher.match.format import format_clause
from watcher.match.node import Fields, Leaf, Node, Occurrence
from watcher.match.operators.at_least import AtLeast
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.operators.field_equals import FieldEquals
from watcher.match.operators.field_scope import FieldScope
from watcher.match.operators.first import First
from watcher.match.operators.not_near import NotNear
from watcher.match.phrase import Literal, Phrase, Prefix
from watcher.match.scan_result import MAX_LISTED_PATTERNS, PhrasePatterns, ScanResult, Span
from watcher.model.topic import Evidence

_Places: TypeAlias = dict[tuple[int, int], Evidence]
"""Evidence by where it begins and ends in the padded text."""

_Field: TypeAlias = tuple[str, int, str, list[int], list[int]]
"""A field: its name, the blank before it in the padded text, its text, and how far its words stand after where they are
in the padded text (`list_offsets`), if that is known."""


class PatternClause:
    """The phrase that is where a pattern is, with its text once that was needed."""

    __slots__ = ("_phrase", "_text", "is_open_ended")

    def __init__(self, phrase: Phrase, is_open_ended: bool) -> None:
        self._phrase = phrase
        self._text = ""
        self.is_open_ended = is_open_ended

    def format(self) -> str:
        """Return the phrase's text."""
        if not self._text:
            self._text = format_clause(self._phrase)
        return self._text


PatternClauses: TypeAlias = dict[int, PatternClause]


class EvidenceSource(NamedTuple):
    """A phrase, or an OR of many, whose places are evidence: in some fields, within the first `limit` words of each.

    `patterns` are those of the phrase, None for an OR. Sources with one `key` have the same evidence. Instead of a
    source stands the number of a pattern alone (`Source`), where a phrase is in all of the text wherever it is.
    """

    node: Node
    patterns: PhrasePatterns | None
    fields: Fields
    limit: int | None
    key: object


class NotNearSource(NamedTuple):
    """A NOT NEAR of phrases: what is evidence are the places of its left operand that are near none of its right."""

    node: NotNear
    lefts: tuple[EvidenceSource | int, ...]
    rights: tuple[tuple[Phrase, PhrasePatterns], ...]


Source: TypeAlias = EvidenceSource | NotNearSource | int
GetPatterns: TypeAlias = Callable[[Phrase], PhrasePatterns]


def list_evidence_sources(root: Node, get_patterns: GetPatterns, clauses: PatternClauses) -> tuple[Source, ...] | None:
    """Return what is evidence wherever it occurs in an entry that the query matches.

    None where that is not all there is to it: for NEAR, ORs of ANDs, and fields outside of the text.
    """
    builder = _SourceBuilder(get_patterns, clauses)
    return tuple(builder.sources) if builder.add(root, TEXT_FIELDS, None, has_matched=True) else None


class _SourceBuilder:
    def __init__(self, get_patterns: GetPatterns, clauses: PatternClauses) -> None:
        self._get_patterns = get_patterns
        self._clauses = clauses
        self.sources: list[Source] = []

    def add(self, node: Node, fields: Fields, limit: int | None, *, has_matched: bool) -> bool:
        """Add what is evidence below a node; returns whether that is all.

        `has_matched` where the node must have matched for the query to match: of an OR any option may have.
        """
        match node:
            case Phrase():
                self.sources.append(self._build_source(node, fields, limit))
                return set(fields) <= set(TEXT_FIELDS)
            case Or(parts=parts) if len(parts) > MAX_LISTED_PATTERNS and all(
                isinstance(part, Phrase) for part in parts
            ):
                self.sources.append(EvidenceSource(node, None, fields, limit, None))
                return set(fields) <= set(TEXT_FIELDS)
            case Or(parts=parts):
                return all(self.add(part, fields, limit, has_matched=False) for part in parts)
            case And() | AtLeast() if has_matched:
                return all(self.add(part, fields, limit, has_matched=True) for part in node.positive_children())
            case First(count=count, part=part):
                smallest = count if limit is None else min(count, limit)
                return self.add(part, fields, smallest, has_matched=has_matched)
            case FieldScope(part=part):
                return self.add(part, node.child_fields(fields), limit, has_matched=has_matched)
            case NotNear():
                return self._add_not_near(node, is_plain=has_matched and (fields, limit) == (TEXT_FIELDS, None))
            case _:
                return isinstance(node, FieldEquals)  # it has no words

    def _add_not_near(self, node: NotNear, *, is_plain: bool) -> bool:
        lefts, rights = list_phrases(node.left), list_phrases(node.right)
        if not is_plain or lefts is None or rights is None or max(len(lefts), len(rights)) > MAX_LISTED_PATTERNS:
            return False
        sources = tuple(self._build_source(phrase, TEXT_FIELDS, None) for phrase in lefts)
        others = tuple((phrase, self._get_patterns(phrase)) for phrase in rights)
        self.sources.append(NotNearSource(node, sources, others))
        return True

    def _build_source(self, phrase: Phrase, fields: Fields, limit: int | None) -> EvidenceSource | int:
        patterns = self._get_patterns(phrase)
        # One pattern may be that of several phrases: only the plainest one, which it proves, stands for it.
        is_plain = patterns.conclusive and all(isinstance(part, Literal | Prefix) for part in phrase.parts)
        if fields != TEXT_FIELDS or limit is not None or not is_plain:
            return build_source(phrase, patterns, fields, limit)
        (number,) = patterns.numbers
        self._clauses.setdefault(number, PatternClause(phrase, patterns.open_ended))
        return number


def build_source(phrase: Phrase, patterns: PhrasePatterns, fields: Fields, limit: int | None) -> EvidenceSource:
    """Return a phrase as a source of evidence."""
    return EvidenceSource(phrase, patterns, fields, limit, (id(patterns), fields, limit))


class PlaceEvidence:
    """The evidence in one entry, built once for all queries that have a phrase; `clauses` are kept for all entries."""

    def __init__(self, scan: ScanResult, pattern_clauses: PatternClauses, clauses: dict[int, str]) -> None:
        self._scan = scan
        self._pattern_clauses = pattern_clauses
        self._clauses = clauses
        self._by_key: dict[object, _Places] = {}
        self._by_leaf: dict[int, Evidence] = {}
        self._fields: list[_Field | None] = [None] * len(TEXT_FIELDS)

    def extract(self, sources: Iterable[Source]) -> tuple[Evidence, ...]:
        """Return the evidence of a query that matches, in reading order."""
        places: _Places = {}
        self._add_places(places, sources)
        if len(places) == 1:
            return tuple(places.values())
        return tuple([places[place] for place in sorted(places)[:MAX_EVIDENCE]])

    def _add_places(self, places: _Places, sources: Iterable[Source]) -> None:
        get_known, get_spans = self._by_key.get, self._scan.spans_by_pattern.get
        # Of two phrases at one place the last one is evidence, as where occurrences are sorted.
        for source in sources:
            if isinstance(source, int):
                known = get_known(source)
                if known is None and (spans := get_spans(source)) is not None:
                    known = self._build_of_pattern(source, spans)
                if known is not None:
                    places.update(known)
            elif isinstance(source, NotNearSource):
                self._add_remaining(places, source)
            else:
                for phrase in self._list_options(source) if source.patterns is None else (source,):
                    places.update(self._get_places(phrase))

    def _add_remaining(self, places: _Places, source: NotNearSource) -> None:
        """Add what is left of NOT NEAR."""
        rights = self._scan.find_spans_of_any(source.rights)
        if not rights:
            self._add_places(places, source.lefts)
            return
        lefts: _Places = {}
        self._add_places(lefts, source.lefts)
        if len(lefts) < MAX_EVIDENCE:
            gap, ordered = source.node.gap, source.node.ordered
            remaining = exclude_near_places(self._scan.text, lefts, rights, gap, ordered=ordered)
            places.update({place: lefts[place] for place in remaining})
            return
        # What stands after the first places may count too, if these do not.
        for occurrence in (self._scan.find_occurrences(source.node) or ())[:MAX_EVIDENCE]:
            for leaf in occurrence.leaves:
                _number, start, end = self._scan.leaf_spans[id(leaf)]
                places[start, end] = self._build_for_leaf(leaf)

    def _build_of_pattern(self, number: int, spans: list[Span]) -> _Places:
        clause = self._pattern_clauses[number]
        if clause.is_open_ended:
            find = self._scan.text.find
            spans = [(number, start, find(" ", end) + 1) for _number, start, end in spans[:MAX_EVIDENCE]]
        places = self._by_key[number] = self._build(spans[:MAX_EVIDENCE], clause.format())
        return places

    def extract_from(self, occurrences: list[Occurrence]) -> tuple[Evidence, ...]:
        """Return the evidence of occurrences, in reading order."""
        return extract_evidence(occurrences, self._scan.entry, self._build_for_leaf)

    def _build_for_leaf(self, leaf: Leaf) -> Evidence:
        span = self._scan.leaf_spans.get(id(leaf))
        if span is None or not isinstance(leaf.phrase, Phrase):
            return build_evidence(leaf, self._scan.entry)
        # The scan keeps this leaf: no other has its identity.
        evidence = self._by_leaf.get(id(leaf))
        if evidence is None:
            (evidence,) = self._build(
                [span], self._get_clause(leaf.phrase, self._scan.get_patterns(leaf.phrase))
            ).values()
            self._by_leaf[id(leaf)] = evidence
        return evidence

    def _list_options(self, source: EvidenceSource) -> list[EvidenceSource]:
        return [
            build_source(option, self._scan.get_patterns(option), source.fields, source.limit)
            for option in self._scan.plausible_options(source.node, source.fields)
            if isinstance(option, Phrase)
        ]

    def _get_places(self, source: EvidenceSource) -> _Places:
        """Return the evidence of a phrase by its places: the first that count for any query."""
        phrase, patterns, fields, limit, key = source
        if key in self._by_key or patterns is None or not isinstance(phrase, Phrase):
            return self._by_key.get(key, {})
        spans = self._scan.find_spans_of(phrase, patterns)
        if spans and (limit is not None or fields != TEXT_FIELDS):
            spans = [span for span in spans if self._is_within(span, fields, limit)]
        places = self._build(spans[:MAX_EVIDENCE], self._get_clause(phrase, patterns)) if spans else {}
        self._by_key[key] = places
        return places

    def _is_within(self, span: Span, fields: Fields, limit: int | None) -> bool:
        """Return whether a span is in some fields, within the first words of each."""
        _pattern, start, end = span
        summary, content = self._scan.field_ends()
        field, begin = (
            ("title", 0) if start < summary else ("summary", summary + 2) if start < content
            else ("content", content + 2)
        )  # fmt: skip
        return field in fields and (limit is None or self._scan.text.count(" ", begin, end - 1) <= limit)

    def _build(self, spans: Iterable[Span], clause: str) -> _Places:
        """Return the evidence at some places of the padded text."""
        places: _Places = {}
        summary, content = self._scan.field_ends()
        # Without calls but for the search: most of what an entry with many hits takes is spent here.
        for _pattern, start, end in spans:
            number = 0 if start < summary else 1 if start < content else 2
            field = self._fields[number] or self._add_field(number, (0, summary + 2, content + 2)[number])
            name, base, text, marks, offsets = field
            begin, stop = start - base, end - base - 2
            if marks:
                mark = bisect_right(marks, begin) - 1
                begin += offsets[mark]
                # Words of one phrase stand together, but for what is between them.
                stop += offsets[bisect_right(marks, stop, mark) - 1]
            else:
                begin, stop = self._scan.entry.locate_folded(name, begin, stop)
            places[start, end] = build_from_fields((name, begin, stop, text[begin:stop], clause))
        return places

    def _add_field(self, number: int, base: int) -> _Field:
        name, entry = TEXT_FIELDS[number], self._scan.entry
        field = self._fields[number] = (name, base, entry.text(name), *entry.list_folded_offsets(name))
        return field

    def _get_clause(self, phrase: Phrase, patterns: PhrasePatterns) -> str:
        clause = self._clauses.get(id(patterns))
        if clause is None:
            clause = self._clauses[id(patterns)] = format_clause(phrase)
        return clause


build_from_fields = partial(tuple.__new__, Evidence)
"""Builds evidence in half the time that the class takes."""
