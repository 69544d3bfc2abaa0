"""Hits: kept once for each topic and entry, listed by keyset, judged by people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import (
    func,
    select,
)

from watcher.errors import NotFoundError
from watcher.model.results import StoredHit
from watcher.store.database import Db
from watcher.store.hits.mapping import read_hit_row, select_hits
from watcher.store.tables import hits


def load_hit(db: Db, hit_id: int) -> StoredHit:
    """Read one hit; raises NotFoundError."""
    row = db.execute(select_hits().where(hits.c.id == hit_id)).mappings().first()
    if row is None:
        raise NotFoundError("hit", str(hit_id))
    return read_hit_row(row)


def load_hits(db: Db, ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read hits by id, newest first; those that are gone are absent."""
    rows = db.execute(select_hits().where(hits.c.id.in_(tuple(ids))).order_by(hits.c.id.desc())).mappings()
    return tuple(read_hit_row(row) for row in rows)


def get_newest_hit_id(db: Db) -> int:
    """Return the id of the newest hit, 0 where there is none."""
    return int(db.execute(select(func.max(hits.c.id))).scalar() or 0)


def list_hit_ids_after(db: Db, hit_id: int, limit: int) -> tuple[int, ...]:
    """List the ids of the hits that came after one, in order."""
    chosen = select(hits.c.id).where(hits.c.id > hit_id).order_by(hits.c.id).limit(limit)
    return tuple(db.execute(chosen).scalars())


def load_hits_of_entries(db: Db, entry_ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read the hits of some entries, in order of id."""
    rows = db.execute(select_hits().where(hits.c.entry_id.in_(tuple(entry_ids))).order_by(hits.c.id)).mappings()
    return tuple(read_hit_row(row) for row in rows)
