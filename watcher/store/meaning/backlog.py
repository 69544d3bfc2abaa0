"""Entries that a model has not read yet: found by a watermark, and shared among workers under leases.

Nothing is written when entries are stored. All ids up to a model's watermark have a vector; above it, those without one
are the backlog. The watermark moves only past entries that are older than `SETTLED_AFTER`: on PostgreSQL a transaction
may commit an id after a higher one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, exists, func, insert, select, update

from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.entries.queries import find_first_id_since, load_entries
from watcher.store.meaning.models import StoredModel
from watcher.store.sql.dialect import acquire_lock, get_dialect
from watcher.store.tables import embedding_claims, embedding_models, embedding_queue, embeddings
from watcher.store.tables import entries as entry_table

SETTLED_AFTER = timedelta(minutes=10)
"""After so long no transaction is open any more that took an id and has not committed it."""
READ_LEASE = timedelta(minutes=5)
"""How long a worker may take for the entries that it claims at a time."""


def has_backlog(db: Db, stored: StoredModel, *, above_id: int = 0) -> bool:
    """Return whether there is an entry that the model has not read, or that was edited since.

    `above_id` is an id up to which the caller knows that nothing is left.
    """
    unread = _unread(stored, max(stored.watermark_id, above_id))
    queued = select(embedding_queue.c.entry_id).where(embedding_queue.c.model_id == stored.id)
    return any(db.execute(chosen.limit(1)).first() for chosen in (select(entry_table.c.id).where(unread), queued))


def get_highest_entry_id(db: Db) -> int:
    """Return the highest id of an entry that is committed, 0 without entries."""
    return int(db.execute(select(func.max(entry_table.c.id))).scalar() or 0)


def count_backlog(db: Db, stored: StoredModel) -> int:
    """Return how many entries the model has not read yet, edited ones included."""
    above = db.execute(
        select(func.count()).select_from(entry_table).where(entry_table.c.id > stored.watermark_id)
    ).scalar_one()
    read = db.execute(
        select(func.count())
        .select_from(embeddings)
        .where(embeddings.c.entry_id > stored.watermark_id, embeddings.c.model_id == stored.id)
    ).scalar_one()
    edited = db.execute(
        select(func.count()).select_from(embedding_queue).where(embedding_queue.c.model_id == stored.id)
    ).scalar_one()
    return max(0, int(above) - int(read)) + int(edited)


def load_backlog(
    db: Db, stored: StoredModel, now: datetime, *, limit: int, newest_first: bool = False
) -> tuple[int, ...]:
    """Return ids of entries that the model has not read and that nobody has claimed, oldest first.

    Edited ones come before those that were never read.
    """
    free = ~exists().where(
        embedding_claims.c.model_id == stored.id,
        embedding_claims.c.entry_id == embedding_queue.c.entry_id,
        _is_held(now),
    )
    queued = (
        select(embedding_queue.c.entry_id)
        .where(embedding_queue.c.model_id == stored.id, free)
        .order_by(embedding_queue.c.entry_id)
        .limit(limit)
    )
    ids = [int(id_) for id_ in db.execute(queued).scalars()]
    if len(ids) < limit:
        unclaimed = ~exists().where(
            embedding_claims.c.model_id == stored.id,
            embedding_claims.c.entry_id == entry_table.c.id,
            _is_held(now),
        )
        order = entry_table.c.id.desc() if newest_first else entry_table.c.id
        unread = (
            select(entry_table.c.id)
            .where(_unread(stored, stored.watermark_id), unclaimed)
            .order_by(order)
            .limit(limit - len(ids))
        )
        ids += [int(id_) for id_ in db.execute(unread).scalars()]
    return tuple(ids)


def claim_entries(
    db: Db, stored: StoredModel, owner: str, now: datetime, *, limit: int, lease_for: timedelta = READ_LEASE
) -> tuple[StoredEntry, ...]:
    """Claim entries that the model has not read, for `lease_for`; two workers never get the same one at a time."""
    acquire_lock(db, "embedding claims")
    ids = load_backlog(db, stored, now, limit=limit)
    if not ids:
        return ()
    claim = get_dialect(db).upsert(
        embedding_claims, ("model_id", "entry_id"), {"owner": owner, "lease_until": now + lease_for}
    )
    values = {"model_id": stored.id, "owner": owner, "lease_until": now + lease_for}
    db.execute(claim, [values | {"entry_id": id_} for id_ in ids])
    entries = load_entries(db, ids)
    return tuple(entries[id_] for id_ in ids if id_ in entries)


def release_claims(db: Db, owners: Iterable[str]) -> int:
    """Release what some owners have claimed, who are known to be dead or have stopped."""
    done: CursorResult[Any] = db.execute(delete(embedding_claims).where(embedding_claims.c.owner.in_(tuple(owners))))
    return done.rowcount


def list_claim_owners(db: Db) -> frozenset[str]:
    """Return who holds claims."""
    return frozenset(db.execute(select(embedding_claims.c.owner).distinct()).scalars())


def delete_expired_claims(db: Db, now: datetime) -> int:
    """Delete claims whose lease has ended."""
    done: CursorResult[Any] = db.execute(delete(embedding_claims).where(~_is_held(now)))
    return done.rowcount


def move_watermark(db: Db, stored: StoredModel, now: datetime) -> int:
    """Move the model's watermark to the last settled entry below the first unread one; return where it is."""
    first_unread = db.execute(
        select(entry_table.c.id).where(_unread(stored, stored.watermark_id)).order_by(entry_table.c.id).limit(1)
    ).scalar()
    first_unsettled = find_first_id_since(db, now - SETTLED_AFTER)
    above = min(
        get_highest_entry_id(db) + 1,
        first_unsettled,
        int(first_unread) if first_unread is not None else first_unsettled,
    )
    if above - 1 <= stored.watermark_id:
        return stored.watermark_id
    ahead = embedding_models.c.id == stored.id, embedding_models.c.watermark_id < above - 1
    db.execute(update(embedding_models).where(*ahead).values(watermark_id=above - 1))
    return above - 1


def queue_for_reading(db: Db, entry_ids: Sequence[int]) -> None:
    """Have entries read again by each model that has read them: they were edited, or have a story only now."""
    if not entry_ids:
        return
    read = select(embeddings.c.entry_id, embeddings.c.model_id).where(embeddings.c.entry_id.in_(tuple(entry_ids)))
    queued = exists().where(
        embedding_queue.c.entry_id == embeddings.c.entry_id, embedding_queue.c.model_id == embeddings.c.model_id
    )
    db.execute(insert(embedding_queue).from_select(["entry_id", "model_id"], read.where(~queued)))


def _unread(stored: StoredModel, above_id: int) -> ColumnElement[bool]:
    read = exists().where(embeddings.c.entry_id == entry_table.c.id, embeddings.c.model_id == stored.id)
    return and_(entry_table.c.id > above_id, ~read)


def _is_held(now: datetime) -> ColumnElement[bool]:
    # A lease that ends later than any could was given while a clock was wrong.
    until = embedding_claims.c.lease_until
    return and_(until > now, until <= now + 2 * READ_LEASE)
