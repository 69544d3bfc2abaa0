"""What each clause of a topic brings in alone, what each exclusion takes away, and which words have gone silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.match import EntryText, Query, QueryIndex
from watcher.match.evaluate import LinearFinder, find_occurrences
from watcher.match.format import format_clause
from watcher.match.syntax import And, Node, NotNear, Or, Phrase
from watcher.model.entry import StoredEntry
from watcher.store.database import Database
from watcher.store.entries.search import count_languages_in_range
from watcher.store.hits.labels import find_hit_labels
from watcher.topics.archive_scan import ProgressCallback, drop_content, iter_entries, propose_entries
from watcher.topics.named_query import NamedQuery
from watcher.topics.rewrite import iter_scoped_nodes, remove_nodes, replace_nodes

MAX_EXAMPLES = 5


@dataclass(slots=True)
class ClauseCost:
    """What a clause has to do with the hits of a time: those that it speaks in, those that rest on it `alone`.

    For an exclusion, `alone` counts what it alone takes away. `examples` are the newest of those.
    """

    clause: str
    hits: int = 0
    alone: int = 0
    relevant: int = 0
    irrelevant: int = 0
    last_at: datetime | None = None
    examples: list[StoredEntry] = field(default_factory=list)

    def fired(self, stored: StoredEntry) -> None:
        """Count a hit that the clause speaks in; they come newest first."""
        self.hits += 1
        self.last_at = max(self.last_at or stored.first_seen_at, stored.first_seen_at)

    def needed(self, stored: StoredEntry, label: str | None) -> None:
        """Count an entry that is in, or out, for this clause alone."""
        self.alone += 1
        self.relevant += label == "relevant"
        self.irrelevant += label == "irrelevant"
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(drop_content(stored))


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCost:
    """A topic taken apart over `tested` entries. `dead` are the words that no hit of the time rests on.

    `languages` tells, for each language among the entries, how many there are and how many of them are hits.
    """

    tested: int
    hits: int
    relevant: int
    irrelevant: int
    clauses: tuple[ClauseCost, ...]
    exclusions: tuple[ClauseCost, ...]
    terms: tuple[ClauseCost, ...]
    dead: tuple[str, ...]
    languages: Mapping[str, tuple[int, int]]


def measure_cost(
    database: Database,
    topic_id: str,
    named: NamedQuery,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    heard: ProgressCallback | None = None,
) -> TopicCost:
    """Match a topic against the entries first seen in [since, until), and each clause of it with and without."""
    walked = propose_entries(database, [named.query], since=since, until=until)
    labels = _labels(database, topic_id, walked.ids)
    parts = CostTally(named)
    spoken: Counter[str] = Counter()
    for stored in iter_entries(database, walked.ids, heard):
        if parts.weigh(stored, labels.get(stored.id)):
            spoken[_language(stored.entry.item.language)] += 1
    with database.read() as db:
        there: Counter[str] = Counter()
        for language, number in count_languages_in_range(db, walked.above, walked.below).items():
            there[_language(language)] += number
    return TopicCost(
        tested=walked.tested,
        hits=parts.hits,
        relevant=parts.relevant,
        irrelevant=parts.irrelevant,
        clauses=_ranked(parts.clauses),
        exclusions=_ranked(parts.exclusions),
        terms=_ranked(share for share in parts.terms.values() if share.hits),
        dead=tuple(sorted(share.clause for share in parts.terms.values() if not share.hits)),
        languages={language: (number, spoken[language]) for language, number in there.most_common()},
    )


class CostTally:
    """The parts of a query whose worth is asked, and the tally of each; the queries without them are made once."""

    def __init__(self, named: NamedQuery) -> None:
        self.hits = self.relevant = self.irrelevant = 0
        query = named.query
        self._root = query.root
        placed = list(iter_scoped_nodes(query.root))
        nodes = [node for node, _fields in placed]
        fields = {id(node): where for node, where in placed}
        whole = [] if isinstance(query.root, Or) else [query.root]
        options = [part for node in nodes if isinstance(node, Or) for part in node.parts]
        larger = _once([*whole, *(part for part in options if not isinstance(part, Phrase))])
        self._clauses = [(node, fields[id(node)], ClauseCost(named.say(node, 200))) for node in larger]
        self._leaves: dict[Phrase, ClauseCost] = {
            leaf: ClauseCost(format_clause(leaf)) for leaf in nodes if isinstance(leaf, Phrase)
        }
        self._lifted = list(_lifted(named, nodes))
        self._without: dict[int | Phrase, Node | None] = {}
        self._index = QueryIndex([query, *(lifted for lifted, _share in self._lifted)])

    @property
    def clauses(self) -> list[ClauseCost]:
        return [share for _node, _fields, share in self._clauses]

    @property
    def exclusions(self) -> list[ClauseCost]:
        return [share for _query, share in self._lifted]

    @property
    def terms(self) -> Mapping[Phrase, ClauseCost]:
        return self._leaves

    def weigh(self, stored: StoredEntry, label: str | None) -> bool:
        """Add an entry to the tallies; tells whether it is a hit."""
        reading = EntryText(stored)
        matching = dict(self._index.matching(reading))
        if 0 not in matching:
            for number in matching:
                share = self._lifted[number - 1][1]
                share.fired(stored)
                share.needed(stored, label)
            return False
        self.hits += 1
        self.relevant += label == "relevant"
        self.irrelevant += label == "irrelevant"
        finder = LinearFinder(reading)
        for node, fields, share in self._clauses:
            if find_occurrences(node, reading, finder, fields) is not None:
                self._count(share, node, stored, label, reading, finder)
        for leaf in {leaf for place in matching[0] for _field, _first, _last, leaf in place[3]}:
            self._count(self._leaves[leaf], leaf, stored, label, reading, finder)
        return True

    def _count(
        self,
        share: ClauseCost,
        part: Node,
        stored: StoredEntry,
        label: str | None,
        reading: EntryText,
        finder: LinearFinder,
    ) -> None:
        share.fired(stored)
        rest = self._rest(part)
        if rest is None or find_occurrences(rest, reading, finder) is None:
            share.needed(stored, label)

    def _rest(self, part: Node) -> Node | None:
        """Give what is left of the query without a part; equal words are one part wherever they stand."""
        key = part if isinstance(part, Phrase) else id(part)
        if key not in self._without:
            self._without[key] = remove_nodes(
                self._root, lambda node: node is part or (isinstance(part, Phrase) and node == part)
            )
        return self._without[key]


def _lifted(named: NamedQuery, nodes: Iterable[Node]) -> Iterable[tuple[Query, ClauseCost]]:
    """Give the query without each of its exclusions."""
    for node in nodes:
        if isinstance(node, And):
            for index, part in enumerate(node.without):
                rest = (*node.without[:index], *node.without[index + 1 :])
                other = node.parts[0] if len(node.parts) == 1 and not rest else And(node.parts, rest)
                yield (
                    Query(replace_nodes(named.query.root, {id(node): other})),
                    ClauseCost(f"NOT {named.operand(part, 200)}"),
                )
        if isinstance(node, NotNear):
            order = "ONEAR" if node.ordered else "NEAR"
            said = f"{named.operand(node.left)} NOT {order}/{node.gap} {named.operand(node.right)}"
            yield Query(replace_nodes(named.query.root, {id(node): node.left})), ClauseCost(said)


def _labels(database: Database, topic_id: str, ids: tuple[int, ...]) -> Mapping[int, str | None]:
    with database.read() as db:
        return {entry_id: label for entry_id, (_hit, label) in find_hit_labels(db, topic_id, ids).items()}


def _once(nodes: Iterable[Node]) -> list[Node]:
    return list({id(node): node for node in nodes}.values())


def _ranked(shares: Iterable[ClauseCost]) -> tuple[ClauseCost, ...]:
    return tuple(sorted(shares, key=lambda share: (-share.alone, -share.hits)))


def _language(tag: str | None) -> str:
    return (tag or "unknown").split("-")[0]
