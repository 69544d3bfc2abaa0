"""Many queries at once: one scan finds every literal, and a query is evaluated only where what it requires occurs.

One Aho-Corasick automaton over padded words finds the patterns of all queries. Each query waits for the rarest group of
patterns it requires; those for which one occurs check their other groups as sets, then their predicate, and only then
is anything evaluated with positions. Built once, never changed: a reload builds another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import ahocorasick_rs

from watcher.match.entry_text import EntryText
from watcher.match.fast_predicates import Predicate, PredicateCompiler
from watcher.match.node import Node, Occurrence
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.patterns import (
    PatternGroup,
    ends_inside_word,
    estimate_frequency,
    is_literal,
    list_patterns,
    list_required_groups,
    split_residual,
)
from watcher.match.phrase import Phrase
from watcher.match.place_evidence import PatternClauses, PlaceEvidence, Source, list_evidence_sources
from watcher.match.scan_result import OrOptions, PhrasePatterns, ScanResult
from watcher.match.syntax import Query
from watcher.model.topic import Evidence


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """How the index evaluates a query: `predicate` is what remains once a pattern of each required group occurs."""

    query: int
    root: Node
    predicate: Predicate | None
    places: tuple[Source, ...] | None
    """What is evidence wherever it occurs; None where operators choose among the places."""


_BLOCK = 4096
"""Numbers of patterns are made so many at a time: they are side by side in memory, and matching reads them."""

_Waiting: TypeAlias = tuple[tuple[tuple[tuple[int, ...], ...], _Plan], ...]
"""Plans that wait for one pattern, each with what is still to be tested: groups of which each needs a pattern."""


class _TriggerTable:
    """Which plans wait for which pattern, each with the other groups of patterns of which one has to occur as well.

    Most patterns that occur lead to plans that lack another word. So each pattern has a gate: a few patterns of which
    one occurs wherever any of its plans can match. It is tested without a look at the plans, since reading memory here
    and there takes longer than the tests.
    """

    def __init__(self, waiting: Mapping[int, list[tuple[Sequence[PatternGroup], _Plan]]], patterns: int) -> None:
        self._gates: list[tuple[int, ...]] = [()] * patterns
        self._waiting: list[_Waiting] = [()] * patterns
        for number, plans in waiting.items():
            # Where a plan has no other group, the pattern itself opens the gate.
            smallest = [min(groups, key=len) if groups else (number,) for groups, _plan in plans]
            self._gates[number] = tuple(dict.fromkeys(chain.from_iterable(smallest)))
            # A gate of one plan has tested its smallest group.
            tested = smallest if len(plans) == 1 else ()
            self._waiting[number] = tuple(
                (tuple(tuple(group) for group in sorted(groups, key=len) if group not in tested), plan)
                for groups, plan in plans
            )

    def find_candidates(self, present: set[int]) -> Iterable[_Plan]:
        """Return the plans of which every group has a pattern that occurs, once each."""
        gates, waiting = self._gates, self._waiting
        is_absent = present.isdisjoint
        # One comprehension without calls of our own: it runs for every pattern of every entry.
        candidates = [
            plan
            for number in present
            if not is_absent(gates[number])
            for groups, plan in waiting[number]
            if not (groups and any(map(is_absent, groups)))
        ]
        return dict.fromkeys(candidates)


class QueryIndex:
    """Many compiled queries, numbered in the order in which they were given."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._pattern_numbers: dict[str, int] = {}
        self._frequencies: list[float] = []
        self._spare_numbers: list[int] = []
        self._by_phrase: dict[Phrase, PhrasePatterns] = {}
        # By identity: a set's nodes are shared by all that name it, and hashing them for each entry would cost more
        # than the scan. The plans keep them alive.
        self._by_id: dict[int, PhrasePatterns] = {}
        self._options: dict[int, OrOptions] = {}
        self._pattern_clauses: PatternClauses = {}
        self._clauses: dict[int, str] = {}
        self._compiler = PredicateCompiler(self._by_id)
        self._unconditional: list[_Plan] = []
        waiting: dict[int, list[tuple[Sequence[PatternGroup], _Plan]]] = {}
        for number, query in enumerate(queries):
            self._add_query(number, query.root, waiting)
        self._triggers = _TriggerTable(waiting, len(self._pattern_numbers))
        self._automaton = ahocorasick_rs.AhoCorasick(
            list(self._pattern_numbers),
            implementation=ahocorasick_rs.Implementation.ContiguousNFA,
            store_patterns=False,
        )

    @property
    def patterns(self) -> tuple[str, ...]:
        """The strings that the scan looks for."""
        return tuple(self._pattern_numbers)

    def find_matches(self, entry: EntryText) -> Iterator[tuple[int, list[Occurrence]]]:
        """Yield the number of each query that matches, with its occurrences; in no order."""
        scan = self._scan(entry)
        matching = self._list_matching(scan)
        for plan in matching:
            occurrences = scan.find_occurrences(plan.root)
            if occurrences is not None:
                yield plan.query, occurrences

    def find_evidence(self, entry: EntryText) -> Iterator[tuple[int, tuple[Evidence, ...]]]:
        """Yield the number of each query that matches, with its evidence; in no order."""
        scan = self._scan(entry)
        matching = self._list_matching(scan)
        places = PlaceEvidence(scan, self._pattern_clauses, self._clauses)
        for plan in matching:
            if plan.places is not None:
                yield plan.query, places.extract(plan.places)
            elif (occurrences := scan.find_occurrences(plan.root)) is not None:
                yield plan.query, places.extract_from(occurrences)

    def list_matching(self, entry: EntryText) -> list[int]:
        """Return the numbers of the queries that match, in no order."""
        return [plan.query for plan in self._list_matching(self._scan(entry))]

    def _scan(self, entry: EntryText) -> ScanResult:
        written, padded = entry.padded_texts()
        spans = self._automaton.find_matches_as_indexes(padded, overlapping=True)
        return ScanResult(entry, written, padded, spans, self._by_id, self._options)

    def _list_matching(self, scan: ScanResult) -> list[_Plan]:
        candidates = [*self._triggers.find_candidates(scan.pattern_numbers), *self._unconditional]
        return [plan for plan in candidates if (predicate := plan.predicate) is None or predicate.matches(scan)]

    def _add_query(
        self, number: int, root: Node, waiting: dict[int, list[tuple[Sequence[PatternGroup], _Plan]]]
    ) -> None:
        self._add_nodes(root)
        groups = sorted(set(list_required_groups(root, self._get_group)), key=self._estimate_cost)
        remaining, excluded = split_residual(root, self._get_conclusive)
        plan = _Plan(
            query=number,
            root=root,
            predicate=self._compiler.compile(And(remaining, excluded)) if remaining or excluded else None,
            places=list_evidence_sources(root, lambda phrase: self._by_id[id(phrase)], self._pattern_clauses),
        )
        if not groups:
            self._unconditional.append(plan)
            return
        for pattern in groups[0]:
            waiting.setdefault(pattern, []).append((groups[1:], plan))

    def _add_nodes(self, node: Node) -> None:
        """Number the patterns of every phrase, and note for each OR which of its options has which pattern."""
        if isinstance(node, Phrase):
            if id(node) not in self._by_id:
                self._by_id[id(node)] = self._get_patterns(node)
            return
        if id(node) in self._options:
            return
        for child in node.children():
            self._add_nodes(child)
        if isinstance(node, Or):
            by_pattern: dict[int, tuple[tuple[int, Phrase], ...]] = {}
            others = []
            for position, option in enumerate(node.parts):
                if isinstance(option, Phrase):
                    for number in self._by_id[id(option)].numbers:
                        by_pattern[number] = (*by_pattern.get(number, ()), (position, option))
                else:
                    others.append((position, option))
            self._options[id(node)] = OrOptions(by_pattern, tuple(others))

    def _get_group(self, phrase: Phrase) -> PatternGroup:
        return frozenset(self._by_id[id(phrase)].numbers)

    def _estimate_cost(self, group: PatternGroup) -> float:
        return sum(self._frequencies[number] for number in group)

    def _get_patterns(self, phrase: Phrase) -> PhrasePatterns:
        known = self._by_phrase.get(phrase)
        if known is None:
            patterns = list_patterns(phrase)
            known = self._by_phrase[phrase] = PhrasePatterns(
                numbers=tuple(self._add_pattern(pattern.text) for pattern in patterns),
                conclusive=all(pattern.conclusive for pattern in patterns),
                open_ended=ends_inside_word(phrase),
                is_literal=is_literal(phrase),
            )
        return known

    def _add_pattern(self, pattern: str) -> int:
        number = self._pattern_numbers.get(pattern)
        if number is None:
            if not self._spare_numbers:
                known = len(self._pattern_numbers)
                self._spare_numbers = list(range(known + _BLOCK - 1, known - 1, -1))
            number = self._pattern_numbers[pattern] = self._spare_numbers.pop()
            self._frequencies.append(estimate_frequency(pattern))
        return number

    def _get_conclusive(self, phrase: Phrase) -> tuple[int, ...] | None:
        """Return the patterns of which each is proof of a phrase; None where its spans have to be looked at."""
        patterns = self._by_id[id(phrase)]
        return patterns.numbers if patterns.conclusive else None
