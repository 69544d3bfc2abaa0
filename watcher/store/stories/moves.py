"""Moves entries from one story to another, and remembers that and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, delete, func, select, update

from watcher.errors import NotFoundError
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of, bulk_insert, reserve_ids
from watcher.store.sql.types import IDS
from watcher.store.tables import entries as entry_table
from watcher.store.tables import stories, story_moves


class MoveKind(StrEnum):
    """Why an entry changed its story: its vector came, or a person split, merged, or undid either."""

    LATE = "late"
    SPLIT = "split"
    MERGE = "merge"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMove:
    """An entry that changed its story, and when."""

    entry_id: int
    from_story: int
    to_story: int
    moved_at: datetime


_IDS = bindparam("ids", type_=IDS)
_STORIES_OF = select(entry_table.c.id, entry_table.c.story_id).where(any_of(entry_table.c.id, _IDS))
_ENTRIES_OF = select(entry_table.c.id).where(entry_table.c.story_id == bindparam("story")).order_by(entry_table.c.id)


def begin_story(db: Db, now: datetime) -> int:
    """Add a story without entries, and return its id; entries are moved into it in the same transaction."""
    [story_id] = reserve_ids(db, stories, 1)
    restore_story(db, story_id, now)
    return story_id


def restore_story(db: Db, story_id: int, now: datetime) -> None:
    """Add a story under an id that it had before; one that is there stays."""
    if db.execute(select(stories.c.id).where(stories.c.id == story_id)).first() is None:
        bulk_insert(db, stories, [{"id": story_id, "first_at": now, "last_at": now, "size": 0}])


def move_entries(db: Db, entry_ids: Collection[int], to_story: int, kind: MoveKind, now: datetime) -> None:
    """Move entries to a story, and count both sides anew; a story that has no entry left is deleted."""
    rows = db.execute(_STORIES_OF, {"ids": sorted(entry_ids)}).all()
    moved = {row.id: row.story_id for row in rows if row.story_id not in (None, to_story)}
    if not moved:
        return
    db.execute(
        update(entry_table).where(any_of(entry_table.c.id, _IDS)).values(story_id=to_story), {"ids": sorted(moved)}
    )
    ids = reserve_ids(db, story_moves, len(moved))
    bulk_insert(
        db,
        story_moves,
        [
            {"id": id_, "entry_id": entry, "from_story": story, "to_story": to_story, "moved_at": now, "kind": kind}
            for id_, (entry, story) in zip(ids, sorted(moved.items()), strict=True)
        ],
    )
    for story_id in {to_story, *moved.values()}:
        _count_story(db, story_id)


def list_entries_of_story(db: Db, story_id: int) -> tuple[int, ...]:
    """Return the ids of a story's entries, in order; raises NotFoundError for a story that has none."""
    entry_ids = tuple(db.execute(_ENTRIES_OF, {"story": story_id}).scalars())
    if not entry_ids:
        raise NotFoundError("story", str(story_id))
    return entry_ids


def find_current_story(db: Db, story_id: int) -> int | None:
    """Return the story in which most entries of a story that is gone are now; None where nothing is known of it."""
    moved = (
        select(entry_table.c.story_id)
        .join(story_moves, story_moves.c.entry_id == entry_table.c.id)
        .where(story_moves.c.from_story == story_id, entry_table.c.story_id.is_not(None))
        .group_by(entry_table.c.story_id)
        .order_by(func.count().desc(), entry_table.c.story_id)
        .limit(1)
    )
    return db.execute(moved).scalar()


def load_late_joins(db: Db, entry_ids: Collection[int]) -> Mapping[int, datetime]:
    """Return which of some entries joined their story late, since their vectors came later, and when they did."""
    late = (
        select(story_moves.c.entry_id, func.max(story_moves.c.moved_at).label("moved_at"))
        .join(entry_table, entry_table.c.id == story_moves.c.entry_id)
        .where(
            any_of(story_moves.c.entry_id, _IDS),
            story_moves.c.kind == MoveKind.LATE,
            story_moves.c.to_story == entry_table.c.story_id,
        )
        .group_by(story_moves.c.entry_id)
    )
    return {row.entry_id: row.moved_at for row in db.execute(late, {"ids": sorted(entry_ids)})}


def list_moves_by_persons(db: Db, entry_ids: Collection[int], since: datetime) -> tuple[StoryMove, ...]:
    """Return how persons moved some entries after a moment, in order: by a split, a merge, or by undoing either."""
    chosen = (
        select(story_moves.c.entry_id, story_moves.c.from_story, story_moves.c.to_story, story_moves.c.moved_at)
        .where(
            any_of(story_moves.c.entry_id, _IDS),
            story_moves.c.moved_at > since,
            story_moves.c.kind != MoveKind.LATE,
        )
        .order_by(story_moves.c.id)
    )
    rows = db.execute(chosen, {"ids": sorted(entry_ids)}).mappings() if entry_ids else ()
    return tuple(StoryMove(**row) for row in rows)


def _count_story(db: Db, story_id: int) -> None:
    """Count a story's entries anew, and date it by them."""
    seen = entry_table.c.first_seen_at
    counted = select(func.count(), func.min(seen), func.max(seen)).where(entry_table.c.story_id == story_id)
    size, first_at, last_at = db.execute(counted).one()
    if size:
        values = {"size": size, "first_at": first_at, "last_at": last_at}
        db.execute(update(stories).where(stories.c.id == story_id).values(values))
    else:
        db.execute(delete(stories).where(stories.c.id == story_id))
