"""Notes: listed, written, edited and deleted with their history, handed to colleagues."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from watcher.app.triage import notes as use_cases
from watcher.app.triage.marks import parse_target, parse_targets
from watcher.contract.triage import Note, NoteHistory, NoteList, encode_note, encode_note_history, encode_notes
from watcher.model.triage import MAX_NOTE_CHARACTERS, MAX_PERSON_CHARACTERS
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.triage.notes import (
    get_note,
    list_note_versions,
    set_mention_done,
)
from watcher.web.api.edits import IdempotencyKey, create_once
from watcher.web.api.parameters import Cursor, add_next_link
from watcher.web.api.problems import NOTE_EDITS, REPEATABLE
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx
from watcher.web.validation import NoteId, Text

router = APIRouter(tags=["notes"])
_NoteText = Annotated[Text, Field(min_length=1, max_length=MAX_NOTE_CHARACTERS)]
_Name = Annotated[Text, Field(max_length=MAX_PERSON_CHARACTERS)]
_TargetText = Annotated[Text, Field(max_length=40)]


class NewNote(BaseModel):
    """A note about `entry:12`, `story:3` or `proposal:4`, handed to people by name."""

    model_config = ConfigDict(extra="forbid")
    target: _TargetText
    text: _NoteText
    to: list[_Name] = Field(default=[], max_length=20)


class NoteUpdate(BaseModel):
    """A new text of one's own note; `version` is the one that was read."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=2**31 - 1)
    text: _NoteText
    to: list[_Name] = Field(default=[], max_length=20)


class DoneUpdate(BaseModel):
    """Whether you dealt with a note that was handed to you."""

    model_config = ConfigDict(extra="forbid")
    done: StrictBool


@router.get("/notes")
def get_notes(
    request: Request,
    response: Response,
    ctx: Ctx,
    target: Annotated[list[_TargetText] | None, Query(description="Only about these", max_length=200)] = None,
    handed: Annotated[bool, Query(description="Only those that wait for you")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Cursor = None,
) -> NoteList:
    """List notes, the newest first: everyone's, those about some targets, or those that wait for you."""
    place = parse_cursor("notes", cursor)
    is_paged = not (target or handed)
    with ctx.app.database.read() as db:
        notes = use_cases.find_notes(
            db, parse_targets(target or ()), handed_to=get_person(request).name if handed else None,
            limit=limit + is_paged, before=int(place[0]) if place else None,
        )  # fmt: skip
    if not is_paged:
        return encode_notes(notes)
    next_cursor = format_cursor("notes", notes[limit - 1].id) if len(notes) > limit else None
    add_next_link(request, response, next_cursor)
    return encode_notes(notes[:limit], next_cursor)


@router.post("/notes", status_code=201, response_model=Note, responses=REPEATABLE)
async def post_note(request: Request, ctx: Ctx, new: NewNote, idempotency_key: IdempotencyKey = None) -> Response:
    """Write a note, and hand it to the people it names."""
    author = get_person(request).name

    def write() -> dict[str, Any]:
        """Store it."""
        target = parse_target(new.target)
        with ctx.app.database.write() as db:
            return dict(encode_note(use_cases.write_note(db, target, new.text, new.to, author=author, now=ctx.now)))

    async def create() -> dict[str, Any]:
        """Store it in a thread."""
        return await run_in_threadpool(write)

    response = await create_once(request, ctx, idempotency_key, new.model_dump(), create)
    ctx.clear_cache()
    return response


@router.get("/notes/{note_id}")
def get_one_note(ctx: Ctx, note_id: NoteId) -> Note:
    """Get a note; a deleted one says when that was."""
    with ctx.app.database.read() as db:
        return encode_note(get_note(db, note_id))


@router.get("/notes/{note_id}/versions")
def get_note_versions(ctx: Ctx, note_id: NoteId) -> NoteHistory:
    """List the earlier texts of a note."""
    with ctx.app.database.read() as db:
        get_note(db, note_id)
        return encode_note_history(list_note_versions(db, note_id))


@router.patch("/notes/{note_id}", responses=NOTE_EDITS)
def patch_note(request: Request, ctx: Ctx, note_id: NoteId, update: NoteUpdate) -> Note:
    """Replace the text of your note; 412 where it was changed since `version`."""
    author = get_person(request).name
    with ctx.app.database.write() as db:
        note = use_cases.rewrite_note(db, note_id, update.version, update.text, update.to, author=author, now=ctx.now)
    ctx.clear_cache()
    return encode_note(note)


@router.delete("/notes/{note_id}")
def delete_one_note(request: Request, ctx: Ctx, note_id: NoteId) -> Note:
    """Delete your note; its text stays stored, and it can be restored."""
    with ctx.app.database.write() as db:
        note = use_cases.delete_note(db, note_id, author=get_person(request).name, now=ctx.now)
    ctx.clear_cache()
    return encode_note(note)


@router.post("/notes/{note_id}/restore")
def post_note_restore(request: Request, ctx: Ctx, note_id: NoteId) -> Note:
    """Restore your deleted note."""
    with ctx.app.database.write() as db:
        note = use_cases.restore_note(db, note_id, author=get_person(request).name, now=ctx.now)
    ctx.clear_cache()
    return encode_note(note)


@router.put("/notes/{note_id}/done")
def put_note_done(request: Request, ctx: Ctx, note_id: NoteId, update: DoneUpdate) -> Note:
    """Record whether you dealt with a note that was handed to you."""
    with ctx.app.database.write() as db:
        set_mention_done(db, note_id, get_person(request).name, done=update.done, now=ctx.now)
        note = get_note(db, note_id)
    ctx.clear_cache()
    return encode_note(note)
