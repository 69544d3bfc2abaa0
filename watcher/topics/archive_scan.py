"""Walks the archive for some queries: the index proposes, each batch is read in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from watcher.match import AnyOf, Query, required_terms
from watcher.model.entry import StoredEntry
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries, split_into_chunks
from watcher.store.entries.search import count_entries_in_range, find_id_range, list_candidate_ids

ENTRIES_PER_BATCH = 200
PROGRESS_EVERY_ENTRIES = 10
"""After so many entries whoever listens hears of them."""
ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Is told how many entries were looked at, and of how many: shows progress, or raises where it takes too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRange:
    """A part of the archive that was walked: `tested` entries lie in it, of which the index proposed `ids`."""

    ids: tuple[int, ...]
    tested: int
    above: int
    below: int


def propose_entries(
    database: Database,
    queries: Sequence[Query],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ScanRange:
    """Ask the index which entries first seen in [since, until) any of some queries may match, newest first."""
    with database.read() as db:
        above, below = find_id_range(db, since, until)
        ids = list_candidate_ids(db, AnyOf(tuple(required_terms(query) for query in queries)), above, below)
        return ScanRange(ids=ids, tested=count_entries_in_range(db, above, below), above=above, below=below)


def iter_entries(
    database: Database, ids: Sequence[int], heard: ProgressCallback | None = None
) -> Iterator[StoredEntry]:
    """Read entries in the order of their ids' list; those that are gone meanwhile are left out."""
    done = 0
    for some in split_into_chunks(ids, ENTRIES_PER_BATCH):
        with database.read() as db:
            found = load_entries(db, some)
        for id_ in some:
            if id_ in found:
                yield found[id_]
            done += 1
            if heard is not None and (done % PROGRESS_EVERY_ENTRIES == 0 or done == len(ids)):
                heard(done, len(ids))


def drop_content(stored: StoredEntry) -> StoredEntry:
    """Let go of an entry's full text where it has a summary to show: many entries may be kept at once."""
    item = stored.entry.item
    if not item.summary or not item.content:
        return stored
    return replace(stored, entry=replace(stored.entry, item=replace(item, content="")))
