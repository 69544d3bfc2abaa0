"""What people have seen and starred: one row for a person and a target, so that two people never meet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, delete, func, literal, select

from watcher.model.triage import NEVER_SEEN, Mark, Reader, Target, TargetKind
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.dialect import excluded, get_dialect
from watcher.store.sql.types import IDS, Moment
from watcher.store.tables import entries, hits, proposals, seen_items, starred_items, stories, story_moves

MAX_REPORTS_MARKED = 2_000
"""Of a story that is marked as seen, so many reports are, the newest."""

_SEEN = select(seen_items.c.target_id, seen_items.c.seen_at).where(
    seen_items.c.person == bindparam("person"),
    seen_items.c.kind == bindparam("kind"),
    any_of(seen_items.c.target_id, bindparam("ids", type_=IDS)),
)
_STARRED = select(starred_items.c.target_id).where(
    starred_items.c.person == bindparam("person"),
    starred_items.c.kind == bindparam("kind"),
    any_of(starred_items.c.target_id, bindparam("ids", type_=IDS)),
)
_REPORTS = (
    select(entries.c.id)
    .where(any_of(entries.c.story_id, bindparam("ids", type_=IDS)))
    .order_by(entries.c.id.desc())
    .limit(MAX_REPORTS_MARKED)
)
_STORIES_OF = (
    select(entries.c.story_id)
    .where(any_of(entries.c.id, bindparam("ids", type_=IDS)), entries.c.story_id.is_not(None))
    .distinct()
)
_FORMER_STORIES = (
    select(story_moves.c.from_story, entries.c.story_id, func.count().label("moved"))
    .join(entries, entries.c.id == story_moves.c.entry_id)
    .outerjoin(stories, stories.c.id == story_moves.c.from_story)
    .where(any_of(entries.c.story_id, bindparam("ids", type_=IDS)), stories.c.id.is_(None))
    .group_by(story_moves.c.from_story, entries.c.story_id)
)

_MOMENTS: Mapping[TargetKind, tuple[ColumnElement[int], ColumnElement[datetime]]] = {
    TargetKind.ENTRY: (hits.c.entry_id, hits.c.matched_at),
    TargetKind.STORY: (stories.c.id, stories.c.last_at),
    TargetKind.PROPOSAL: (proposals.c.id, proposals.c.proposed_at),
}
"""When what is shown of a target came: it is unread until then."""
_TABLES: Mapping[TargetKind, ColumnElement[int]] = {
    TargetKind.ENTRY: entries.c.id,
    TargetKind.STORY: stories.c.id,
    TargetKind.PROPOSAL: proposals.c.id,
}

SEEN_FLOOR: BindParameter[datetime] = bindparam("seen_floor", type_=Moment())
"""A reader's `seen_floor` in statements that are kept; see `bind_reader`."""


def find_missing_target(db: Db, targets: Iterable[Target]) -> Target | None:
    """Return the first of some targets that is not stored, None where all are."""
    chosen = sorted(set(targets))
    for kind, column in _TABLES.items():
        ids = [target.id for target in chosen if target.kind is kind]
        if ids:
            there = select(column).where(any_of(column, bindparam("ids", type_=IDS)))
            known = set(db.execute(there, {"ids": ids}).scalars())
            if missing := [id_ for id_ in ids if id_ not in known]:
                return Target(kind, missing[0])
    return None


def load_marks(
    db: Db, person: str, kind: TargetKind, ids: Collection[int], former: Mapping[int, int] | None = None
) -> Mapping[int, Mark]:
    """Return what a person knows of some targets of one kind; those that are not in it are neither seen nor starred.

    `former` are the targets' former numbers, where they have been read before.
    """
    if not ids:
        return {}
    former = map_former_targets(db, kind, ids) if former is None else former
    parameters = {"person": person, "kind": kind.value, "ids": sorted({*ids, *former})}
    marks = {row.target_id: Mark(seen_at=row.seen_at) for row in db.execute(_SEEN, parameters) if row.target_id in ids}
    for target_id in db.execute(_STARRED, parameters).scalars():
        current = former.get(target_id, target_id)
        marks[current] = replace(marks.get(current, Mark()), starred=True)
    return marks


def map_former_targets(db: Db, kind: TargetKind, ids: Collection[int]) -> Mapping[int, int]:
    """Return the former numbers of some targets, each with the number of today; only stories have any."""
    return map_former_stories(db, ids) if kind is TargetKind.STORY else {}


def map_former_stories(db: Db, story_ids: Collection[int]) -> Mapping[int, int]:
    """Return which stories that are gone became part of these: each leads to the one with most of its reports."""
    rows = db.execute(_FORMER_STORIES, {"ids": sorted(story_ids)}).all() if story_ids else ()
    return {row.from_story: row.story_id for row in sorted(rows, key=lambda row: row.moved)}


def list_unread(db: Db, reader: Reader, targets: Iterable[Target], until: datetime) -> tuple[Target, ...]:
    """Return those of some targets that are unread for a person and would not be, had they seen all until a moment."""
    unread: list[Target] = []
    chosen = sorted(set(targets))
    for kind in TargetKind:
        ids = [target.id for target in chosen if target.kind is kind]
        if not ids:
            continue
        id_column, moment = _MOMENTS[kind]
        unread_ids = select(id_column).where(
            any_of(id_column, bindparam("ids", type_=IDS)),
            is_unread(reader, kind, id_column, moment),
            moment <= until,
        )
        unread += [Target(kind, id_) for id_ in sorted(set(db.execute(unread_ids, {"ids": ids}).scalars()))]
    return tuple(unread)


