"""Many topics at once: one scan finds every literal, and a topic is evaluated only where what it requires occurs.

One Aho-Corasick automaton over padded words finds the patterns of all topics; each topic hangs on the rarest group of
patterns it requires; those that are woken check their other groups as sets, and only then is anything evaluated with
positions. Built once, never changed: a reload builds another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import ahocorasick_rs

from watcher.match import evidence
from watcher.match.entry_text import EntryText
from watcher.match.evaluate import find_occurrences
from watcher.match.fast_predicates import Predicate, PredicateCompiler
from watcher.match.patterns import (
    PatternGroup,
    estimate_frequency,
    is_decided_by_patterns,
    is_literal,
    leaf_patterns,
    required_groups,
    residual_nodes,
)
from watcher.match.proximity import Occurrence
from watcher.match.scan_result import MAX_LISTED_PATTERNS, LeafPatterns, OrOptions, ScanResult, ends_inside_word
from watcher.match.syntax import And, Node, Or, Phrase, Query, parts_of
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence, Hit, Origin, Topic


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A topic's query as the index asks it: the test that remains when one of each group of patterns occurs, if any."""

    topic: int
    root: Node
    test: Predicate | None
    looked_at: tuple[Collection[int], ...]
    """The patterns of which the test may ask where they stand."""
    patterns: tuple[Collection[int], ...]
    """All patterns of its leaves."""


_Asked: TypeAlias = tuple[int, tuple[int, ...], int, tuple[int, ...], tuple[PatternGroup, ...], _Plan]


class _Waiting:
    """Which plans hang on which pattern, each with the other groups of patterns of which one has to occur as well.

    The first two of up to five patterns are a pattern and its others: most have one, and this is asked for every
    pattern that occurs. All that is asked lies in one tuple: what is far apart in memory takes longer than the asking.
    """

    def __init__(self, waiting: Mapping[int, list[tuple[Sequence[PatternGroup], _Plan]]], patterns: int) -> None:
        self._hung: list[tuple[_Asked, ...] | None] = [None] * patterns
        for number, plans in waiting.items():
            self._hung[number] = tuple(self._asked(number, groups_, plan) for groups_, plan in plans)

    def woken(self, held: set[int]) -> Iterable[_Plan]:
        """Give the plans of which all groups occur, once each."""
        hung = self._hung
        disjoint = held.isdisjoint
        woken = [
            plan
            for number in held
            if (plans := hung[number])
            for one, ones, other, others, rest, plan in plans
            if (one in held or (ones and not disjoint(ones)))
            and (other in held or (others and not disjoint(others)))
            and not (rest and any(map(disjoint, rest)))
        ]
        return dict.fromkeys(woken)

    @staticmethod
    def _asked(number: int, groups_: Sequence[PatternGroup], plan: _Plan) -> _Asked:
        short = [group for group in groups_ if len(group) <= 5][:2]
        (one, *ones), (other, *others) = (sorted(group) for group in [*short, (number,), (number,)][:2])
        return one, tuple(ones), other, tuple(others), tuple(group for group in groups_ if group not in short), plan


