"""What a topic may be missing: entries that nearly match, found by relaxing the query in one place at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from watcher.match import EntryText, Query, QueryIndex, RequiredTerms, match_entry, required_terms
from watcher.match.evidence import extract_evidence, score_evidence
from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.topic import Evidence
from watcher.store.database import Database, Db
from watcher.store.entries.search import count_entries_in_range, find_id_range, list_candidate_ids
from watcher.store.hits.labels import load_labelled_hits
from watcher.text.tokenizer import tokens
from watcher.topics.archive_scan import ArchiveScan, drop_content
from watcher.topics.named_query import NamedQuery
from watcher.topics.relaxation import Relaxation, list_relaxations

_Reasons: TypeAlias = Mapping[int, tuple[str, tuple[Evidence, ...]]]
"""For each relaxed query that matches an entry, by its number: its description, and the words that it matches."""
MAX_ENTRIES_PER_RELAXATION = 500
"""So many of the newest entries that the index proposes are looked at for each relaxation."""
MAX_PROBED_ENTRIES = 20_000
RELAXATION_NEARNESS = {
    "case": 1.0, "form": 1.0, "phrase": 0.9, "distance": 0.9, "order": 0.85, "count": 0.8, "exclusion": 0.8,
    "field": 0.7, "part": 0.5,
}  # fmt: skip
"""How near to a match is what a relaxation lets in: a word written otherwise is nearer than a part dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An entry that does not match and would, were the query relaxed in one place: any of `by`, the nearest first."""

    stored: StoredEntry
    evidence: tuple[Evidence, ...]
    by: tuple[str, ...]
    kind: str
    nearness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxationYield:
    """A way to relax the query and how many of the entries looked at it would let in; `capped` where there may be
    more."""

    kind: str
    description: str
    lets_in: int
    capped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What a probe found among `tested` entries, of which it read `read`.

    `missed` are hits that people labelled relevant and today's query does not match: known misses, not near ones.
    """

    tested: int
    read: int
    near: tuple[NearMiss, ...]
    near_count: int
    relaxations: tuple[RelaxationYield, ...]
    missed: tuple[StoredHit, ...]


def probe_topic(scan: ArchiveScan, topic_id: str, named: NamedQuery, *, limit: int = 20) -> ProbeResult:
    """Find entries of the archive that nearly match, the most informative first."""
    relaxations = list_relaxations(named)
    with scan.database.read() as db:
        above, below = find_id_range(db, scan.since, scan.until)
        tested = count_entries_in_range(db, above, below)
        ids, capped = _list_candidates(db, relaxations, above, below)
    index = QueryIndex([named.query, *(relaxation.query for relaxation in relaxations)])
    let_in: Counter[int] = Counter()
    near: list[tuple[StoredEntry, _Reasons]] = []
    for stored in scan.iter_entries(ids):
        entry = EntryText(stored)
        matches = dict(index.find_matches(entry))
        # The query itself is number 0: what it matches is no near miss.
        if matches and 0 not in matches:
            let_in.update(matches.keys())
            reasons = {
                number: (relaxations[number - 1].describe(occurrences, entry), extract_evidence(occurrences, entry))
                for number, occurrences in matches.items()
            }
            near.append((drop_content(stored), reasons))
    misses = [_build_near_miss(stored, reasons, relaxations, let_in) for stored, reasons in near]
    return ProbeResult(
        tested=tested,
        read=len(ids),
        near=tuple(_select_informative(misses, limit)),
        near_count=len(misses),
        relaxations=tuple(
            RelaxationYield(
                kind=relaxations[number - 1].kind,
                description=relaxations[number - 1].description,
                lets_in=count,
                capped=number - 1 in capped,
            )
            for number, count in let_in.most_common()
        ),
        missed=tuple(_iter_missed(scan.database, topic_id, named.query)),
    )


def _list_candidates(
    db: Db, relaxations: Sequence[Relaxation], above: int, below: int
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return the newest entries that each relaxed query may match by the index, and which of the queries had more."""
    by_terms: dict[RequiredTerms, tuple[int, ...]] = {}
    capped: set[int] = set()
    for number, relaxation in enumerate(relaxations):
        terms = required_terms(relaxation.query)
        if terms not in by_terms:
            by_terms[terms] = list_candidate_ids(db, terms, above, below, limit=MAX_ENTRIES_PER_RELAXATION)
        if len(by_terms[terms]) == MAX_ENTRIES_PER_RELAXATION:
            capped.add(number)
    ids = sorted({id_ for candidates in by_terms.values() for id_ in candidates}, reverse=True)
    return tuple(ids[:MAX_PROBED_ENTRIES]), frozenset(capped)


def _build_near_miss(
    stored: StoredEntry, reasons: _Reasons, relaxations: Sequence[Relaxation], let_in: Mapping[int, int]
) -> NearMiss:
    def weigh(number: int) -> float:
        """Return how near a relaxation brings the entry."""
        # What lets in a flood says little about any one entry in it.
        rarity = 1 / (1 + math.log10(let_in[number]))
        return RELAXATION_NEARNESS[relaxations[number - 1].kind] * rarity * (0.4 + score_evidence(reasons[number][1]))

    best = sorted(reasons, key=lambda number: (-weigh(number), number))
    return NearMiss(
        stored=stored,
        evidence=reasons[best[0]][1],
        by=tuple(dict.fromkeys(reasons[number][0] for number in best)),
        kind=relaxations[best[0] - 1].kind,
        nearness=round(weigh(best[0]) * (1 + 0.1 * min(5, len(best) - 1)), 4),
    )


def _select_informative(misses: list[NearMiss], limit: int) -> Iterator[NearMiss]:
    """Yield what to read: the nearest first, but not all for one reason, and no headline twice."""
    shown: Counter[str] = Counter()
    titles: set[tuple[str, ...]] = set()
    waiting = list(misses)
    while waiting and limit > 0:
        best = max(waiting, key=lambda near: (near.nearness / (1 + 0.5 * shown[near.by[0]]), near.stored.id))
        waiting.remove(best)
        title = tuple(tokens(best.stored.entry.item.title))
        if title and title in titles:
            continue
        titles.add(title)
        shown[best.by[0]] += 1
        limit -= 1
        yield best


def _iter_missed(database: Database, topic_id: str, query: Query) -> Iterator[StoredHit]:
    after_id = 0
    while True:
        with database.read() as db:
            hits = load_labelled_hits(db, after_id=after_id, topic_id=topic_id)
        yield from (hit for hit in hits if hit.label == "relevant" and match_entry(query, hit.stored) is None)
        if not hits:
            return
        after_id = hits[-1].id
