"""How much a topic may be missing: a random sample of what it does not match, and what reading that says."""

from __future__ import annotations

import random
from dataclasses import dataclass

from watcher.match import Anything, Query, match_entry
from watcher.model.entry import StoredEntry
from watcher.store.entries.search import list_candidate_ids
from watcher.topics.archive_scan import ArchiveScan, iter_entries_by_id
from watcher.topics.evaluation import wilson_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Entries drawn at random, the same for the same seed and archive, from the `population` that does not match."""

    entries: tuple[StoredEntry, ...]
    population: int
    matched: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Elusion:
    """What `relevant` entries in a sample say of all that was not matched: the share missed, and how many that makes,
    each with a 95 % interval. It holds for the time sampled and for the judgement of the person who read."""

    relevant: int
    sampled: int
    share: float
    share_interval: tuple[float, float]
    missed: int
    missed_interval: tuple[int, int]


def draw_sample(scan: ArchiveScan, query: Query, size: int, *, seed: int = 1) -> Sample:
    """Return entries of the archive that the query does not match, each drawn with the same probability."""
    proposed = scan.propose([query])
    matched = {stored.id for stored in scan.iter_entries(proposed.ids) if match_entry(query, stored) is not None}
    with scan.database.read() as db:
        ids = list_candidate_ids(db, Anything(), proposed.above, proposed.below)
    others = [id_ for id_ in ids if id_ not in matched]
    drawn = random.Random(seed).sample(others, min(size, len(others)))  # noqa: S311  (a draw, not a secret)
    entries = tuple(iter_entries_by_id(scan.database, drawn))
    return Sample(entries=entries, population=len(others), matched=len(matched), seed=seed)


def estimate_elusion(relevant: int, sampled: int, population: int) -> Elusion:
    """Return what so many relevant entries in a sample mean for all that was not matched. Pure."""
    low, high = wilson_interval(relevant, sampled) or (0.0, 1.0)
    share = relevant / sampled if sampled else 0.0
    return Elusion(
        relevant=relevant,
        sampled=sampled,
        share=share,
        share_interval=(low, high),
        missed=round(share * population),
        missed_interval=(int(low * population), min(population, -int(-high * population // 1))),
    )