def set_seen(db: Db, person: str, targets: Iterable[Target], seen_at: datetime | None, now: datetime) -> None:
    """Record until when a person has seen some targets; None marks them unread."""
    rows = [
        {"kind": target.kind.value, "target_id": target.id, "seen_at": seen_at or NEVER_SEEN}
        for target in sorted(set(targets))
    ]
    if rows:
        insert = get_dialect(db).upsert(
            seen_items,
            ("person", "kind", "target_id"),
            {"seen_at": excluded("seen_at"), "changed_at": excluded("changed_at")},
        )
        db.execute(insert, [{**row, "person": person, "changed_at": now} for row in rows])


def set_starred(db: Db, person: str, targets: Iterable[Target], *, starred: bool, now: datetime) -> None:
    """Star some targets for a person, or take their stars away; a star keeps the moment when it was set."""
    chosen = sorted(set(targets))
    if starred and chosen:
        rows = [
            {"person": person, "kind": target.kind.value, "target_id": target.id, "starred_at": now}
            for target in chosen
        ]
        db.execute(get_dialect(db).insert_or_ignore(starred_items), rows)
        return
    for kind in {target.kind for target in chosen}:
        ids = [target.id for target in chosen if target.kind is kind]
        if kind is TargetKind.STORY:
            ids += map_former_stories(db, ids)
        db.execute(
            delete(starred_items).where(
                starred_items.c.person == person,
                starred_items.c.kind == kind.value,
                starred_items.c.target_id.in_(ids),
            )
        )


def list_reports_of(db: Db, story_ids: Collection[int]) -> tuple[Target, ...]:
    """Return the reports of some stories, the newest MAX_REPORTS_MARKED."""
    ids = db.execute(_REPORTS, {"ids": sorted(story_ids)}).scalars() if story_ids else ()
    return tuple(Target(TargetKind.ENTRY, id_) for id_ in ids)


def find_seen_stories(db: Db, reader: Reader, entry_ids: Collection[int]) -> tuple[Target, ...]:
    """Return the stories of some entries of which a person has seen every report."""
    seen = seen_items.alias()
    unseen = (
        select(entries.c.id)
        .outerjoin(
            seen,
            and_(
                seen.c.person == reader.person,
                seen.c.kind == TargetKind.ENTRY.value,
                seen.c.target_id == entries.c.id,
                seen.c.seen_at > NEVER_SEEN,
            ),
        )
        .where(
            entries.c.story_id == stories.c.id,
            entries.c.first_seen_at > reader.seen_before,
            seen.c.target_id.is_(None),
        )
    )
    story_ids = tuple(db.execute(_STORIES_OF, {"ids": sorted(entry_ids)}).scalars()) if entry_ids else ()
    whole = select(stories.c.id).where(stories.c.id.in_(story_ids), ~unseen.exists())
    return tuple(Target(TargetKind.STORY, id_) for id_ in db.execute(whole).scalars())


def is_unread(
    reader: Reader, kind: TargetKind, id_column: ColumnElement[int], moment: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Return whether what came at a moment is unread, as a condition: `Mark.is_unread` in SQL."""
    before = literal(reader.seen_before, Moment())
    return _came_after(kind, id_column, moment, reader.person, reader.seen_floor, before)


def is_unread_by_bound_reader(
    kind: TargetKind, id_column: ColumnElement[int], moment: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Return the same for a statement that is kept: `bind_reader` gives the values of its parameters."""
    before = bindparam("seen_before", type_=Moment())
    return _came_after(kind, id_column, moment, bindparam("reader"), SEEN_FLOOR, before)


def bind_reader(reader: Reader) -> Mapping[str, object]:
    """Return the values of the parameters of `is_unread_by_bound_reader`."""
    return {"reader": reader.person, "seen_floor": reader.seen_floor, "seen_before": reader.seen_before}


def is_starred(person: str, kind: TargetKind, id_column: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether a person starred a target, as a condition."""
    return (
        select(starred_items.c.target_id)
        .where(
            starred_items.c.person == person,
            starred_items.c.kind == kind.value,
            starred_items.c.target_id == id_column,
        )
        .exists()
    )


def list_stories_of(db: Db, entry_ids: Collection[int]) -> tuple[Target, ...]:
    """Return the stories of some entries."""
    ids = db.execute(_STORIES_OF, {"ids": sorted(entry_ids)}).scalars() if entry_ids else ()
    return tuple(Target(TargetKind.STORY, id_) for id_ in ids)


def _came_after(
    kind: TargetKind,
    id_column: ColumnElement[int],
    moment: ColumnElement[datetime],
    person: ColumnElement[str] | str,
    floor: ColumnElement[datetime] | datetime,
    before: ColumnElement[datetime],
) -> ColumnElement[bool]:
    seen_at = (
        select(seen_items.c.seen_at)
        .where(seen_items.c.person == person, seen_items.c.kind == kind.value, seen_items.c.target_id == id_column)
        .scalar_subquery()
    )
    return and_(moment > floor, moment > func.coalesce(seen_at, before))
