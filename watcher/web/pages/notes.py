"""Notes: what was handed to you, what colleagues wrote, and the forms that write, edit and delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from watcher.app.triage import notes as use_cases
from watcher.app.triage.marks import parse_target
from watcher.errors import NotFoundError
from watcher.model.triage import Note, NoteVersion, Target, TargetKind
from watcher.store.database import Db
from watcher.store.entries.queries import load_entry
from watcher.store.meaning.proposals import get_proposal
from watcher.store.stories.queries import load_story
from watcher.store.triage.notes import (
    get_note,
    list_handed_notes,
    list_newest_notes,
    list_note_versions,
    list_notes,
    set_mention_done,
)
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import SubmittedForm, redirect_back
from watcher.web.validation import NoteId

router = APIRouter(include_in_schema=False)
MAX_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNote:
    """A note with its earlier texts, and in lists the headline of what it is about: empty where that is gone."""

    note: Note
    versions: Sequence[NoteVersion] = ()
    title: str = ""
    path: str = ""


def load_shown_notes(db: Db, targets: Sequence[Target]) -> tuple[ShownNote, ...]:
    """Return the notes about some targets with their history, oldest first."""
    return tuple(
        ShownNote(note=note, versions=list_note_versions(db, note.id) if note.version > 1 else ())
        for note in list_notes(db, targets)
    )


@router.get("/notes")
def show_notes(request: Request, ctx: Ctx) -> Response:
    """Show the notes that were handed to the visitor, and everyone's newest."""
    person = get_person(request).name
    with ctx.app.database.read() as db:
        handed = _add_titles(db, list_handed_notes(db, person, limit=MAX_SHOWN))
        newest = _add_titles(db, list_newest_notes(db, limit=MAX_SHOWN))
    return ctx.render_page(request, "notes.html", handed=handed, newest=newest, person=person)


@router.post("/notes")
async def add_note(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Store a note; a script is answered with its number, so that it can undo it."""
    target = parse_target(form.get("target"))
    text, to = form.get("text"), form.get("to").split(",")
    author = get_person(request).name

    return await _respond(
        request, ctx, form, lambda db: use_cases.write_note(db, target, text, to, author=author, now=ctx.now)
    )


@router.post("/notes/{note_id}/edit")
async def edit_note(request: Request, ctx: Ctx, note_id: NoteId, form: SubmittedForm) -> Response:
    """Replace the text of one's own note."""
    version = form.get("version")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise HTTPException(400, "This form names no version of the note. Reload the page.")
    text, to = form.get("text"), form.get("to").split(",")
    author = get_person(request).name

    return await _respond(
        request,
        ctx,
        form,
        lambda db: use_cases.rewrite_note(db, note_id, int(version), text, to, author=author, now=ctx.now),
    )


@router.post("/notes/{note_id}/delete")
async def delete_note(request: Request, ctx: Ctx, note_id: NoteId, form: SubmittedForm) -> Response:
    """Delete one's own note."""
    author = get_person(request).name

    return await _respond(request, ctx, form, lambda db: use_cases.delete_note(db, note_id, author=author, now=ctx.now))


@router.post("/notes/{note_id}/restore")
async def restore_note(request: Request, ctx: Ctx, note_id: NoteId, form: SubmittedForm) -> Response:
    """Restore one's own deleted note."""
    author = get_person(request).name

    return await _respond(
        request, ctx, form, lambda db: use_cases.restore_note(db, note_id, author=author, now=ctx.now)
    )


@router.post("/notes/{note_id}/done")
async def finish_note(request: Request, ctx: Ctx, note_id: NoteId, form: SubmittedForm) -> Response:
    """Record that the visitor dealt with a note that was handed to them; `done=no` takes it back."""
    person, done = get_person(request).name, form.get("done") != "no"

    def finish(db: Db) -> Note:
        """Store it."""
        set_mention_done(db, note_id, person, done=done, now=ctx.now)
        return get_note(db, note_id)

    return await _respond(request, ctx, form, finish)


async def _respond(request: Request, ctx: WebContext, form: SubmittedForm, change: Callable[[Db], Note]) -> Response:
    """Change a note in a transaction of its own, and answer with its number or lead back."""

    def write() -> Note:
        """Change the note."""
        with ctx.app.database.write() as db:
            return change(db)

    note = await run_in_threadpool(write)
    ctx.clear_cache()
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": note.id})
    return redirect_back(form.get("next"), "/notes")


def _add_titles(db: Db, notes: Sequence[Note]) -> tuple[ShownNote, ...]:
    places = {target: _find_place(db, target) for target in {note.target for note in notes}}
    return tuple(ShownNote(note=note, title=places[note.target][0], path=places[note.target][1]) for note in notes)


def _find_place(db: Db, target: Target) -> tuple[str, str]:
    """Return the headline and the address of a target; both are empty where it is not stored any more."""
    try:
        match target.kind:
            case TargetKind.STORY:
                story = load_story(db, target.id)
                return (story.lead.title if story.lead else "", f"/stories/{story.id}")
            case TargetKind.ENTRY:
                return load_entry(db, target.id).title, f"/entries/{target.id}"
            case TargetKind.PROPOSAL:
                stored = get_proposal(db, target.id).stored
                return stored.title, f"/entries/{stored.id}"
    except NotFoundError:
        return "", ""
