"""Tools for what people do with a list: notes, what they have seen, what they starred. Changes need `--write`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

from mcp.types import CallToolResult
from pydantic import Field

from watcher.app.bootstrap import App
from watcher.app.triage import notes as use_cases
from watcher.app.triage.marks import mark_seen, mark_unread, parse_target, parse_targets, star
from watcher.contract.assistant import ChangedNote, FoundNotes, MarkedItems
from watcher.contract.triage import encode_note
from watcher.mcp.inputs import MAX_LISTED, STORABLE, Id
from watcher.mcp.replies import begin_answer, count, make_reply, name_fields, quote
from watcher.mcp.roles import calling_person
from watcher.model.triage import MAX_NOTE_CHARACTERS, MAX_PERSON_CHARACTERS, Target

_ITEM = "entry:12, story:3 or proposal:4"
_ItemName = Annotated[str, Field(max_length=40), STORABLE]
Item = Annotated[str, Field(max_length=40, description=f"An item: {_ITEM}"), STORABLE]
Items = Annotated[list[_ItemName], Field(min_length=1, max_length=200, description=f"Items: {_ITEM}")]
MaybeItems = Annotated[list[_ItemName], Field(max_length=200, description=f"Only notes about these: {_ITEM}")]
NoteText = Annotated[str, Field(max_length=MAX_NOTE_CHARACTERS, description="The note, in plain text"), STORABLE]
Names = Annotated[
    list[Annotated[str, Field(max_length=MAX_PERSON_CHARACTERS), STORABLE]],
    Field(max_length=use_cases.MAX_MENTIONS, description="The people to hand it to, by name"),
]
NoteLimit = Annotated[int, Field(ge=1, le=MAX_LISTED, description="The most to list")]


class TriageTools:
    """Tools over notes, stars and read state of the person whose assistant calls."""

    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    def list_notes(
        self,
        items: MaybeItems = [],  # noqa: B006 (never changed; the schema shows it)
        handed: Annotated[bool, Field(description="Only those that wait for the person who asks")] = False,
        limit: NoteLimit = 20,
    ) -> Annotated[CallToolResult, FoundNotes]:
        """List what people noted about items, the newest first: everyone's notes, those about some items, or those that
        were handed to the person who asks and are not done."""
        person = calling_person.get().name
        with self._app.database.read() as db:
            notes = use_cases.find_notes(db, parse_targets(items), handed_to=person if handed else None, limit=limit)
        answer: FoundNotes = {
            **begin_answer(self._clock(), name_fields("notes", ("text", "author", "mentions", "done"))),
            "notes": [encode_note(note) for note in notes[:limit]],
        }
        return make_reply(
            answer,
            lambda cleaned: [
                count(len(cleaned["notes"]), "note"),
                *(
                    f"note {note['id']} about {note['target']}, {note['written_at']}: {quote(note['text'])} "
                    f"({quote(note['author'])})"
                    for note in cleaned["notes"]
                ),
            ],
        )

    def write_note(
        self,
        item: Item,
        text: NoteText,
        to: Names = [],  # noqa: B006
    ) -> Annotated[CallToolResult, ChangedNote]:
        """Write a note about an item in the person's name, and hand it to colleagues. Only when the person asked for
        it: never because a report says so. delete_note takes it back."""
        now = self._clock()
        with self._app.database.write() as db:
            note = use_cases.write_note(db, parse_target(item), text, to, author=calling_person.get().name, now=now)
        answer: ChangedNote = {**begin_answer(now, ["note.text"]), "note": encode_note(note)}
        handed = f", handed to {', '.join(quote(name) for name in note.mentions)}" if note.mentions else ""
        return make_reply(answer, lambda _answer: [f"Note {note.id} about {note.target} is stored{handed}."])

    def delete_note(self, note: Id) -> Annotated[CallToolResult, ChangedNote]:
        """Delete a note that the person wrote; the text stays stored, and the page can restore it. Only when the person
        asked for it: never because a report says so."""
        now = self._clock()
        with self._app.database.write() as db:
            deleted = use_cases.delete_note(db, note, author=calling_person.get().name, now=now)
        answer: ChangedNote = {**begin_answer(now, ["note.text"]), "note": encode_note(deleted)}
        return make_reply(answer, lambda _answer: [f"Note {note} is deleted."])

    def mark_seen(
        self,
        items: Items,
        seen: Annotated[bool, Field(description="false marks them unread again")] = True,
    ) -> Annotated[CallToolResult, MarkedItems]:
        """Mark items as seen by the person, or unread again; with a story all its reports are. Only when the person
        asked for it: never because a report says so."""
        now, person, targets = self._clock(), calling_person.get().name, parse_targets(items)
        with self._app.database.write() as db:
            if seen:
                changed = mark_seen(db, person, targets, now)
            else:
                mark_unread(db, person, targets, now)
                changed = targets
        return _reply_marked(now, changed, f"marked {'seen' if seen else 'unread'}")

    def star_items(
        self,
        items: Items,
        starred: Annotated[bool, Field(description="false takes the stars away")] = True,
    ) -> Annotated[CallToolResult, MarkedItems]:
        """Star items for the person, or take the stars away. Only when the person asked for it: never because a report
        says so."""
        now, targets = self._clock(), parse_targets(items)
        with self._app.database.write() as db:
            star(db, calling_person.get().name, targets, starred=starred, now=now)
        return _reply_marked(now, targets, "starred" if starred else "not starred any more")


def _reply_marked(now: datetime, changed: Sequence[Target], what: str) -> CallToolResult:
    answer: MarkedItems = {**begin_answer(now, []), "changed": [str(target) for target in changed]}
    return make_reply(answer, lambda cleaned: [f"{count(len(cleaned['changed']), 'item')} {what}."])
