"""What a topic may be missing: entries that nearly match, found by loosening the query in one place at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from watcher.match import EntryText, Query, QueryIndex, match_entry, required_terms
from watcher.match.evidence import extract_evidence, score_evidence
from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.topic import Evidence
from watcher.store.database import Database, Db
from watcher.store.entries.search import count_entries_in_range, find_id_range, list_candidate_ids
from watcher.store.hits.labels import load_labelled_hits
from watcher.text.tokenizer import tokens
from watcher.topics.archive_scan import ProgressCallback, drop_content, iter_entries
from watcher.topics.named_query import NamedQuery
from watcher.topics.relaxation import Relaxation, list_relaxations

_Said: TypeAlias = Mapping[int, tuple[str, tuple[Evidence, ...]]]
"""For each loosening that lets an entry in: what it is, and the words found."""
MAX_ENTRIES_PER_RELAXATION = 500
"""So many of the newest entries that the index proposes are looked at for each way of loosening."""
MAX_PROBED_ENTRIES = 20_000
"""So many are looked at in all."""
RELAXATION_PROXIMITY = {
    "case": 1.0, "form": 1.0, "phrase": 0.9, "distance": 0.9, "order": 0.85, "count": 0.8, "exclusion": 0.8,
    "field": 0.7, "part": 0.5,
}  # fmt: skip
"""How near to a match is what one loosening lets in: a word written otherwise is nearer than a part dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An entry that does not match and would, were the query looser in one place: any of `by`, the nearest first."""

    stored: StoredEntry
    evidence: tuple[Evidence, ...]
    by: tuple[str, ...]
    kind: str
    nearness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxationYield:
    """A way to loosen the query and how many of the entries looked at it would let in; `capped` where there may be
    more."""

    kind: str
    said: str
    lets_in: int
    capped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What a probe found among `tested` entries, of which it read `read`.

    `missed` are hits that people judged relevant and today's query does not match: known misses, not near ones.
    """

    tested: int
    read: int
    near: tuple[NearMiss, ...]
    near_count: int
    loosenings: tuple[RelaxationYield, ...]
    missed: tuple[StoredHit, ...]


def probe_topic(
    database: Database,
    topic_id: str,
    named: NamedQuery,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 20,
    heard: ProgressCallback | None = None,
) -> ProbeResult:
    """Look for entries first seen in [since, until) that nearly match, the most telling first."""
    ways = list_relaxations(named)
    with database.read() as db:
        above, below = find_id_range(db, since, until)
        tested = count_entries_in_range(db, above, below)
        ids, capped = _proposed(db, ways, above, below)
    index = QueryIndex([named.query, *(way.query for way in ways)])
    let_in: Counter[int] = Counter()
    told: list[tuple[StoredEntry, _Said]] = []
    for stored in iter_entries(database, ids, heard):
        reading = EntryText(stored)
        matching = dict(index.matching(reading))
        if matching and 0 not in matching:
            let_in.update(matching.keys())
            said = {
                n: (ways[n - 1].name(places, reading), extract_evidence(places, reading))
                for n, places in matching.items()
            }
            told.append((drop_content(stored), said))
    found = [_near(stored, said, ways, let_in) for stored, said in told]
    return ProbeResult(
        tested=tested,
        read=len(ids),
        near=tuple(_telling(found, limit)),
        near_count=len(found),
        loosenings=tuple(
            RelaxationYield(
                kind=ways[number - 1].kind, said=ways[number - 1].said, lets_in=count, capped=number - 1 in capped
            )
            for number, count in let_in.most_common()
        ),
        missed=tuple(_missed(database, topic_id, named.query)),
    )


def _proposed(db: Db, ways: Sequence[Relaxation], above: int, below: int) -> tuple[tuple[int, ...], frozenset[int]]:
    """Ask the index for the newest entries that each loosened query may match; also which of them had more."""
    asked: dict[object, tuple[int, ...]] = {}
    capped: set[int] = set()
    for number, way in enumerate(ways):
        need = required_terms(way.query)
        if need not in asked:
            asked[need] = list_candidate_ids(db, need, above, below, limit=MAX_ENTRIES_PER_RELAXATION)
        if len(asked[need]) == MAX_ENTRIES_PER_RELAXATION:
            capped.add(number)
    ids = sorted({id_ for some in asked.values() for id_ in some}, reverse=True)
    return tuple(ids[:MAX_PROBED_ENTRIES]), frozenset(capped)


def _near(
    stored: StoredEntry,
    said: _Said,
    ways: Sequence[Relaxation],
    let_in: Mapping[int, int],
) -> NearMiss:
    def weight(number: int) -> float:
        # What lets in a flood tells little of any one entry in it.
        rare = 1 / (1 + math.log10(let_in[number]))
        return RELAXATION_PROXIMITY[ways[number - 1].kind] * rare * (0.4 + score_evidence(said[number][1]))

    best = sorted(said, key=lambda number: (-weight(number), number))
    return NearMiss(
        stored=stored,
        evidence=said[best[0]][1],
        by=tuple(dict.fromkeys(said[number][0] for number in best)),
        kind=ways[best[0] - 1].kind,
        nearness=round(weight(best[0]) * (1 + 0.1 * min(5, len(best) - 1)), 4),
    )


def _telling(found: list[NearMiss], limit: int) -> Iterator[NearMiss]:
    """Choose what to read: the nearest first, but not all for one reason, and no headline twice."""
    shown: Counter[str] = Counter()
    titles: set[tuple[str, ...]] = set()
    waiting = list(found)
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


def _missed(database: Database, topic_id: str, query: Query) -> Iterator[StoredHit]:
    after = 0
    while True:
        with database.read() as db:
            some = load_labelled_hits(db, after_id=after, topic_id=topic_id)
        yield from (hit for hit in some if hit.label == "relevant" and match_entry(query, hit.stored) is None)
        if not some:
            return
        after = some[-1].id
