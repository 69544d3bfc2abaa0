"""What a person decided about stories: a report is of another event, or two stories are one. Both can be undone."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update

from watcher.errors import NotFoundError
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of, reserve_ids
from watcher.store.sql.types import IDS
from watcher.store.stories.moves import (
    MoveKind,
    begin_story,
    list_entries_of_story,
    move_entries,
    restore_story,
)
from watcher.store.tables import story_decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDecision:
    """A split or a merge. `entry_ids` belonged to `other_story_id`, which began by the split or ended by the merge."""

    id: int
    kind: MoveKind
    story_id: int
    other_story_id: int
    entry_ids: tuple[int, ...]
    author: str | None
    decided_at: datetime
    undone_at: datetime | None = None


def split_story(
    db: Db, story_id: int, entry_ids: Collection[int], now: datetime, *, author: str | None = None
) -> StoryDecision:
    """Move some entries of a story into one of their own; the two are not joined again by themselves.

    Raises NotFoundError for an entry that is not in the story, and ValueError where none would remain or leave.
    """
    present = list_entries_of_story(db, story_id)
    for entry_id in entry_ids:
        if entry_id not in present:
            raise NotFoundError("entry of the story", str(entry_id))
    leaving = tuple(sorted(set(entry_ids)))
    if not leaving or len(leaving) == len(present):
        raise ValueError("a split leaves entries on both sides")
    other = begin_story(db, now)
    move_entries(db, leaving, other, MoveKind.SPLIT, now)
    return _add_decision(db, MoveKind.SPLIT, story_id, other, leaving, now, author)


def merge_stories(
    db: Db, story_id: int, other_story_id: int, now: datetime, *, author: str | None = None
) -> StoryDecision:
    """Move all entries of another story into a story; raises NotFoundError, and ValueError for one and the same."""
    if story_id == other_story_id:
        raise ValueError("a story cannot be merged with itself")
    list_entries_of_story(db, story_id)
    moved = list_entries_of_story(db, other_story_id)
    for decision in _find_decisions(db, {story_id, other_story_id}):
        # Who joins what was split has changed their mind.
        if {decision.story_id, decision.other_story_id} == {story_id, other_story_id}:
            _mark_undone(db, decision.id, now)
    move_entries(db, moved, story_id, MoveKind.MERGE, now)
    return _add_decision(db, MoveKind.MERGE, story_id, other_story_id, moved, now, author)


def undo_story_decision(db: Db, decision_id: int, now: datetime) -> StoryDecision:
    """Undo a split or a merge: its entries go back, those that are still there; raises NotFoundError.

    A decision that was undone before stays as it is.
    """
    row = db.execute(select(story_decisions).where(story_decisions.c.id == decision_id)).mappings().first()
    if row is None:
        raise NotFoundError("decision about a story", str(decision_id))
    decision = _read_decision(dict(row))
    if decision.undone_at is not None:
        return decision
    target = decision.story_id if decision.kind is MoveKind.SPLIT else decision.other_story_id
    restore_story(db, target, now)
    move_entries(db, decision.entry_ids, target, MoveKind.UNDO, now)
    _mark_undone(db, decision_id, now)
    row = db.execute(select(story_decisions).where(story_decisions.c.id == decision_id)).mappings().one()
    return _read_decision(dict(row))


def list_story_decisions(db: Db, story_id: int) -> tuple[StoryDecision, ...]:
    """Return what was decided about a story, the newest first, undone decisions as well."""
    chosen = select(story_decisions).where(_concerns(story_id)).order_by(story_decisions.c.id.desc())
    return tuple(_read_decision(dict(row)) for row in db.execute(chosen).mappings())


def list_entries_decided_since(db: Db, since: datetime) -> frozenset[int]:
    """Return the entries that were moved by a split or a merge after a moment, or back when either was undone."""
    later = or_(story_decisions.c.decided_at > since, story_decisions.c.undone_at > since)
    rows = db.execute(select(story_decisions.c.entry_ids).where(later)).scalars()
    return frozenset(entry_id for entry_ids in rows for entry_id in json.loads(entry_ids))


def load_stories_kept_apart(db: Db, story_ids: Collection[int]) -> frozenset[frozenset[int]]:
    """Return the pairs of stories, with one of `story_ids` in each, that a person split and nobody joined since."""
    return frozenset(
        frozenset((decision.story_id, decision.other_story_id))
        for decision in _find_decisions(db, story_ids)
        if decision.kind is MoveKind.SPLIT
    )


def rename_in_decisions(db: Db, old_story: int, new_story: int) -> None:
    """Replace a story in splits by the one that it was joined to."""
    for column in (story_decisions.c.story_id, story_decisions.c.other_story_id):
        which = column == old_story, story_decisions.c.kind == MoveKind.SPLIT, story_decisions.c.undone_at.is_(None)
        db.execute(update(story_decisions).where(*which).values({column: new_story}))


def _concerns(story_id: int) -> ColumnElement[bool]:
    return or_(story_decisions.c.story_id == story_id, story_decisions.c.other_story_id == story_id)


def _find_decisions(db: Db, story_ids: Collection[int]) -> tuple[StoryDecision, ...]:
    ids = bindparam("ids", type_=IDS)
    chosen = select(story_decisions).where(
        or_(any_of(story_decisions.c.story_id, ids), any_of(story_decisions.c.other_story_id, ids)),
        story_decisions.c.undone_at.is_(None),
    )
    return tuple(_read_decision(dict(row)) for row in db.execute(chosen, {"ids": sorted(story_ids)}).mappings())


def _add_decision(
    db: Db,
    kind: MoveKind,
    story_id: int,
    other_story_id: int,
    entry_ids: tuple[int, ...],
    now: datetime,
    author: str | None,
) -> StoryDecision:
    [id_] = reserve_ids(db, story_decisions, 1)
    decision = StoryDecision(
        id=id_,
        kind=kind,
        story_id=story_id,
        other_story_id=other_story_id,
        entry_ids=entry_ids,
        author=author,
        decided_at=now,
    )
    row = {
        "id": id_,
        "kind": kind,
        "story_id": story_id,
        "other_story_id": other_story_id,
        "entry_ids": json.dumps(entry_ids),
        "author": author,
        "decided_at": now,
    }
    db.execute(insert(story_decisions), [row])
    return decision


def _mark_undone(db: Db, decision_id: int, now: datetime) -> None:
    db.execute(update(story_decisions).where(story_decisions.c.id == decision_id).values(undone_at=now))


def _read_decision(row: dict[str, object]) -> StoryDecision:
    values = row | {"kind": MoveKind(str(row["kind"])), "entry_ids": tuple(json.loads(str(row["entry_ids"])))}
    return StoryDecision(**values)  # type: ignore[arg-type]
