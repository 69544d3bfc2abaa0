"""Which digest reported a story last, and which of its messages were sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import digest_items, digests, hits, outbox
from watcher.store.tables import entries as entry_table


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStory:
    """The last digest that reported a story, by its id, its slot, and when it was composed."""

    digest_id: int
    slot_at: datetime
    composed_at: datetime


def find_reported_stories(db: Db, name: str, story_ids: Sequence[int]) -> Mapping[int, ReportedStory]:
    """Return by which digest of a name each of some stories was last reported; those that never were are left out."""
    chosen = (
        select(
            entry_table.c.story_id,
            func.max(digests.c.id).label("digest_id"),
            func.max(digests.c.slot_at).label("slot_at"),
            func.max(digests.c.composed_at).label("composed_at"),
        )
        .join_from(digest_items, hits, hits.c.id == digest_items.c.hit_id)
        .join(entry_table, entry_table.c.id == hits.c.entry_id)
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .where(digest_items.c.name == name, digests.c.sent)
        .where(any_of(entry_table.c.story_id, bindparam("ids", type_=IDS)))
        .group_by(entry_table.c.story_id)
    )
    rows = db.execute(chosen, {"ids": list(story_ids)}) if story_ids else ()
    return {
        row.story_id: ReportedStory(digest_id=row.digest_id, slot_at=row.slot_at, composed_at=row.composed_at)
        for row in rows
    }


def find_sent_messages(db: Db, digest_ids: Sequence[int]) -> Mapping[tuple[str, str], str]:
    """Return the identity of the last sent message of some digests, by channel and recipient."""
    chosen = (
        select(outbox.c.channel, outbox.c.recipient, outbox.c.message_id)
        .where(any_of(outbox.c.digest_id, bindparam("ids", type_=IDS)), outbox.c.state == "sent", outbox.c.part == 0)
        .order_by(outbox.c.id)
    )
    rows = db.execute(chosen, {"ids": list(digest_ids)}) if digest_ids else ()
    return {(channel, recipient): message_id for channel, recipient, message_id in rows}
