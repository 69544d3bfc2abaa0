"""Entries: new ones, edits, and walking what is kept in order of discovery."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from watcher.errors import NotFoundError
from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.entries.mapping import read_entry_row, select_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.passing import MAX_ID
from watcher.store.sql.types import IDS
from watcher.store.system.counters import get_entry_count
from watcher.store.tables import entries, entry_versions

MAX_ENTRY_ID = MAX_ID

_FIRST_SINCE = (
    select(entries.c.id)
    .where(entries.c.first_seen_at >= bindparam("moment"))
    .order_by(entries.c.first_seen_at, entries.c.id)
    .limit(1)
)
_THESE = select_entries().where(any_of(entries.c.id, bindparam("ids", type_=IDS)))


def load_entry(db: Db, entry_id: int) -> StoredEntry:
    """Read one entry; raises NotFoundError."""
    row = db.execute(select_entries().where(entries.c.id == entry_id)).mappings().first()
    if row is None:
        raise NotFoundError("entry", str(entry_id))
    return read_entry_row(row)


def load_entries(db: Db, ids: Collection[int]) -> Mapping[int, StoredEntry]:
    """Read entries by id; those that are gone are absent."""
    if not ids:
        return {}
    return {row["id"]: read_entry_row(row) for row in db.execute(_THESE, {"ids": ids}).mappings().all()}


def load_entries_after(
    db: Db,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after_id: int = 0,
    limit: int = 1000,
) -> tuple[StoredEntry, ...]:
    """Read the next entries in order of discovery: those after `after_id` first seen in [since, until)."""
    chosen = select_entries().where(entries.c.id > after_id).order_by(entries.c.id).limit(limit)
    if since is not None:
        chosen = chosen.where(entries.c.first_seen_at >= since)
    if until is not None:
        chosen = chosen.where(entries.c.first_seen_at < until)
    return tuple(read_entry_row(row) for row in db.execute(chosen).mappings())


_VERSIONS = (
    select(entry_versions).where(entry_versions.c.entry_id == bindparam("entry")).order_by(entry_versions.c.version)
)


def load_entry_versions(db: Db, entry_id: int) -> tuple[Mapping[str, Any], ...]:
    """Read an entry's earlier texts, oldest first: version, title, summary, content, seen_at, replaced_at."""
    return tuple(dict(row) for row in db.execute(_VERSIONS, {"entry": entry_id}).mappings())


def count_entries(db: Db) -> int:
    """Return how many entries are stored."""
    return get_entry_count(db)


def find_first_id_since(db: Db, moment: datetime) -> int:
    """Return the lowest id of entries first seen at a moment or later; MAX_ENTRY_ID where there is none."""
    first_id = db.execute(_FIRST_SINCE, {"moment": moment}).scalar()
    return MAX_ENTRY_ID if first_id is None else int(first_id)
