"""Many topics at once: one scan finds every literal, and a topic is evaluated only where what it requires occurs.

One Aho-Corasick automaton over padded words finds the patterns of all topics; each topic hangs on the rarest group of
patterns it requires; those that are woken check their other groups as sets, and only then is anything evaluated with
positions. Built once, never changed: a reload builds another.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

import ahocorasick_rs

from watcher.match import evidence
from watcher.match.document import Reading
from watcher.match.evaluate import InWords, Occurrence, fits, occurrences
from watcher.match.plan import Group, decides, groups, rarity, triggers
from watcher.match.syntax import TEXT_FIELDS, And, Node, Or, Query, Words, parts_of
from watcher.model.entry import StoredEntry
from watcher.model.topic import Hit, Origin, Topic

_TEXT = frozenset(TEXT_FIELDS)
_BARRIER = "\x01"
"""A word that no text has: phrases end at the end of a field."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A topic's query as the index asks it: further required groups, what must be absent, and whether that decides."""

    topic: int
    root: Node
    others: tuple[Group, ...]
    without: Group
    decided: bool


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of an OR: words by the patterns that betray them, and the rest."""

    betrayed: dict[int, list[Node]]
    others: tuple[Node, ...]


class Index:
    """The compiled queries of many topics."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._numbers: dict[str, int] = {}
        self._leaves: dict[Words, tuple[tuple[int, bool], ...]] = {}
        # By identity: a set's nodes are shared by all that name it, and hashing them for each entry would cost more
        # than the scan. The plans keep them alive.
        self._by_id: dict[int, tuple[tuple[int, bool], ...]] = {}
        self._options: dict[int, _Options] = {}
        self._waiting: dict[int, list[_Plan]] = {}
        self._always: list[_Plan] = []
        self._rarity: list[float] = []
        for number, query in enumerate(queries):
            self._hang(number, query.root)
        self._by_pattern: list[tuple[_Plan, ...]] = [
            tuple(self._waiting.get(number, ())) for number in range(len(self._numbers))
        ]
        self._automaton = ahocorasick_rs.AhoCorasick(
            list(self._numbers), implementation=ahocorasick_rs.Implementation.ContiguousNFA, store_patterns=False
        )

    @property
    def patterns(self) -> tuple[str, ...]:
        """List the strings that the scan looks for."""
        return tuple(self._numbers)

    def matching(self, reading: Reading) -> Iterator[tuple[int, list[Occurrence]]]:
        """Give the numbers of the queries that match, with where."""
        scan = self._scan(reading)
        for plan in self._woken(scan):
            found = occurrences(plan.root, reading, scan)
            if found is not None:
                yield plan.topic, found

    def numbers(self, reading: Reading) -> list[int]:
        """Give the numbers of the queries that match, and not where."""
        scan = self._scan(reading)
        return [
            plan.topic
            for plan in self._woken(scan)
            if plan.decided or occurrences(plan.root, reading, scan) is not None
        ]

    def _scan(self, reading: Reading) -> _Scan:
        words = reading.words("title"), reading.words("summary"), reading.words("content")
        padded = f" {' '.join([*words[0], _BARRIER, *words[1], _BARRIER, *words[2]])} "
        found = self._automaton.find_matches_as_indexes(padded, overlapping=True)
        return _Scan(reading, words, found, self._by_id, self._options)

    def _woken(self, scan: _Scan) -> Iterator[_Plan]:
        held = scan.held
        by_pattern = self._by_pattern
        seen: set[int] = set()
        for number in held:
            for plan in by_pattern[number]:
                if plan.topic in seen:
                    continue
                seen.add(plan.topic)
                for group in plan.others:
                    if held.isdisjoint(group):
                        break
                else:
                    if not plan.without or held.isdisjoint(plan.without):
                        yield plan
        yield from self._always

    def _hang(self, number: int, root: Node) -> None:
        self._learn(root)
        needed = sorted(set(groups(root, self._number)), key=self._cost)
        decided = decides(root, self._certain)
        without: Group = frozenset()
        if decided and isinstance(root, And):
            for part in root.without:
                without |= frozenset().union(*(self._number(leaf) for leaf in _leaves(part)))
        plan = _Plan(number, root, tuple(needed[1:]), without, decided)
        if not needed:
            self._always.append(plan)
            return
        for pattern in needed[0]:
            self._waiting.setdefault(pattern, []).append(plan)

    def _learn(self, node: Node) -> None:
        """Number every leaf, and for each OR note which of its options which pattern betrays."""
        if isinstance(node, Words):
            if id(node) not in self._by_id:
                self._number(node)
                self._by_id[id(node)] = self._leaves[node]
            return
        if id(node) in self._options:
            return
        for part in parts_of(node):
            self._learn(part)
        if isinstance(node, Or):
            betrayed: dict[int, list[Node]] = {}
            others = []
            for part in node.parts:
                if isinstance(part, Words):
                    for number, _certain in self._by_id[id(part)]:
                        betrayed.setdefault(number, []).append(part)
                else:
                    others.append(part)
            self._options[id(node)] = _Options(betrayed, tuple(others))

    def _cost(self, group: Group) -> float:
        return sum(self._rarity[number] for number in group)

    def _number(self, leaf: Words) -> Group:
        known = self._leaves.get(leaf)
        if known is None:
            known = tuple((self._add(trigger.pattern), trigger.certain) for trigger in triggers(leaf))
            self._leaves[leaf] = known
        return frozenset(number for number, _certain in known)

    def _add(self, pattern: str) -> int:
        number = self._numbers.setdefault(pattern, len(self._numbers))
        if number == len(self._rarity):
            self._rarity.append(rarity(pattern))
        return number

    def _certain(self, leaf: Words) -> bool:
        self._number(leaf)
        return all(certain for _number, certain in self._leaves[leaf])


