"""Former texts of edited entries, and known hits that an edit matched again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select, tuple_, update

from watcher.model.entry import StoredEntry
from watcher.model.topic import Hit, Origin
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.system.counters import DayKey, add_to_hit_counts, group_by_day
from watcher.store.tables import entry_versions, hits

_FORMER = select(entry_versions).where(any_of(entry_versions.c.entry_id, bindparam("ids", type_=IDS)))


def get_former_texts(db: Db, edited: Sequence[StoredEntry]) -> tuple[StoredEntry, ...]:
    """Return entries that have just been edited with the headline, summary and content that they had before."""
    if not edited:
        return ()
    rows = db.execute(_FORMER, {"ids": [stored.id for stored in edited]}).all()
    former = {(row.entry_id, row.version): row for row in rows}
    texts = ((stored, former.get((stored.id, stored.version - 1))) for stored in edited)
    return tuple(_with_text(stored, row.title, row.summary, row.content) for stored, row in texts if row is not None)


def rematch_hits(db: Db, again: Mapping[Hit, int]) -> None:
    """Set a new time on stored hits whose entries match again after an edit, each with the entry's version.

    A digest that reported the hit at an earlier version reports it again. The counts of their days move with them.
    """
    if not again:
        return
    pairs = [(hit.topic_id, hit.entry_id) for hit in again]
    moved: Counter[DayKey] = group_by_day(again)
    known = select(hits.c.topic_id, hits.c.matched_at, hits.c.origin)
    for row in db.execute(known.where(tuple_(hits.c.topic_id, hits.c.entry_id).in_(pairs))):
        moved[(row.topic_id, f"{row.matched_at:%Y-%m-%d}", row.origin)] -= 1
    for hit, version in again.items():
        this = hits.c.topic_id == hit.topic_id, hits.c.entry_id == hit.entry_id
        dated = {"matched_at": hit.matched_at, "origin": Origin.EDIT.value, "entry_version": version}
        db.execute(update(hits).where(*this).values(dated))
    if changed := {day: count for day, count in moved.items() if count}:
        add_to_hit_counts(db, changed)


def _with_text(stored: StoredEntry, title: str, summary: str, content: str) -> StoredEntry:
    item = replace(stored.entry.item, title=title, summary=summary, content=content)
    return replace(stored, entry=replace(stored.entry, item=item))
