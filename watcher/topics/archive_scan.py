"""Scans the archive for queries: the index proposes entries, each batch is read in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from watcher.match import AnyOf, Query, required_terms
from watcher.model.entry import StoredEntry
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries
from watcher.store.entries.search import count_entries_in_range, find_id_range, list_candidate_ids
from watcher.store.sql.chunks import split_into_chunks

ENTRIES_PER_BATCH = 200
PROGRESS_EVERY_ENTRIES = 10
ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Called with the number of entries looked at, and of how many: shows progress, or raises to end the scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRange:
    """The ids of a scan: above `above` and below `below`; `tested` entries have one, and the index proposes `ids`."""

    ids: tuple[int, ...]
    tested: int
    above: int
    below: int


@dataclass(frozen=True, slots=True)
class ArchiveScan:
    """A part of the archive to match queries against: the entries first seen in [since, until), in aware UTC."""

    database: Database
    since: datetime | None = None
    until: datetime | None = None
    on_progress: ProgressCallback | None = None

    def propose(self, queries: Sequence[Query]) -> ScanRange:
        """Return the entries that any of some queries may match by the index, newest first."""
        with self.database.read() as db:
            above, below = find_id_range(db, self.since, self.until)
            ids = list_candidate_ids(db, AnyOf(tuple(required_terms(query) for query in queries)), above, below)
            return ScanRange(ids=ids, tested=count_entries_in_range(db, above, below), above=above, below=below)

    def iter_entries(self, ids: Sequence[int]) -> Iterator[StoredEntry]:
        """Yield entries in the order of their ids, and report progress; entries deleted meanwhile are left out."""
        for number, stored in enumerate(_iter_found(self.database, ids), 1):
            if stored is not None:
                yield stored
            if number % PROGRESS_EVERY_ENTRIES == 0 or number == len(ids):
                self.report_progress(number, len(ids))

    def report_progress(self, done: int, total: int) -> None:
        """Report how many entries were looked at, where anybody listens; raises what the listener raises."""
        if self.on_progress is not None:
            self.on_progress(done, total)


def iter_entries_by_id(database: Database, ids: Sequence[int]) -> Iterator[StoredEntry]:
    """Yield entries in the order of their ids, and report nothing; entries deleted meanwhile are left out."""
    return (stored for stored in _iter_found(database, ids) if stored is not None)


def drop_content(stored: StoredEntry) -> StoredEntry:
    """Return an entry without its full text where it has a summary to show: many entries may be kept in memory."""
    item = stored.entry.item
    if not item.summary or not item.content:
        return stored
    return replace(stored, entry=replace(stored.entry, item=replace(item, content="")))


def _iter_found(database: Database, ids: Sequence[int]) -> Iterator[StoredEntry | None]:
    """Yield the entry of each id, None where there is none any more."""
    for batch in split_into_chunks(ids, ENTRIES_PER_BATCH):
        with database.read() as db:
            entries = load_entries(db, batch)
        yield from map(entries.get, batch)
