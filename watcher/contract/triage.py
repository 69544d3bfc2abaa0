"""What people do with a list: read state and stars, notes, saved views, and the facets of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model import triage as model
from watcher.model.results import Facets as ModelFacets
from watcher.model.results import FacetValue as ModelFacetValue

ViewPage = Literal["hits", "stories", "proposals"]


class Mark(TypedDict):
    """What you know of a target (`entry:12`, `story:3`, `proposal:4`).

    `seen_at` is until when you have seen it, null where you did not open it; what came later is unread.
    """

    target: str
    seen_at: str | None
    starred: bool
    notes: int


class MarkList(TypedDict):
    """The marks of the targets that were asked for, in their order."""

    marks: list[Mark]


class ChangedMarks(TypedDict):
    """The targets that a request changed: with a story its reports, without what was seen before."""

    changed: list[str]


class Note(TypedDict):
    """A person's text about a target. `mentions` are the people it is handed to, `done` those who dealt with it."""

    id: int
    target: str
    author: str
    text: str
    version: int
    written_at: str
    edited_at: str | None
    deleted_at: str | None
    mentions: list[str]
    done: list[str]


class NoteList(TypedDict):
    """Notes, the newest first; `next_cursor` continues the list of everyone's notes."""

    notes: list[Note]
    next_cursor: str | None


class NoteVersion(TypedDict):
    """An earlier text of a note."""

    version: int
    text: str
    replaced_at: str
    replaced_by: str


class NoteHistory(TypedDict):
    """The earlier texts of a note, oldest first."""

    versions: list[NoteVersion]


class View(TypedDict):
    """A list that you saved. `feed` is the path of its Atom feed; `unread` is null where it cannot be counted."""

    id: int
    name: str
    page: ViewPage
    params: dict[str, list[str]]
    position: int
    created_at: str
    feed: str
    unread: int | None


class ViewList(TypedDict):
    """Your saved views in their order."""

    views: list[View]


class FacetValue(TypedDict):
    """A value that a list can be narrowed to, and how many rows have it."""

    value: str
    count: int


class FacetList(TypedDict):
    """How the newest rows of a list spread, the most frequent value first; days (UTC) are oldest first.

    `counted` rows were looked at; `partial` says whether there are more.
    """

    topics: list[FacetValue]
    sources: list[FacetValue]
    languages: list[FacetValue]
    days: list[FacetValue]
    counted: int
    partial: bool


def encode_mark(target: model.Target, mark: model.Mark, notes: int) -> Mark:
    """Return what a person knows of a target."""
    return {
        "target": str(target),
        "seen_at": None if mark.seen_at in (None, model.NEVER_SEEN) else format_timestamp(mark.seen_at),
        "starred": mark.starred,
        "notes": notes,
    }


def encode_note(note: model.Note) -> Note:
    """Return a note."""
    return {
        "id": note.id,
        "target": str(note.target),
        "author": note.author,
        "text": note.text,
        "version": note.version,
        "written_at": format_timestamp(note.written_at),
        "edited_at": format_timestamp(note.edited_at),
        "deleted_at": format_timestamp(note.deleted_at),
        "mentions": list(note.mentions),
        "done": list(note.done),
    }


def encode_notes(notes: Iterable[model.Note], next_cursor: str | None = None) -> NoteList:
    """Return notes in their order."""
    return {"notes": [encode_note(note) for note in notes], "next_cursor": next_cursor}


def encode_note_history(versions: Iterable[model.NoteVersion]) -> NoteHistory:
    """Return the earlier texts of a note."""
    return {
        "versions": [
            {
                "version": version.version,
                "text": version.text,
                "replaced_at": format_timestamp(version.replaced_at),
                "replaced_by": version.replaced_by,
            }
            for version in versions
        ]
    }


def encode_view(view: model.SavedView, unread: int | None) -> View:
    """Return a saved view with its unread count."""
    return {
        "id": view.id,
        "name": view.name,
        "page": view.page.value,
        "params": _encode_params(view.params),
        "position": view.position,
        "created_at": format_timestamp(view.created_at),
        "feed": f"/views/{view.key}.atom",
        "unread": unread,
    }


def encode_facets(facets: ModelFacets) -> FacetList:
    """Return the facets of a list."""
    return {
        "topics": _encode_values(facets.topics),
        "sources": _encode_values(facets.sources),
        "languages": _encode_values(facets.languages),
        "days": _encode_values(facets.days),
        "counted": facets.counted,
        "partial": facets.is_partial,
    }


def _encode_params(params: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in params.items()}


def _encode_values(values: Iterable[ModelFacetValue]) -> list[FacetValue]:
    return [{"value": facet_value.value, "count": facet_value.count} for facet_value in values]
