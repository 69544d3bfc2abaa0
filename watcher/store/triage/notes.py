"""Notes: written, edited and deleted with their history, and handed to colleagues. Nothing of a note is overwritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, literal, or_, select, update

from watcher.errors import ConflictError, NotFoundError, UsageError
from watcher.model.triage import Note, NoteVersion, Target, TargetKind
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.types import IDS, Moment
from watcher.store.tables import note_mentions, note_versions, notes
from watcher.store.triage.marks import map_former_stories, map_former_targets

MAX_NOTES = 200
_MENTIONS = (
    select(note_mentions)
    .where(any_of(note_mentions.c.note_id, bindparam("ids", type_=IDS)))
    .order_by(note_mentions.c.person)
)
_COUNTS = (
    select(notes.c.target_id, func.count())
    .where(
        notes.c.kind == bindparam("kind"),
        any_of(notes.c.target_id, bindparam("ids", type_=IDS)),
        notes.c.deleted_at.is_(None),
    )
    .group_by(notes.c.target_id)
)


def add_note(db: Db, target: Target, author: str, text: str, mentions: Iterable[str], now: datetime) -> Note:
    """Store a note about a target and whom it is handed to."""
    row = {"kind": target.kind.value, "target_id": target.id, "author": author, "text": text, "written_at": now}
    note_id = int(db.execute(insert(notes).values(row).returning(notes.c.id)).scalar_one())
    _add_mentions(db, note_id, mentions)
    return get_note(db, note_id)


def get_note(db: Db, note_id: int) -> Note:
    """Return a note, deleted or not; raises NotFoundError."""
    read_notes = _read(db, select(notes).where(notes.c.id == note_id))
    if not read_notes:
        raise NotFoundError("note", str(note_id))
    return read_notes[0]


def edit_note(
    db: Db, note_id: int, version: int, text: str, mentions: Iterable[str], *, author: str, now: datetime
) -> Note:
    """Replace the text of a note that is still at the version that was read; its former text is kept.

    Raises NotFoundError where it is gone or deleted, ConflictError where it was changed meanwhile.
    """
    note = get_note(db, note_id)
    if note.deleted_at is not None:
        raise NotFoundError("note", str(note_id))
    changed = db.execute(
        update(notes)
        .where(notes.c.id == note_id, notes.c.version == version, notes.c.deleted_at.is_(None))
        .values(text=text, version=version + 1, edited_at=now)
        .returning(notes.c.id)
    ).first()
    if changed is None:
        raise ConflictError("note", str(note_id), get_note(db, note_id).text, text)
    former = {"note_id": note_id, "version": version, "text": note.text, "replaced_at": now, "replaced_by": author}
    db.execute(insert(note_versions).values(former))
    kept = sorted(set(mentions))
    db.execute(delete(note_mentions).where(note_mentions.c.note_id == note_id, note_mentions.c.person.not_in(kept)))
    _add_mentions(db, note_id, kept)
    return get_note(db, note_id)


def set_note_deleted(db: Db, note_id: int, *, deleted: bool, now: datetime) -> Note:
    """Delete a note, or restore it; its text stays stored. Raises NotFoundError."""
    changed = db.execute(
        update(notes)
        .where(notes.c.id == note_id)
        .values(deleted_at=func.coalesce(notes.c.deleted_at, literal(now, Moment())) if deleted else None)
        .returning(notes.c.id)
    ).first()
    if changed is None:
        raise NotFoundError("note", str(note_id))
    return get_note(db, note_id)


def set_mention_done(db: Db, note_id: int, person: str, *, done: bool, now: datetime) -> None:
    """Record that a person dealt with a note that was handed to them, or not yet.

    Raises NotFoundError, and UsageError for a note that was handed to nobody or to others.
    """
    is_mention = (note_mentions.c.note_id == note_id, note_mentions.c.person == person)
    changed = update(note_mentions).where(*is_mention).values(done_at=now if done else None)
    if db.execute(changed.returning(note_mentions.c.note_id)).first() is None:
        get_note(db, note_id)
        raise UsageError(f"note {note_id} is not handed to you")


def list_notes(db: Db, targets: Collection[Target], *, deleted: bool = False) -> tuple[Note, ...]:
    """List the notes about some targets, oldest first; those about a story also under its former numbers."""
    by_kind: defaultdict[TargetKind, set[int]] = defaultdict(set)
    for target in targets:
        by_kind[target.kind].add(target.id)
    by_kind[TargetKind.STORY] |= set(map_former_stories(db, by_kind[TargetKind.STORY]))
    about: list[ColumnElement[bool]] = [
        (notes.c.kind == kind.value) & notes.c.target_id.in_(ids) for kind, ids in by_kind.items() if ids
    ]
    if not about:
        return ()
    chosen = select(notes).where(or_(*about)).order_by(notes.c.id).limit(MAX_NOTES)
    return _read(db, chosen if deleted else chosen.where(notes.c.deleted_at.is_(None)))


def list_newest_notes(db: Db, *, limit: int = MAX_NOTES, before: int | None = None) -> tuple[Note, ...]:
    """List notes of everyone, newest first; those with a smaller number than `before`."""
    chosen = select(notes).where(notes.c.deleted_at.is_(None)).order_by(notes.c.id.desc()).limit(limit)
    return _read(db, chosen if before is None else chosen.where(notes.c.id < before))


def list_handed_notes(db: Db, person: str, *, limit: int = MAX_NOTES) -> tuple[Note, ...]:
    """List the notes that were handed to a person and that they have not dealt with, newest first."""
    return _read(db, select(notes).where(_is_handed(person)).order_by(notes.c.id.desc()).limit(limit))


def count_handed_notes(db: Db, person: str) -> int:
    """Count the notes that wait for a person."""
    waiting = select(notes.c.id).where(_is_handed(person)).limit(MAX_NOTES).subquery()
    return int(db.execute(select(func.count()).select_from(waiting)).scalar_one())


def count_notes(
    db: Db, kind: TargetKind, ids: Collection[int], former: Mapping[int, int] | None = None
) -> Mapping[int, int]:
    """Count the notes about some targets of a kind; of a story also those under its former numbers.

    These are `former`, where they have been read before.
    """
    if not ids:
        return {}
    former = map_former_targets(db, kind, ids) if former is None else former
    counts: dict[int, int] = {}
    rows = db.execute(_COUNTS, {"kind": kind.value, "ids": sorted({*ids, *former})})
    for target_id, number in rows:
        current = former.get(target_id, target_id)
        counts[current] = counts.get(current, 0) + int(number)
    return counts


def list_note_versions(db: Db, note_id: int) -> tuple[NoteVersion, ...]:
    """List the earlier texts of a note, oldest first."""
    chosen = select(note_versions).where(note_versions.c.note_id == note_id).order_by(note_versions.c.version)
    return tuple(
        NoteVersion(version=row.version, text=row.text, replaced_at=row.replaced_at, replaced_by=row.replaced_by)
        for row in db.execute(chosen)
    )


def _is_handed(person: str) -> ColumnElement[bool]:
    mine = select(note_mentions.c.note_id).where(note_mentions.c.person == person, note_mentions.c.done_at.is_(None))
    return notes.c.id.in_(mine) & notes.c.deleted_at.is_(None)


def _add_mentions(db: Db, note_id: int, mentions: Iterable[str]) -> None:
    rows = [{"note_id": note_id, "person": person} for person in sorted(set(mentions))]
    if rows:
        db.execute(get_dialect(db).insert_or_ignore(note_mentions), rows)


def _read(db: Db, chosen: Select[Any]) -> tuple[Note, ...]:
    rows = db.execute(chosen).all()
    mentions: defaultdict[int, list[str]] = defaultdict(list)
    done: defaultdict[int, list[str]] = defaultdict(list)
    for row in db.execute(_MENTIONS, {"ids": [row.id for row in rows]}) if rows else ():
        mentions[row.note_id].append(row.person)
        if row.done_at is not None:
            done[row.note_id].append(row.person)
    return tuple(
        Note(
            id=row.id,
            target=Target(TargetKind(row.kind), row.target_id),
            author=row.author,
            text=row.text,
            version=row.version,
            written_at=row.written_at,
            edited_at=row.edited_at,
            deleted_at=row.deleted_at,
            mentions=tuple(mentions[row.id]),
            done=tuple(done[row.id]),
        )
        for row in rows
    )
