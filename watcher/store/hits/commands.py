"""Stores hits, each once for a topic and an entry, and what people judge of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    bindparam,
    select,
    update,
)

from watcher.errors import NotFoundError
from watcher.model.meaning import Verdict
from watcher.model.topic import FoundBy, Hit
from watcher.store.database import Db
from watcher.store.hits.mapping import build_hit_row, build_update_params
from watcher.store.meaning.judgements import NewJudgement, add_judgement, undo_judgement
from watcher.store.meaning.superseding import supersede_proposals
from watcher.store.sql.bulk import any_of, bulk_insert
from watcher.store.sql.dialect import acquire_lock
from watcher.store.sql.types import IDS
from watcher.store.system.counters import add_to_hit_counts, group_by_day
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits


def lock_hits(db: Db) -> None:
    """Wait for other writers of hits: ids are in order of commit, and stories see each other.

    And nobody waits in a ring for a day's count.
    """
    acquire_lock(db, "hits")


def insert_hits(db: Db, new_hits: Sequence[Hit]) -> None:
    """Store the hits of entries that came in this transaction, once it is our turn."""
    if new_hits:
        bulk_insert(db, hits, [build_hit_row(hit) for hit in new_hits])
        add_to_hit_counts(db, group_by_day(new_hits))


def upsert_hits(db: Db, matched_hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Store hits; one that is already known gets the evidence of now and keeps its id, moment and label.

    Returns those that are new.
    """
    if not matched_hits:
        return ()
    lock_hits(db)
    by_pair = {(hit.topic_id, hit.entry_id): hit for hit in matched_hits}
    known: dict[int, set[str]] = {}
    for row in db.execute(_KNOWN, {"ids": sorted({hit.entry_id for hit in matched_hits})}).all():
        known.setdefault(row.id, set()).add(row.topic_id)
    again = [hit for (topic_id, entry_id), hit in by_pair.items() if topic_id in known.get(entry_id, ())]
    if again:
        db.execute(_SEEN_AGAIN, [build_update_params(hit) for hit in again])
    # An entry that is not there any more was pruned while it was matched.
    fresh = [hit for (topic_id, id_), hit in by_pair.items() if id_ in known and topic_id not in known[id_]]
    insert_hits(db, fresh)
    supersede_proposals(db, by_pair)
    return tuple(fresh)


def set_hit_label(db: Db, hit_id: int, judgement: str | None, now: datetime, *, author: str | None = None) -> None:
    """Record a person's judgement (`relevant`, `irrelevant`, or None to take it back); raises NotFoundError."""
    chosen = select(hits.c.topic_id, hits.c.entry_id, hits.c.topic_version, hits.c.relevance, hits.c.score)
    hit = db.execute(chosen.where(hits.c.id == hit_id)).first()
    if hit is None:
        raise NotFoundError("hit", str(hit_id))
    if judgement is None:
        undo_judgement(db, hit.topic_id, hit.entry_id, now)
        return
    new = NewJudgement(
        topic_id=hit.topic_id,
        entry_id=hit.entry_id,
        verdict=Verdict(judgement),
        topic_version=hit.topic_version,
        author=author,
        score=hit.score if hit.relevance is None else hit.relevance,
    )
    add_judgement(db, new, now)


_KNOWN = (
    select(entry_table.c.id, hits.c.topic_id)
    .outerjoin(hits, hits.c.entry_id == entry_table.c.id)
    .where(any_of(entry_table.c.id, bindparam("ids", type_=IDS)))
)
_SEEN_AGAIN = (
    update(hits)
    .where(hits.c.topic_id == bindparam("topic"), hits.c.entry_id == bindparam("entry"))
    .values(evidence=bindparam("shown"), score=bindparam("worth"), topic_version=bindparam("version"))
    .values(found_by=FoundBy.WORDS.value)
)
