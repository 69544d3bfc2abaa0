"""Finds notes about items, writes them and hands them to colleagues."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from watcher.errors import NotFoundError, UsageError
from watcher.model.triage import MAX_NOTE_CHARACTERS, MAX_PERSON_CHARACTERS, Note, Target
from watcher.store.database import Db
from watcher.store.triage import notes
from watcher.store.triage.marks import find_missing_target

MAX_MENTIONS = 20
_MENTION = re.compile(r"(?<![\w@])@([\w][\w.-]{0,78}[\w]|[\w])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u2028\u2029]")


def find_notes(
    db: Db, targets: Sequence[Target] = (), *, handed_to: str | None = None, limit: int, before: int | None = None
) -> tuple[Note, ...]:
    """Return notes, the newest first: all about some targets, or `limit` of those that wait for a person or everyone's.

    Of everyone's those with a smaller number than `before`.
    """
    if targets:
        return tuple(reversed(notes.list_notes(db, targets)))
    if handed_to is not None:
        return notes.list_handed_notes(db, handed_to, limit=limit)
    return notes.list_newest_notes(db, limit=limit, before=before)


def write_note(db: Db, target: Target, text: str, to: Iterable[str], *, author: str, now: datetime) -> Note:
    """Store a person's note about a target, handed to the people that are named or mentioned as `@name`.

    Raises NotFoundError for a target that is not stored, and UsageError for a note without text or beyond its bounds.
    """
    if find_missing_target(db, [target]) is not None:
        raise NotFoundError(target.kind.value, str(target.id))
    text = _parse_text(text)
    return notes.add_note(db, target, author, text, _parse_mentions(text, to), now)


def rewrite_note(
    db: Db, note_id: int, version: int, text: str, to: Iterable[str], *, author: str, now: datetime
) -> Note:
    """Replace the text of one's own note; the former text is kept.

    Raises NotFoundError, UsageError for another person's note, and ConflictError where it was changed meanwhile.
    """
    _require_own(db, note_id, author)
    text = _parse_text(text)
    return notes.edit_note(db, note_id, version, text, _parse_mentions(text, to), author=author, now=now)


def delete_note(db: Db, note_id: int, *, author: str, now: datetime) -> Note:
    """Delete one's own note, which `restore_note` undoes. Raises NotFoundError, and UsageError for another's note."""
    _require_own(db, note_id, author)
    return notes.set_note_deleted(db, note_id, deleted=True, now=now)


def restore_note(db: Db, note_id: int, *, author: str, now: datetime) -> Note:
    """Restore one's own deleted note. Raises NotFoundError, and UsageError for another person's note."""
    _require_own(db, note_id, author)
    return notes.set_note_deleted(db, note_id, deleted=False, now=now)


def _require_own(db: Db, note_id: int, author: str) -> None:
    note = notes.get_note(db, note_id)
    if note.author != author:
        raise UsageError(f"Only {note.author} can change this note. Write one of your own.")


def _parse_text(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not plain:
        raise UsageError("A note needs a text.")
    if len(plain) > MAX_NOTE_CHARACTERS:
        raise UsageError(f"A note has at most {MAX_NOTE_CHARACTERS:,} characters; this one has {len(plain):,}.")
    if _CONTROL.search(plain):
        raise UsageError("A note contains a control character.")
    return plain


def _parse_mentions(text: str, to: Iterable[str]) -> tuple[str, ...]:
    names = [*(name.strip().removeprefix("@") for name in to), *_MENTION.findall(text)]
    mentioned = tuple(dict.fromkeys(name for name in names if name))
    if any(len(name) > MAX_PERSON_CHARACTERS or not name.isprintable() for name in mentioned):
        raise UsageError(f"A name has at most {MAX_PERSON_CHARACTERS} printable characters.")
    if len(mentioned) > MAX_MENTIONS:
        raise UsageError(f"A note can be handed to at most {MAX_MENTIONS} people.")
    return mentioned