class QueryIndex:
    """The compiled queries of many topics."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._numbers: dict[str, int] = {}
        self._leaves: dict[Phrase, LeafPatterns] = {}
        # By identity: a set's nodes are shared by all that name it, and hashing them for each entry would cost more
        # than the scan. The plans keep them alive.
        self._by_id: dict[int, LeafPatterns] = {}
        self._options: dict[int, OrOptions] = {}
        self._quick = PredicateCompiler(self._by_id)
        self._always: list[_Plan] = []
        self._rarity: list[float] = []
        waiting: dict[int, list[tuple[Sequence[PatternGroup], _Plan]]] = {}
        for number, query in enumerate(queries):
            self._hang(number, query.root, waiting)
        self._waiting = _Waiting(waiting, len(self._numbers))
        self._automaton = ahocorasick_rs.AhoCorasick(
            list(self._numbers), implementation=ahocorasick_rs.Implementation.ContiguousNFA, store_patterns=False
        )

    @property
    def patterns(self) -> tuple[str, ...]:
        """List the strings that the scan looks for."""
        return tuple(self._numbers)

    def matching(self, reading: EntryText) -> Iterator[tuple[int, list[Occurrence]]]:
        """Give the numbers of the queries that match, with where."""
        scan = self._scan(reading)
        holding = self._holding(scan)
        scan.expect([group for plan in holding for group in plan.patterns])
        for plan in holding:
            found = find_occurrences(plan.root, reading, scan)
            if found is not None:
                yield plan.topic, found

    def numbers(self, reading: EntryText) -> list[int]:
        """Give the numbers of the queries that match, and not where."""
        return [plan.topic for plan in self._holding(self._scan(reading))]

    def _scan(self, reading: EntryText) -> ScanResult:
        written, padded = reading.padded()
        found = self._automaton.find_matches_as_indexes(padded, overlapping=True)
        return ScanResult(reading, written, padded, found, self._by_id, self._options)

    def _holding(self, scan: ScanResult) -> list[_Plan]:
        """Give the plans that hold."""
        asked = [*self._waiting.woken(scan.held), *self._always]
        scan.expect([group for plan in asked for group in plan.looked_at])
        return [plan for plan in asked if (test := plan.test) is None or test(scan)]

    def _hang(self, number: int, root: Node, waiting: dict[int, list[tuple[Sequence[PatternGroup], _Plan]]]) -> None:
        self._learn(root)
        needed = sorted(set(required_groups(root, self._group)), key=self._cost)
        remaining, excluded = residual_nodes(root, self._enough)
        patterns = self._patterns(root)
        doubtful = *remaining, *(node for node in excluded if not is_decided_by_patterns(node, self._enough))
        plan = _Plan(
            topic=number,
            root=root,
            test=self._quick.test(And(remaining, excluded)) if remaining or excluded else None,
            looked_at=patterns if doubtful and doubtful[0] is root else self._patterns(*doubtful),
            patterns=patterns,
        )
        if not needed:
            self._always.append(plan)
            return
        for pattern in needed[0]:
            waiting.setdefault(pattern, []).append((needed[1:], plan))

    def _patterns(self, *nodes: Node) -> tuple[Collection[int], ...]:
        """Give all patterns of some nodes' leaves: their own, and those of long ORs, which many topics may share."""
        own: dict[int, None] = {}
        shared = []
        left = [*nodes]
        while left:
            node = left.pop()
            if isinstance(node, Phrase):
                own.update(dict.fromkeys(self._by_id[id(node)].patterns))
            elif isinstance(node, Or) and len((options := self._options[id(node)]).betrayed) > MAX_LISTED_PATTERNS:
                shared.append(options.betrayed.keys())
                left += [part for _at, part in options.others]
            else:
                left += parts_of(node)
        return (tuple(own), *shared) if own else tuple(shared)

    def _learn(self, node: Node) -> None:
        """Number every leaf, and for each OR note which of its options which pattern betrays."""
        if isinstance(node, Phrase):
            if id(node) not in self._by_id:
                self._by_id[id(node)] = self._number(node)
            return
        if id(node) in self._options:
            return
        for part in parts_of(node):
            self._learn(part)
        if isinstance(node, Or):
            betrayed: dict[int, tuple[tuple[int, Phrase], ...]] = {}
            others = []
            for at, part in enumerate(node.parts):
                if isinstance(part, Phrase):
                    for number in self._by_id[id(part)].patterns:
                        betrayed[number] = (*betrayed.get(number, ()), (at, part))
                else:
                    others.append((at, part))
            self._options[id(node)] = OrOptions(betrayed, tuple(others))

    def _group(self, leaf: Phrase) -> PatternGroup:
        return frozenset(self._by_id[id(leaf)].patterns)

    def _cost(self, group: PatternGroup) -> float:
        return sum(self._rarity[number] for number in group)

    def _number(self, leaf: Phrase) -> LeafPatterns:
        known = self._leaves.get(leaf)
        if known is None:
            some = leaf_patterns(leaf)
            known = self._leaves[leaf] = LeafPatterns(
                patterns=tuple(self._add(trigger.pattern) for trigger in some),
                certain=all(trigger.certain for trigger in some),
                open=ends_inside_word(leaf),
                spelt=is_literal(leaf),
            )
        return known

    def _add(self, pattern: str) -> int:
        number = self._numbers.setdefault(pattern, len(self._numbers))
        if number == len(self._rarity):
            self._rarity.append(estimate_frequency(pattern))
        return number

    def _enough(self, leaf: Phrase) -> tuple[int, ...] | None:
        """Give the patterns of which one is enough for a leaf to hold; None where that has to be looked at."""
        known = self._by_id[id(leaf)]
        return known.patterns if known.certain else None


class TopicMatcher:
    """The topics that are watched, compiled: immutable, and safe to use from several threads."""

    def __init__(
        self,
        topics: Sequence[Topic],
        queries: Sequence[Query],
        versions: Sequence[str],
        sets: Mapping[str, Node] | None = None,
    ) -> None:
        self.topics = tuple(topics)
        self.sets = dict(sets or {})
        """The nodes that @sets stand for in the queries."""
        self._queries = {topic.id: query for topic, query in zip(topics, queries, strict=True)}
        self._versions = {topic.id: version for topic, version in zip(topics, versions, strict=True)}
        self._index = QueryIndex(queries)

    def query(self, topic_id: str) -> Query:
        """Give a topic's query; raises KeyError."""
        return self._queries[topic_id]

    def version(self, topic_id: str) -> str:
        """Give the hash of what a topic means, however it is spelt; raises KeyError."""
        return self._versions[topic_id]

    @property
    def index(self) -> QueryIndex:
        """Give the index of the topics' queries, numbered in the order of `topics`."""
        return self._index

    def matching(self, reading: EntryText) -> tuple[str, ...]:
        """Give the ids of the topics that match an entry, in their order, and not where."""
        return tuple(self.topics[number].id for number in sorted(self._index.numbers(reading)))

    def hits(
        self, entries: Iterable[StoredEntry | EntryText], now: datetime, origin: Origin = Origin.LIVE
    ) -> tuple[Hit, ...]:
        """Match entries against every topic, with evidence, in the order of the entries and of the topics."""
        found = []
        for each in entries:
            reading = each if isinstance(each, EntryText) else EntryText(each)
            for number, places in sorted(self._index.matching(reading), key=lambda pair: pair[0]):
                topic = self.topics[number]
                shown = evidence.extract_evidence(places, reading)
                found.append(
                    Hit(
                        topic_id=topic.id,
                        topic_version=self._versions[topic.id],
                        entry_id=reading.stored.id,
                        evidence=shown,
                        score=evidence.score_evidence(shown),
                        matched_at=now,
                        origin=origin,
                    )
                )
        return tuple(found)


def build_entry_matcher(query: Query) -> Callable[[StoredEntry], tuple[Evidence, ...] | None]:
    """Make what `find` is, for asking one query of many entries: a long one is asked by scanning, as topics are."""
    index = QueryIndex([query])

    def find(stored: StoredEntry) -> tuple[Evidence, ...] | None:
        reading = EntryText(stored)
        for _number, places in index.matching(reading):
            return evidence.extract_evidence(places, reading)
        return None

    return find