class _Scan:
    """What one scan of an entry found; places are worked out only for what is asked."""

    def __init__(
        self,
        reading: Reading,
        words: tuple[list[str], ...],
        found: list[tuple[int, int, int]],
        leaves: dict[int, tuple[tuple[int, bool], ...]],
        options: dict[int, _Options],
    ) -> None:
        self._reading = reading
        self._words = words
        self._found = found
        self._leaves = leaves
        self._options = options
        self.known: dict[tuple[int, tuple[str, ...]], list[Occurrence] | None] = {}
        self.held = {match[0] for match in found}
        self._starts: dict[int, list[int]] | None = None
        self._offsets: list[int] = []
        self._bounds: tuple[int, int] = (0, 0)
        self._placed: dict[int, dict[str, list[tuple[int, int]]]] = {}
        self._elsewhere = InWords(reading)

    def find(self, leaf: Words, field: str) -> list[tuple[int, int]]:
        """Where a leaf occurs in a field."""
        if field not in TEXT_FIELDS:
            return self._elsewhere.find(leaf, field)
        places = self._placed.get(id(leaf))
        if places is None:
            places = self._placed[id(leaf)] = self._places(leaf)
        return places.get(field, [])

    def worth(self, node: Or, fields: tuple[str, ...]) -> Iterable[Node]:
        """Give the options of an OR that may hold: those whose patterns were found, and those without any."""
        if not set(fields) <= _TEXT:
            return node.parts
        options = self._options[id(node)]
        numbers = self.held & options.betrayed.keys()
        found = {id(part): part for number in numbers for part in options.betrayed[number]}
        return (*found.values(), *options.others)

    def _places(self, leaf: Words) -> dict[str, list[tuple[int, int]]]:
        width = len(leaf.parts) - 1
        found: dict[str, set[int]] = {}
        for number, certain in self._leaves[id(leaf)]:
            if number not in self.held:
                continue
            for field, first in self._begins(number):
                if certain or fits(leaf, field, first, self._reading):
                    found.setdefault(field, set()).add(first)
        return {field: [(first, first + width) for first in sorted(begins)] for field, begins in found.items()}

    def _begins(self, number: int) -> list[tuple[str, int]]:
        if self._starts is None:
            self._starts = {}
            for pattern, start, _end in self._found:
                self._starts.setdefault(pattern, []).append(start)
            title, summary, content = self._words
            # Where each word's padding blank stands; the barriers are words here.
            lengths = [len(word) + 1 for word in (*title, _BARRIER, *summary, _BARRIER, *content)]
            self._offsets = [0, *accumulate(lengths)]
            self._bounds = (len(title) + 1, len(title) + len(summary) + 2)
        begins = []
        for start in self._starts.get(number, ()):
            index = bisect_right(self._offsets, start) - 1
            if index < self._bounds[0]:
                begins.append(("title", index))
            elif index < self._bounds[1]:
                begins.append(("summary", index - self._bounds[0]))
            else:
                begins.append(("content", index - self._bounds[1]))
        return begins


class Watched:
    """The topics that are watched, compiled: immutable, and safe to use from several threads."""

    def __init__(self, topics: Sequence[Topic], queries: Sequence[Query], versions: Sequence[str]) -> None:
        self.topics = tuple(topics)
        self._queries = {topic.id: query for topic, query in zip(topics, queries, strict=True)}
        self._versions = {topic.id: version for topic, version in zip(topics, versions, strict=True)}
        self._index = Index(queries)

    def query(self, topic_id: str) -> Query:
        """Give a topic's query; raises KeyError."""
        return self._queries[topic_id]

    def version(self, topic_id: str) -> str:
        """Give the hash of what a topic means, however it is spelt; raises KeyError."""
        return self._versions[topic_id]

    def hits(
        self, entries: Iterable[StoredEntry | Reading], now: datetime, origin: Origin = Origin.LIVE
    ) -> tuple[Hit, ...]:
        """Match entries against every topic, with evidence, in the order of the entries and of the topics."""
        found = []
        for each in entries:
            reading = each if isinstance(each, Reading) else Reading(each)
            for number, places in sorted(self._index.matching(reading), key=lambda pair: pair[0]):
                topic = self.topics[number]
                shown = evidence.evidence(places, reading)
                found.append(
                    Hit(
                        topic_id=topic.id,
                        topic_version=self._versions[topic.id],
                        entry_id=reading.stored.id,
                        evidence=shown,
                        score=evidence.score(shown),
                        matched_at=now,
                        origin=origin,
                    )
                )
        return tuple(found)


def _leaves(node: Node) -> Iterator[Words]:
    if isinstance(node, Words):
        yield node
    for part in parts_of(node):
        yield from _leaves(part)
