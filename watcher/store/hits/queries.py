"""Hits: kept once for each topic and entry, listed by keyset, judged by people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, func, select

from watcher.errors import NotFoundError
from watcher.model.results import StoredHit
from watcher.store.database import Db
from watcher.store.hits.mapping import read_hit_row, select_hits
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import hits

# Made once: to build a statement takes longer than to run it.
_ONE = select_hits().where(hits.c.id == bindparam("hit"))
_ENTRY_OF_HIT = select(hits.c.entry_id).where(hits.c.id == bindparam("hit"))
_OF_ENTRIES = select_hits().where(any_of(hits.c.entry_id, bindparam("ids", type_=IDS))).order_by(hits.c.id)

_THESE = select_hits().where(any_of(hits.c.id, bindparam("ids", type_=IDS))).order_by(hits.c.id.desc())
_NEWEST_ID = select(func.max(hits.c.id))


def load_hit(db: Db, hit_id: int) -> StoredHit:
    """Read one hit; raises NotFoundError."""
    row = db.execute(_ONE, {"hit": hit_id}).mappings().first()
    if row is None:
        raise NotFoundError("hit", str(hit_id))
    return read_hit_row(row)


def find_entry_of_hit(db: Db, hit_id: int) -> int:
    """Return the id of a hit's entry; raises NotFoundError."""
    entry_id: int | None = db.execute(_ENTRY_OF_HIT, {"hit": hit_id}).scalar()
    if entry_id is None:
        raise NotFoundError("hit", str(hit_id))
    return entry_id


def load_hits(db: Db, ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read hits by id, newest first; those that are gone are absent."""
    rows = db.execute(_THESE, {"ids": list(ids)}).mappings()
    return tuple(read_hit_row(row) for row in rows)


def get_newest_hit_id(db: Db) -> int:
    """Return the id of the newest hit, 0 where there is none."""
    return int(db.execute(_NEWEST_ID).scalar() or 0)


def list_hit_ids_after(db: Db, hit_id: int, limit: int) -> tuple[int, ...]:
    """List the ids of the hits that came after one, in order."""
    chosen = select(hits.c.id).where(hits.c.id > hit_id).order_by(hits.c.id).limit(limit)
    return tuple(db.execute(chosen).scalars())


def load_hits_of_entries(db: Db, entry_ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read the hits of some entries, in order of id."""
    rows = db.execute(_OF_ENTRIES, {"ids": list(entry_ids)}).mappings()
    return tuple(read_hit_row(row) for row in rows)
