"""What each clause of a topic finds alone, what each exclusion takes away, and which words find nothing any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.match import EntryText, Query, QueryIndex
from watcher.match.evaluate import LinearEvaluator
from watcher.match.format import format_clause
from watcher.match.syntax import Node, Or, Phrase
from watcher.model.entry import StoredEntry
from watcher.store.database import Database
from watcher.store.entries.search import count_languages_in_range
from watcher.store.hits.labels import find_hit_labels
from watcher.topics.archive_scan import ArchiveScan, drop_content
from watcher.topics.named_query import NamedQuery
from watcher.topics.rewrite import iter_scoped_nodes, remove_nodes, replace_nodes

MAX_EXAMPLES = 5


@dataclass(slots=True)
class ClauseCost:
    """What a clause has to do with the hits of a time: those that it occurs in, and those that need it `alone`.

    For an exclusion, `alone` counts what it alone takes away. `examples` are the newest of those.
    """

    clause: str
    hits: int = 0
    alone: int = 0
    relevant: int = 0
    irrelevant: int = 0
    last_at: datetime | None = None
    examples: list[StoredEntry] = field(default_factory=list)

    def add_hit(self, stored: StoredEntry) -> None:
        """Count a hit that the clause occurs in; they come newest first."""
        self.hits += 1
        self.last_at = max(self.last_at or stored.first_seen_at, stored.first_seen_at)

    def add_dependent(self, stored: StoredEntry, label: str | None) -> None:
        """Count an entry that is in, or out, because of this clause alone."""
        self.alone += 1
        self.relevant += label == "relevant"
        self.irrelevant += label == "irrelevant"
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(drop_content(stored))


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCost:
    """The clauses of a topic over `tested` entries. `dead` are the words that no hit of the time rests on.

    `languages` has, for each language of the entries, how many there are and how many of them are hits.
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


def measure_cost(scan: ArchiveScan, topic_id: str, named: NamedQuery) -> TopicCost:
    """Match a topic against the archive, and each clause of it with and without."""
    proposed = scan.propose([named.query])
    labels = _load_labels(scan.database, topic_id, proposed.ids)
    tally = CostTally(named)
    hits_by_language: Counter[str] = Counter()
    for stored in scan.iter_entries(proposed.ids):
        if tally.add_entry(stored, labels.get(stored.id)):
            hits_by_language[_get_base_language(stored.entry.item.language)] += 1
    with scan.database.read() as db:
        entries_by_language: Counter[str] = Counter()
        for language, number in count_languages_in_range(db, proposed.above, proposed.below).items():
            entries_by_language[_get_base_language(language)] += number
    terms = list(tally.terms.values())
    return TopicCost(
        tested=proposed.tested,
        hits=tally.hits,
        relevant=tally.relevant,
        irrelevant=tally.irrelevant,
        clauses=_rank(tally.clauses),
        exclusions=_rank(tally.exclusions),
        terms=_rank(term for term in terms if term.hits),
        dead=tuple(sorted(term.clause for term in terms if not term.hits)),
        languages={name: (number, hits_by_language[name]) for name, number in entries_by_language.most_common()},
    )


class CostTally:
    """The clauses of a query and the counts of each; the queries without them are built once."""

    def __init__(self, named: NamedQuery) -> None:
        self.hits = self.relevant = self.irrelevant = 0
        query = named.query
        self._root = query.root
        scoped = list(iter_scoped_nodes(query.root))
        nodes = [node for node, _fields in scoped]
        fields_of = {id(node): fields for node, fields in scoped}
        whole = [] if isinstance(query.root, Or) else [query.root]
        options = [part for node in nodes if isinstance(node, Or) for part in node.parts]
        # The whole (of an OR, its options), and the options of every OR below; single phrases are counted apart.
        larger = _unique([*whole, *(part for part in options if not isinstance(part, Phrase))])
        self._clauses = [(node, fields_of[id(node)], ClauseCost(named.format_node(node, 200))) for node in larger]
        self._terms: dict[Node, ClauseCost] = {
            node: ClauseCost(format_clause(node)) for node in nodes if isinstance(node, Phrase)
        }
        self._without_exclusion = [
            (Query(replace_nodes(query.root, {id(node): changed})), ClauseCost(text))
            for node in nodes
            for text, changed in node.exclusions(named)
        ]
        self._without: dict[int | Node, Node | None] = {}
        self._index = QueryIndex([query, *(changed for changed, _cost in self._without_exclusion)])

    @property
    def clauses(self) -> list[ClauseCost]:
        return [cost for _node, _fields, cost in self._clauses]

    @property
    def exclusions(self) -> list[ClauseCost]:
        return [cost for _query, cost in self._without_exclusion]

    @property
    def terms(self) -> Mapping[Node, ClauseCost]:
        return self._terms

    def add_entry(self, stored: StoredEntry, label: str | None) -> bool:
        """Add an entry to the counts; returns whether it is a hit."""
        entry = EntryText(stored)
        matches = dict(self._index.find_matches(entry))
        if 0 not in matches:
            # Not a hit: it would be one without each exclusion whose query matches.
            for number in matches:
                cost = self._without_exclusion[number - 1][1]
                cost.add_hit(stored)
                cost.add_dependent(stored, label)
            return False
        self.hits += 1
        self.relevant += label == "relevant"
        self.irrelevant += label == "irrelevant"
        evaluator = LinearEvaluator(entry)
        for node, fields, cost in self._clauses:
            if evaluator.find_occurrences(node, fields) is not None:
                self._count(cost, node, stored, label, evaluator)
        for phrase in {leaf.phrase for occurrence in matches[0] for leaf in occurrence.leaves}:
            self._count(self._terms[phrase], phrase, stored, label, evaluator)
        return True

    def _count(
        self, cost: ClauseCost, part: Node, stored: StoredEntry, label: str | None, evaluator: LinearEvaluator
    ) -> None:
        cost.add_hit(stored)
        rest = self._get_without(part)
        if rest is None or evaluator.find_occurrences(rest) is None:
            cost.add_dependent(stored, label)

    def _get_without(self, part: Node) -> Node | None:
        """Return the query without a part; equal phrases are one part wherever they occur."""
        key = part if isinstance(part, Phrase) else id(part)
        if key not in self._without:
            self._without[key] = remove_nodes(
                self._root, lambda node: node is part or (isinstance(part, Phrase) and node == part)
            )
        return self._without[key]


def _load_labels(database: Database, topic_id: str, ids: tuple[int, ...]) -> Mapping[int, str | None]:
    with database.read() as db:
        return {entry_id: label for entry_id, (_hit, label) in find_hit_labels(db, topic_id, ids).items()}


def _unique(nodes: Iterable[Node]) -> list[Node]:
    return list({id(node): node for node in nodes}.values())


def _rank(costs: Iterable[ClauseCost]) -> tuple[ClauseCost, ...]:
    return tuple(sorted(costs, key=lambda cost: (-cost.alone, -cost.hits)))


def _get_base_language(tag: str | None) -> str:
    return (tag or "unknown").split("-")[0]
